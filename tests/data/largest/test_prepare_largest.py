"""From the files of LargeST, in any of the forms that people have, to the dataset folders."""

import json
import pickle
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from data.largest.made import COLUMNS, DISTRICTS, IDS, matrix, matrix_of, published_means, raw_frame, save
from data.small_series import contents, load, meta_of, nothing_written
from refusal import refuses

from basicts_elin.data.catalog import CATALOG
from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.largest import find_files, read_largest
from basicts_elin.data.layout import PARTS
from basicts_elin.data.prepare import prepare_dataset
from basicts_elin.results.page.coordinates import read_coordinates

NAMES = {
    name: [one for one, district in zip(IDS, DISTRICTS, strict=True) if district in CATALOG[name].districts]
    for name in ("SD", "GBA", "GLA", "CA")
}


def graph_of(folder):
    return pickle.loads((folder / "adj_mx.pkl").read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_values_are_the_published_means_of_the_districts(published, out, name):
    folder = prepare_dataset(name, out=out, **published)
    means = published_means(raw_frame())
    np.testing.assert_array_equal(load(folder, "data"), means[NAMES[name]].to_numpy())
    assert load(folder, "data").dtype == np.float32
    assert open_dataset(folder).node_names == NAMES[name]
    np.testing.assert_array_equal(graph_of(folder), matrix_of(NAMES[name]).astype(np.float32))
    np.testing.assert_array_equal(np.concatenate([open_dataset(folder).dates(part) for part in PARTS]), means.index)


def test_the_times_follow_the_dates(published, out):
    folder = prepare_dataset("SD", out=out, **published)
    index = published_means(raw_frame()).index
    stamps = load(folder, "timestamps")
    np.testing.assert_array_equal(np.rint(stamps[:, 0] * 96), (index.hour * 60 + index.minute) // 15)
    np.testing.assert_array_equal(np.rint(stamps[:, 1] * 7), index.day_of_week)
    meta = meta_of(folder)
    assert (meta["start"], meta["frequency (minutes)"], meta["timestamp_rule"]) == ("2019-01-01 00:00", 15, "dates")
    assert meta["regular_settings"]["train_val_test_ratio"] == [0.6, 0.2, 0.2]
    assert meta["regular_settings"]["null_val"] == 0 and meta["unit"] == "vehicles per 5 minutes"


def test_halves_are_rounded_to_the_even_number(tmp_path, out):
    frame = raw_frame()
    frame.iloc[:6, 0] = [10, 11, np.nan, 11, 12, np.nan]
    folder = prepare_dataset("CA", out=out, **save(tmp_path / "ca", frame=frame))
    assert load(folder, "data")[:2, IDS.index(COLUMNS[0])].tolist() == [10, 12]


@pytest.mark.parametrize("batch", [1, 40, 500])
def test_slices_of_any_length_give_the_same(published, out, monkeypatch, batch):
    monkeypatch.setattr("basicts_elin.data.largest.series.BATCH_VALUES", batch)
    folder = prepare_dataset("SD", out=out, **published)
    np.testing.assert_array_equal(load(folder, "data"), published_means(raw_frame())[NAMES["SD"]].to_numpy())


def test_only_a_slice_of_rows_is_in_memory(tmp_path, out, monkeypatch):
    """Of a file as wide as 2,000 sensors: 9 MB, of which the means are 1.5."""
    monkeypatch.setattr("basicts_elin.data.largest.series.BATCH_VALUES", 20_000)
    ids = [str(number) for number in range(2000)]
    dates = pd.date_range("2019-01-01", periods=576, freq="5min")
    pd.DataFrame(1.0, dates, ids).to_hdf(tmp_path / "raw.h5", key="t", mode="w")
    pd.DataFrame({"ID": ids, "District": 11}).to_csv(tmp_path / "meta.csv")
    facts = replace(CATALOG["SD"], num_nodes=2000)
    files = find_files(facts, tmp_path / "raw.h5", tmp_path / "meta.csv", None)
    tracemalloc.start()
    try:
        values = read_largest(facts, files).values
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert values.shape == (192, 2000) and (values == 1).all()
    assert values.nbytes < peak < 5e6


def test_rows_that_the_file_lacks_are_steps_without_a_value(tmp_path, out, capsys):
    frame = raw_frame().drop(raw_frame().index[[3, 4, 5, 6, 100, *range(600, 612)]])
    folder = prepare_dataset("CA", out=out, **save(tmp_path / "ca", frame=frame))
    np.testing.assert_array_equal(load(folder, "data"), published_means(frame)[IDS].to_numpy())
    assert "warning: 5 of 288 steps have no row" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["table", "compressed", "float32", "two types"])
def test_a_frame_in_another_layout_gives_the_same(tmp_path, out, published, how):
    types = {"float32": "float32", "two types": dict.fromkeys(COLUMNS[::2], "float32")}
    frame = raw_frame().astype(types.get(how, "float64"))
    options = {"compressed": {"complevel": 5, "complib": "zlib"}, "table": {"format": "table"}}.get(how, {})
    frame.to_hdf(published["raw"], key="df", mode="w", **options)
    folder = prepare_dataset("GLA", out=out, **published)
    np.testing.assert_array_equal(load(folder, "data"), published_means(raw_frame())[NAMES["GLA"]].to_numpy())


@pytest.mark.parametrize("dtype", [float, int])
def test_the_files_that_the_scripts_of_largest_write(tmp_path, out, dtype):
    """15 minutes, the sensors and the matrix of the part; ID2 still counts in the whole."""
    means = published_means(raw_frame())[NAMES["SD"]].astype(dtype)
    files = save(tmp_path / "sd", "sd", means, NAMES["SD"], raw=False)
    folder = prepare_dataset("SD", out=out, **files)
    np.testing.assert_array_equal(load(folder, "data"), means.to_numpy())
    np.testing.assert_array_equal(graph_of(folder), matrix_of(NAMES["SD"]).astype(np.float32))


def test_rows_at_the_interval_of_the_dataset_are_not_rounded(tmp_path, out):
    means = raw_frame().resample("15min").mean()
    folder = prepare_dataset("CA", out=out, **save(tmp_path / "ca", frame=means, raw=False))
    np.testing.assert_array_equal(load(folder, "data"), means[IDS].fillna(0).to_numpy(np.float32))


def test_the_table_of_a_part_finds_its_rows_in_the_matrix_of_the_whole(tmp_path, out, published):
    part = save(tmp_path / "sd", "sd", ids=NAMES["SD"])
    folder = prepare_dataset("SD", out=out, raw=published["raw"], meta=part["meta"], adjacency=published["adjacency"])
    np.testing.assert_array_equal(graph_of(folder), matrix_of(NAMES["SD"]).astype(np.float32))


@pytest.mark.parametrize("with_graph", [True, False])
def test_a_folder_with_the_names_of_basicts_05(tmp_path, out, published, with_graph):
    raw = tmp_path / "raw" / "CA"
    raw.mkdir(parents=True)
    published_means(raw_frame()).to_hdf(raw / "CA.h5", key="t", mode="w")
    published["meta"].rename(raw / "meta_CA.csv")
    if with_graph:
        published["adjacency"].rename(raw / "adj_CA.npy")
    folder = prepare_dataset("CA", raw, out=out)
    np.testing.assert_array_equal(load(folder, "data"), published_means(raw_frame())[IDS].to_numpy())
    assert (folder / "adj_mx.pkl").is_file() == with_graph


def test_a_prepared_folder_of_basicts_05(tmp_path, out):
    means = published_means(raw_frame())[NAMES["SD"]]
    data = np.empty((*means.shape, 3), np.float32)
    data[..., 0] = means
    data[..., 1] = ((means.index.hour * 60 + means.index.minute) / 1440).to_numpy()[:, None]
    data[..., 2] = (means.index.day_of_week / 7).to_numpy()[:, None]
    raw = tmp_path / "SD"
    raw.mkdir()
    data.tofile(raw / "data.dat")
    (raw / "desc.json").write_text(json.dumps({"shape": list(data.shape)}))
    (raw / "adj_mx.pkl").write_bytes(pickle.dumps(matrix_of(NAMES["SD"])))
    folder = prepare_dataset("SD", raw, out=out)
    np.testing.assert_array_equal(load(folder, "data"), means.to_numpy())
    np.testing.assert_array_equal(graph_of(folder), matrix_of(NAMES["SD"]))
    np.testing.assert_array_equal(open_dataset(folder).dates("train"), means.index[:172])
    with refuses("meta", found=raw, fix="omit --meta"):
        prepare_dataset("GBA", raw, out=out, meta=raw)


def test_the_number_of_edges_is_compared_with_the_published_one(published, out, monkeypatch, capsys):
    prepare_dataset("CA", out=out, **published)
    edges = int((matrix() != 0).sum()) - len(IDS)
    assert f"warning: {edges} entries beside the diagonal; the published one has 201363" in capsys.readouterr().out
    object.__setattr__(CATALOG["CA"], "num_edges", edges)
    prepare_dataset("CA", out=out, force=True, **published)
    assert f"{edges} entries beside the diagonal, as published" in capsys.readouterr().out


def test_a_part_of_the_steps(published, out):
    folder = prepare_dataset("SD", out=out, rows="96:", **published)
    np.testing.assert_array_equal(load(folder, "data"), published_means(raw_frame())[NAMES["SD"]][96:].to_numpy())
    assert meta_of(folder)["start"] == "2019-01-02 00:00"


def test_a_split_of_ones_own_under_ones_own_name(published, out):
    folder = prepare_dataset("SD", out=out, own_name="SD_other", split_rows=(150, 60, 78), **published)
    assert folder.name == "SD_other" and len(open_dataset(folder).values("test")) == 78
    np.testing.assert_array_equal(load(folder, "data"), published_means(raw_frame())[NAMES["SD"]].to_numpy())


def test_the_table_of_sensors_serves_as_coordinates(published):
    latitude, longitude = read_coordinates(published["meta"], NAMES["SD"])
    np.testing.assert_allclose(latitude, [32.5, 32.8, 33.2])
    np.testing.assert_allclose(longitude, [-117.25, -117.55, -117.95])


def test_the_sensors_must_be_named(published, out):
    with refuses("meta", found=published["raw"], expected="ca_meta.csv", fix="--meta"):
        prepare_dataset("SD", published["raw"], out=out)
    assert nothing_written(out)


def test_another_number_of_sensors_is_refused(tmp_path, out, published):
    meta = save(tmp_path / "sd", "sd", ids=NAMES["SD"][1:])["meta"]
    with refuses("meta", found=("2 sensors", "districts 11", meta), expected="3, the nodes of SD"):
        prepare_dataset("SD", out=out, raw=published["raw"], meta=meta)


def test_a_sensor_without_a_column_is_refused(tmp_path, out):
    files = save(tmp_path / "ca", frame=raw_frame()[[name for name in COLUMNS if name != IDS[3]]])
    with refuses("file", found=(IDS[3], "1 of 3")):
        prepare_dataset("SD", out=out, **files)


def test_another_year_is_another_dataset(tmp_path, out):
    with refuses("file", found="2020-01-01 00:00", expected="2019-01-01 00:00", fix="--name CA_2020"):
        prepare_dataset("CA", out=out, **save(tmp_path / "ca", frame=raw_frame("2020-01-01")))
    assert nothing_written(out)


def test_a_part_of_the_year_is_refused(tmp_path, out):
    with refuses("file", found="192 rows", expected="288"):
        prepare_dataset("CA", out=out, **save(tmp_path / "ca", frame=raw_frame(days=2)))


@pytest.mark.parametrize("freq", ["10min", "30min", "1D"])
def test_another_interval_is_refused(tmp_path, out, freq):
    frame = raw_frame()
    frame.index = pd.date_range("2019-01-01", periods=len(frame), freq=freq)
    with refuses("file", found="minutes between the rows", expected="15, or a divisor"):
        prepare_dataset("CA", out=out, **save(tmp_path / "ca", frame=frame))


def test_dates_out_of_order_are_refused(tmp_path, out):
    frame = raw_frame()
    with refuses("file", found="row 11", expected="later"):
        prepare_dataset("CA", out=out, **save(tmp_path / "ca", frame=frame.iloc[[*range(11), 10, *range(11, 864)]]))


@pytest.mark.parametrize("option", ["sensors", "ids", "first_row"])
def test_options_of_other_datasets_are_refused(published, out, option):
    value = 0 if option == "first_row" else published["meta"]
    with refuses(option, found=value, fix=f"omit --{option.replace('_', '-')}"):
        prepare_dataset("SD", out=out, **{option: value}, **published)


@pytest.mark.parametrize("name", ["PEMS08", "METR-LA"])
def test_other_datasets_take_no_table_of_sensors(tmp_path, name, published):
    raw = tmp_path / f"file.{'npz' if name == 'PEMS08' else 'h5'}"
    raw.write_bytes(b"")
    with refuses("meta", found=published["meta"], fix="omit --meta"):
        prepare_dataset(name, raw, out=tmp_path / "none", meta=published["meta"])


def test_a_folder_without_either_form_is_refused(tmp_path, out):
    with refuses("file", found="SD.h5", expected=("meta_SD.csv", "data.dat")):
        prepare_dataset("SD", tmp_path, out=out)


def test_a_refusal_keeps_what_was_there(published, out):
    folder = prepare_dataset("SD", out=out, **published)
    before = contents(folder)
    np.save(published["adjacency"], matrix()[:5, :5])
    with refuses("adjacency", found="5 rows"):
        prepare_dataset("SD", out=out, force=True, **published)
    assert contents(folder) == before

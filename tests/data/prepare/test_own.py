"""Datasets from files of one's own."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data.city import make_city
from data.formats import WRITERS, long
from data.small_series import contents, load, meta_of, nothing_written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from refusal import refuses

from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.io.reading import ReadOptions
from basicts_elin.data.layout import PARTS
from basicts_elin.data.prepare import prepare_own
from basicts_elin.data.times.options import TimeOptions

ROWS = 240


@pytest.fixture(autouse=True)
def inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def hourly(rows=ROWS):
    times = pd.date_range("2024-03-04", periods=rows, freq="1h")
    return pd.DataFrame(np.arange(3.0 * rows).reshape(rows, 3) + 1, times, ["a", "b", "c"])


def prepare(frame, name="City", **options):
    frame.to_csv("data.csv", index_label="time")
    return prepare_own("data.csv", name, **options)


@st.composite
def tables(draw):
    rows, sensors = draw(st.integers(120, 160)), draw(st.integers(1, 4))
    minutes = draw(st.sampled_from([5, 15, 60, 1440]))
    start = draw(st.datetimes(pd.Timestamp(1990, 1, 1), pd.Timestamp(2050, 1, 1))).replace(second=0, microsecond=0)
    start = pd.Timestamp(start).floor(f"{minutes}min")
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = generator.normal(0, 10.0 ** draw(st.integers(-3, 6)), (rows, sensors)).astype(np.float32)
    values[generator.random(values.shape) < draw(st.sampled_from([0, 0.05, 0.5]))] = np.nan
    values[0] = 1
    alphabet = st.characters(categories=("Lu", "Ll", "Lo", "Nd"))
    names = draw(st.lists(st.text(alphabet, min_size=1, max_size=8), min_size=sensors, max_size=sensors, unique=True))
    names = [f"S{name}" for name in names]
    return pd.DataFrame(values, pd.date_range(start, periods=rows, freq=f"{minutes}min"), names)


@pytest.mark.parametrize("ending", WRITERS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=tables())
def test_a_table_that_is_prepared_can_be_read_back(ending, frame):
    path = f"table.{ending}"
    WRITERS[ending](frame, path)
    folder = prepare_own(path, "Table", force=True)
    dataset = open_dataset(folder)
    assert dataset.node_names == list(frame.columns)
    np.testing.assert_array_equal(load(folder, "data"), frame.to_numpy())
    found = np.concatenate([dataset.dates(part) for part in PARTS])
    np.testing.assert_array_equal(found, frame.index.to_numpy().astype("datetime64[m]"))
    dataset.check()


@pytest.mark.parametrize("kind", ["wide", "long", "parquet"])
def test_a_city_with_two_clock_changes(kind):
    city = make_city(Path("city"), num_sensors=6)
    # the Parquet file names its zone
    times = TimeOptions(tz=None if kind == "parquet" else "Europe/Berlin")
    folder = prepare_own(getattr(city, kind), "Stadt", times=times, graph=city.graph)
    assert meta_of(folder)["timezone"] == "Europe/Berlin"
    dataset = open_dataset(folder)
    order = [dataset.node_names.index(name) for name in city.names]
    np.testing.assert_array_equal(load(folder, "data")[:, order], city.values)
    found = np.concatenate([dataset.instants(part) for part in PARTS])
    np.testing.assert_array_equal(found, city.instants)
    days, rows = np.unique(
        np.concatenate([dataset.dates(part) for part in PARTS]).astype("datetime64[D]"), return_counts=True
    )
    assert set(rows) == {92, 96, 100}
    assert days[rows == 92] == np.datetime64("2024-03-31") and days[rows == 100] == np.datetime64("2024-10-27")
    expected = np.zeros((6, 6))
    for start, end in city.edges:
        expected[start, end] = expected[end, start] = 1
    np.testing.assert_array_equal(np.asarray(dataset.adjacency)[np.ix_(order, order)], expected)
    dataset.check()


def test_what_is_not_given_has_defaults(capsys):
    folder = prepare(hourly(), name=None)
    assert folder.name == "data"
    meta = meta_of(folder)
    assert np.isnan(meta["regular_settings"]["null_val"])
    assert meta["regular_settings"]["train_val_test_ratio"] == [0.6, 0.2, 0.2]
    assert meta["source"] == "data.csv" and meta["node_names"] == ["a", "b", "c"]
    assert {"missing", "channel", "windows_across_breaks", "calendar", "timezone"}.isdisjoint(meta)
    assert [len(np.load(folder / f"{part}_data.npy")) for part in PARTS] == [144, 48, 48]
    assert f"{folder}: 240 rows x 3 nodes\n" in capsys.readouterr().out


def test_the_summary_and_its_file_say_the_same(capsys):
    frame = hourly()
    frame.iloc[10:20, 1] = np.nan
    folder = prepare(frame)
    report = json.loads((folder / "quality.json").read_text())
    assert report["missing"]["count"] == 10 and report["rows"] == ROWS and report["interval_minutes"] == 60
    printed = capsys.readouterr().out
    assert f"missing    {100 * 10 / 720:.2f} %" in printed and "at 1 of 3 sensors: b 4.17 %" in printed


def test_markers_become_nan_and_are_counted(capsys):
    frame = hourly()
    frame.iloc[3, 0], frame.iloc[4, 1], frame.iloc[5, 2] = 0, -1, -1
    values = load(prepare(frame, missing=["0", "-1", "nan"]), "data")
    assert np.isnan(values).sum() == 3 and np.isnan(values[[3, 4, 5], [0, 1, 2]]).all()
    printed = capsys.readouterr().out
    assert "0 marks 1 missing values" in printed and "-1 marks 2 missing values" in printed


def test_other_channels_are_kept_where_that_is_asked():
    np.save("data.npy", np.stack([hourly().to_numpy(), hourly().to_numpy() + 1000], axis=-1))
    times = TimeOptions(freq="1h", start="2024-03-04")
    folder = prepare_own("data.npy", "Two", read=ReadOptions(channel="1", covariates=True), times=times)
    np.testing.assert_array_equal(load(folder, "data"), hourly().to_numpy() + 1000)
    np.testing.assert_array_equal(load(folder, "covariates"), hourly().to_numpy()[..., None])
    meta = meta_of(folder)
    assert meta["channel"] == "1" and meta["covariates"] == ["0"]


def test_markers_hold_for_other_channels_too():
    values = np.stack([hourly().to_numpy(), hourly().to_numpy()], axis=-1)
    values[7, 1, 1] = 0
    np.save("data.npy", values)
    read, times = ReadOptions(covariates=True), TimeOptions(freq="1h", start="2024-03-04")
    folder = prepare_own("data.npy", "Two", read=read, times=times, missing=["0"])
    assert np.isnan(load(folder, "covariates")[7, 1, 0]) and not np.isnan(load(folder, "data")).any()


def test_what_another_series_left_is_not_kept():
    np.save("data.npy", np.stack([hourly().to_numpy()] * 2, axis=-1))
    times = TimeOptions(freq="1h", start="2024-03-04")
    folder = prepare_own("data.npy", "Two", read=ReadOptions(covariates=True), times=times, plot=True)
    (folder / "notes.txt").touch()
    prepare_own("data.npy", "Two", times=times, force=True)
    assert not (folder / "train_covariates.npy").exists() and not (folder / "quality.png").exists()
    assert (folder / "notes.txt").exists()


def test_numbers_that_float32_cannot_hold_are_said(capsys):
    prepare(hourly() + 2**25)
    assert "precision" in capsys.readouterr().out


def test_sensors_can_be_chosen_and_named():
    with open("ids.txt", "w") as file:
        file.write("x\ny\nz\n")
    with open("chosen.txt", "w") as file:
        file.write("z\nx\n")
    np.save("data.npy", hourly().to_numpy())
    times = TimeOptions(freq="1h", start="2024-03-04")
    folder = prepare_own("data.npy", "Some", times=times, ids=Path("ids.txt"), sensors=Path("chosen.txt"))
    assert meta_of(folder)["node_names"] == ["z", "x"]
    np.testing.assert_array_equal(load(folder, "data"), hourly().to_numpy()[:, [2, 0]])


def test_sensors_of_a_long_table_can_be_chosen():
    long(hourly()).to_csv("data.csv", index=False)
    with open("chosen.txt", "w") as file:
        file.write("c\na\n")
    folder = prepare_own("data.csv", "Some", sensors=Path("chosen.txt"))
    np.testing.assert_array_equal(load(folder, "data"), hourly().to_numpy()[:, [2, 0]])


def test_windows_over_breaks_can_be_left_out():
    rows = hourly(24 * 20)
    rows = rows[rows.index.hour >= 12]
    folder = prepare(rows, across_breaks=False)
    assert meta_of(folder)["windows_across_breaks"] is False
    dataset = open_dataset(folder)
    starts = dataset.window_starts("train", 6, 6)
    assert set(dataset.dates("train")[starts].astype("datetime64[h]").astype(int) % 24) == {12}


def test_a_picture_is_drawn_where_that_is_asked(capsys):
    folder = prepare(hourly(), plot=True)
    assert (folder / "quality.png").read_bytes().startswith(b"\x89PNG")
    assert "quality.png" in capsys.readouterr().out


def test_a_dataset_that_is_there_is_kept():
    folder = prepare(hourly())
    before = contents(folder)
    with refuses("out", found=folder, fix=("--force",)):
        prepare(hourly() + 1)
    assert contents(folder) == before
    prepare(hourly() + 1, force=True)
    np.testing.assert_array_equal(load(folder, "data"), hourly().to_numpy() + 1)


@pytest.mark.parametrize(
    ("options", "field", "found"),
    [
        ({"name": "PEMS08"}, "name", "PEMS08"),
        ({"name": "my city"}, "name", "my city"),
        ({"name": "../city"}, "name", "../city"),
        ({"split": (0.6, 0.2, 0.3)}, "split", "0.3"),
        ({"split": (0.8, 0.2, 0)}, "split", "0"),
        ({"split": (0.9, 0.05, 0.05)}, "rows", "240 rows"),
        ({"missing": ["none"]}, "missing", "none"),
        ({"read": ReadOptions(time="when")}, None, "when"),
        ({"sensors": Path("no.txt")}, "sensors", "no.txt"),
        ({"graph": Path("a.npy"), "distances": Path("b.csv")}, "distances", "b.csv"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(tmp_path, options, field, found):
    with refuses(field, found=found) if field else pytest.raises(ValueError, match=found):
        prepare(hourly(), **options)
    assert nothing_written(tmp_path / "datasets")


def test_stored_times_of_day_that_skip_days_are_no_count_of_rows():
    """An hour of a week later looks like one before, which only the rule of counted rows excludes."""
    folder = Path("old")
    folder.mkdir()
    index = np.r_[np.arange(120), np.arange(120) + 120 + 7 * 24 - 12]
    stamps = np.stack([index % 24 / 24, index // 24 % 7 / 7], axis=1)[:, None].repeat(2, axis=1)
    values = np.random.default_rng(0).random((ROWS, 2, 1))
    np.concatenate([values, stamps], axis=2).astype(np.float32).tofile(folder / "data.dat")
    (folder / "desc.json").write_text(json.dumps({"shape": [ROWS, 2, 3]}))
    dataset = open_dataset(prepare_own(folder, "Old"))
    dataset.check()
    assert dataset.timestamp_rule is None

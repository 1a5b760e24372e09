import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from basicts_elin.data import catalog, layout
from basicts_elin.data.prepare import prepare_dataset, prepare_synthetic
from basicts_elin.errors import UserError

FULL, TAIL_START, NODES = 3000, 1800, 4
FILES = {f"{part}_{kind}.npy" for part in ("train", "val", "test") for kind in ("data", "timestamps")} | {"meta.json"}
SHARED = Path(__file__).resolve().parents[2].parent / "shared"


@pytest.fixture(autouse=True)
def small_catalogue(monkeypatch):
    """PEMS08, its tail and METR-LA with few nodes and steps: what is tested does not depend on their size."""
    sizes = {
        "PEMS08": {"num_steps": FULL},
        "PEMS08_tail": {"num_steps": FULL - TAIL_START, "first_row": TAIL_START},
        "METR-LA": {"num_steps": FULL},
    }
    for name, size in sizes.items():
        monkeypatch.setitem(catalog.CATALOG, name, replace(catalog.CATALOG[name], num_nodes=NODES, **size))


@pytest.fixture
def flow():
    """[T, N, C] with a value of its own for each row and node, 0 = missing at six places."""
    values = np.arange(FULL * NODES * 3, dtype=np.float64).reshape(FULL, NODES, 3) % 701 + 1
    values[[5, 70, 900, 901, 902, 903], [0, 1, 2, 2, 2, 3], 0] = 0
    return values


@pytest.fixture
def npz(tmp_path, flow):
    return save_npz(tmp_path / "PEMS08.npz", flow)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "datasets"


def save_npz(path, data, key="data"):
    np.savez(path, **{key: data})
    return path


def save_legacy(folder, flow, graph=None):
    """A folder of BasicTS 0.5 whose time of day starts at step 7 and whose week starts at day 3."""
    index = np.arange(len(flow)) + 3 * 288 + 7
    data = np.empty((len(flow), flow.shape[1], 3), dtype=np.float32)
    data[..., 0] = flow[..., 0]
    data[..., 1] = (index % 288 / 288)[:, None]
    data[..., 2] = (index // 288 % 7 / 7)[:, None]
    folder.mkdir()
    data.tofile(folder / "data.dat")
    (folder / "desc.json").write_text(json.dumps({"name": folder.name, "shape": list(data.shape)}))
    if graph is not None:
        (folder / "adj_mx.pkl").write_bytes(graph)
    return folder


def load(folder, kind):
    return np.concatenate([np.load(folder / f"{part}_{kind}.npy") for part in ("train", "val", "test")])


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def refusal(*args, **kwargs):
    """The message of the refusal; a command prints it as one line."""
    with pytest.raises(UserError) as error:
        prepare_dataset(*args, **kwargs)
    message = str(error.value)
    assert "\n" not in message
    return message


# what is written


def test_values_come_back_as_they_were(npz, out, flow):
    folder = prepare_dataset("PEMS08", npz, out=out)
    assert folder == out / "PEMS08"
    assert {path.name for path in folder.iterdir()} == FILES
    assert [len(np.load(folder / f"{part}_data.npy")) for part in ("train", "val", "test")] == [1800, 600, 600]
    assert load(folder, "data").dtype == load(folder, "timestamps").dtype == np.float32
    np.testing.assert_array_equal(load(folder, "data"), flow[..., 0])


def test_two_dimensions_and_integers_are_read_the_same(tmp_path, npz, out, flow):
    first = contents(prepare_dataset("PEMS08", npz, out=out))
    for dtype, name in ((np.int16, "a"), (np.float32, "b")):
        other = save_npz(tmp_path / f"{name}.npz", flow[..., 0].astype(dtype))
        assert contents(prepare_dataset("PEMS08", other, out=tmp_path / name)) == first


def test_timestamps_give_the_row_index_back_by_rounding(npz, out):
    stamps = load(prepare_dataset("PEMS08", npz, out=out), "timestamps")
    assert stamps.shape == (FULL, 2)
    assert stamps.min() == 0 and stamps.max() < 1
    index = np.arange(FULL)
    np.testing.assert_array_equal(np.round(stamps[:, 0] * 288), index % 288)
    np.testing.assert_array_equal(np.round(stamps[:, 1] * 7), index // 288 % 7)


def test_meta_describes_the_whole_series(npz, out):
    meta = json.loads((prepare_dataset("PEMS08", npz, out=out) / "meta.json").read_text())
    facts = catalog.dataset_facts("PEMS08")
    assert meta == {
        "name": "PEMS08",
        "domain": facts.domain,
        "frequency (minutes)": 5,
        "shape": [FULL, NODES],
        "timestamps_shape": [FULL, 2],
        "timestamps_description": ["time of day", "day of week"],
        "num_time_steps": FULL,
        "num_vars": NODES,
        "has_graph": False,
        "regular_settings": facts.regular_settings,
        "source": facts.source,
        "first_row": 0,
    }


def test_the_summary_says_what_was_written(tmp_path, npz, out, flow, capsys):
    folder = prepare_dataset("PEMS08_tail", npz, out=out, rows=f"{TAIL_START}:")
    printed = capsys.readouterr().out
    observed = flow[TAIL_START:, :, 0]
    for expected in (
        f"{folder}: 1200 rows x 4 nodes",
        "train 720, val 240, test 240",
        f"1 to 701, mean {observed.mean():.2f}",
        "missing    0.00 %",
        "06:00 (step 72 of 288), day of week 6",
        "adj_mx.pkl none",
    ):
        assert expected in printed
    prepare_dataset("PEMS08", npz, out=out)
    assert f"missing    {100 * 6 / (FULL * NODES):.2f} %" in capsys.readouterr().out


# parts of the series


@pytest.mark.parametrize("first_row", [TAIL_START, None])
def test_rows_of_the_full_file_equal_the_file_of_the_part(tmp_path, npz, out, flow, first_row):
    tail = save_npz(tmp_path / "tail.npz", flow[TAIL_START:, :, :1].astype(np.int16))
    by_rows = contents(prepare_dataset("PEMS08_tail", npz, out=out, rows=f"{TAIL_START}:"))
    by_first_row = contents(prepare_dataset("PEMS08_tail", tail, out=tmp_path / "other", first_row=first_row))
    assert by_rows == by_first_row
    stamps = load(out / "PEMS08_tail", "timestamps")
    assert round(stamps[0, 0] * 288) == TAIL_START % 288
    assert round(stamps[0, 1] * 7) == TAIL_START // 288 % 7


@pytest.mark.parametrize(
    ("rows", "start", "stop"), [("100:900", 100, 900), (":900", 0, 900), ("2000:", 2000, FULL), (":", 0, FULL)]
)
def test_rows_keep_their_index(npz, out, flow, rows, start, stop):
    folder = prepare_dataset("PEMS08", npz, out=out, rows=rows)
    np.testing.assert_array_equal(load(folder, "data"), flow[start:stop, :, 0])
    np.testing.assert_array_equal(np.round(load(folder, "timestamps")[:, 0] * 288), np.arange(start, stop) % 288)
    assert json.loads((folder / "meta.json").read_text())["first_row"] == start


def test_rows_of_a_part_are_counted_in_the_full_series(tmp_path, npz, out, flow):
    tail = save_npz(tmp_path / "tail.npz", flow[TAIL_START:])
    of_part = prepare_dataset("PEMS08_tail", tail, out=out, first_row=TAIL_START, rows="1900:2500")
    of_full = prepare_dataset("PEMS08_tail", npz, out=tmp_path / "other", rows="1900:2500")
    assert contents(of_part) == contents(of_full)


def test_a_first_row_outside_the_dataset_is_refused(tmp_path, out, flow):
    tail = save_npz(tmp_path / "tail.npz", flow[TAIL_START:])
    message = refusal("PEMS08_tail", tail, out=out, first_row=10)
    assert "first_row: rows 10:1210 of the full series are not those of PEMS08_tail" in message


@pytest.mark.parametrize("rows", ["", "5", "a:b", "-5:", "1:2:3", "1.5:", " 1:9", "1:9\n", "٣:9"])
def test_malformed_rows_are_refused(npz, out, rows):
    message = refusal("PEMS08", npz, out=out, rows=rows)
    assert message.startswith(f"rows: {rows!r} is malformed; expected A:B")


@pytest.mark.parametrize("rows", ["3000:", "0:3001", "9:9", "500:400"])
def test_rows_out_of_range_are_refused(npz, out, rows):
    assert f"rows: {rows} is out of range; expected a part of 0:3000" in refusal("PEMS08", npz, out=out, rows=rows)


def test_rows_outside_the_dataset_are_refused(npz, out):
    message = refusal("PEMS08_tail", npz, out=out, rows="0:2000")
    assert "rows: rows 0:2000 of the full series" in message and "1800:3000" in message


def test_a_full_file_passed_off_as_a_part_is_refused(npz, out):
    message = refusal("PEMS08_tail", npz, out=out, first_row=TAIL_START)
    assert "first_row: rows 1800:4800 of the full series" in message and "--rows" in message


def test_rows_of_a_part_need_its_first_row(tmp_path, out, flow):
    tail = save_npz(tmp_path / "tail.npz", flow[TAIL_START:])
    message = refusal("PEMS08", tail, out=out, rows=":500")
    assert f"the file has {len(flow) - TAIL_START} steps" in message and "--first-row" in message


def test_a_negative_first_row_is_refused(npz, out):
    assert "first_row: -1 is negative" in refusal("PEMS08", npz, out=out, first_row=-1)


def test_too_few_rows_are_refused(npz, out):
    message = refusal("PEMS08", npz, out=out, rows=":119")
    assert "119 rows give parts of 71, 23 and 25; each needs 24" in message
    prepare_dataset("PEMS08", npz, out=out, rows=":120")


def test_a_step_count_that_differs_is_refused(npz, out):
    message = refusal("PEMS08_tail", npz, out=out)
    assert "3000 steps" in message and "1200 (1800:3000)" in message and "--rows" in message


# raw files that are not as expected


def test_a_missing_file_is_named(tmp_path, out):
    assert f"raw: {tmp_path / 'no.npz'} does not exist" in refusal("PEMS08", tmp_path / "no.npz", out=out)


def test_another_kind_of_file_is_refused(tmp_path, out):
    (tmp_path / "PEMS08.csv").write_text("1,2\n")
    assert "neither a .npz file nor a folder" in refusal("PEMS08", tmp_path / "PEMS08.csv", out=out)


@pytest.mark.parametrize("damage", ["no archive", "cut short", "wrong content"])
def test_a_damaged_archive_is_refused(npz, out, damage):
    data = npz.read_bytes()
    middle = len(data) // 2
    npz.write_bytes(
        {
            "no archive": b"hello",
            "cut short": data[:middle],
            "wrong content": data[:middle] + b"??" + data[middle + 2 :],
        }[damage]
    )
    message = refusal("PEMS08", npz, out=out)
    assert str(npz) in message and "again" in message


def test_pickled_objects_are_not_loaded(tmp_path, out):
    path = save_npz(tmp_path / "PEMS08.npz", np.array([{"a": 1}], dtype=object))
    assert "cannot be read" in refusal("PEMS08", path, out=out)


def test_a_missing_key_lists_those_found(tmp_path, out, flow):
    path = tmp_path / "PEMS08.npz"
    np.savez(path, flow=flow, x=flow[:1])
    assert "has the keys flow, x; expected the array 'data'" in refusal("PEMS08", path, out=out)


@pytest.mark.parametrize("shape", [(FULL,), (FULL, NODES, 3, 1), (FULL, NODES, 0)])
def test_a_wrong_shape_is_refused(tmp_path, out, shape):
    path = save_npz(tmp_path / "PEMS08.npz", np.ones(shape))
    assert f"the shape {list(shape)}; expected [steps, nodes]" in refusal("PEMS08", path, out=out)


def test_a_wrong_type_is_refused(tmp_path, out):
    path = save_npz(tmp_path / "PEMS08.npz", np.full((FULL, NODES), "7"))
    assert "has the type <U1; expected integers or floats" in refusal("PEMS08", path, out=out)


def test_another_number_of_nodes_is_refused(tmp_path, out, flow):
    path = save_npz(tmp_path / "PEMS08.npz", flow[:, :3])
    assert "has 3 nodes; PEMS08 has 4" in refusal("PEMS08", path, out=out)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_no_numbers_are_counted_and_located(tmp_path, out, flow, bad):
    flow[[1500, 2000], [2, 0], 0] = bad
    path = save_npz(tmp_path / "PEMS08.npz", flow)
    expected = "2 values that are NaN or infinite, the first at row 1500, node 2"
    assert expected in refusal("PEMS08", path, out=out)
    assert expected in refusal("PEMS08", path, out=out, rows="1000:")
    prepare_dataset("PEMS08", path, out=out, rows=":1000")


def test_a_series_without_values_is_refused(tmp_path, out, flow):
    path = save_npz(tmp_path / "PEMS08.npz", np.zeros_like(flow))
    assert "every value" in refusal("PEMS08", path, out=out)


def test_h5_is_refused_with_the_two_other_ways(tmp_path, out):
    (tmp_path / "metr-la.h5").write_bytes(b"\x89HDF")
    message = refusal("METR-LA", tmp_path / "metr-la.h5", out=out)
    assert ".h5 is not supported yet" in message and "BasicTS 0.5 folder" in message
    assert catalog.BASICTS_DOWNLOAD in message


def test_synthetic_traffic_is_not_read(npz, out):
    assert "raw: SyntheticTraffic is made, not read" in refusal("SyntheticTraffic", npz, out=out)


def test_nothing_is_left_after_a_refusal(npz, out):
    refusal("PEMS08", npz, out=out, rows="oops")
    assert not out.exists()


# folders of BasicTS 0.5


@pytest.mark.parametrize("name", ["PEMS08", "METR-LA"])
def test_a_legacy_folder_gives_its_values_timestamps_and_graph(tmp_path, out, flow, name, capsys):
    graph = b"not a pickle, and never opened as one"
    folder = prepare_dataset(name, save_legacy(tmp_path / "old", flow, graph), out=out)
    np.testing.assert_array_equal(load(folder, "data"), flow[..., 0])
    index = np.arange(FULL) + 3 * 288 + 7
    np.testing.assert_array_equal(np.round(load(folder, "timestamps")[:, 0] * 288), index % 288)
    np.testing.assert_array_equal(np.round(load(folder, "timestamps")[:, 1] * 7), index // 288 % 7)
    assert (folder / "adj_mx.pkl").read_bytes() == graph
    assert json.loads((folder / "meta.json").read_text())["has_graph"] is True
    assert "adj_mx.pkl written" in capsys.readouterr().out


def test_rows_of_a_legacy_folder(tmp_path, out, flow):
    folder = prepare_dataset("PEMS08", save_legacy(tmp_path / "old", flow), out=out, rows="100:900")
    np.testing.assert_array_equal(load(folder, "data"), flow[100:900, :, 0])
    np.testing.assert_array_equal(np.round(load(folder, "timestamps")[:, 0] * 288), np.arange(107, 907) % 288)
    assert not (folder / "adj_mx.pkl").exists()


def test_a_legacy_folder_takes_no_first_row(tmp_path, out, flow):
    message = refusal("PEMS08", save_legacy(tmp_path / "old", flow), out=out, first_row=3)
    assert message.startswith("first_row: 3 is not for the folder")


def test_a_legacy_folder_in_place_loses_nothing(out, flow):
    out.mkdir()
    folder = save_legacy(out / "PEMS08", flow, b"graph")
    before = contents(folder)
    prepare_dataset("PEMS08", folder, out=out, force=True)
    after = contents(folder)
    assert {path.name for path in after} == FILES | {"data.dat", "desc.json", "adj_mx.pkl"}
    assert after.items() >= before.items()


def test_a_folder_without_data_is_refused(tmp_path, out):
    assert "has no data.dat" in refusal("PEMS08", tmp_path, out=out)


@pytest.mark.parametrize("text", [None, "{", "[]", "{}"])
def test_a_legacy_folder_without_a_shape_is_refused(tmp_path, out, flow, text):
    folder = save_legacy(tmp_path / "old", flow)
    (folder / "desc.json").unlink()
    if text is not None:
        (folder / "desc.json").write_text(text)
    assert "desc.json gives no 'shape'" in refusal("PEMS08", folder, out=out)


@pytest.mark.parametrize("shape", [[FULL, NODES], [FULL, NODES, 2], [FULL, NODES, -3], "big", [FULL, NODES, 3.0]])
def test_a_legacy_shape_that_cannot_be_is_refused(tmp_path, out, flow, shape):
    folder = save_legacy(tmp_path / "old", flow)
    (folder / "desc.json").write_text(json.dumps({"shape": shape}))
    assert f"is {shape}; expected [steps, nodes, channels] with 3 channels" in refusal("PEMS08", folder, out=out)


def test_a_legacy_file_of_another_size_is_refused(tmp_path, out, flow):
    folder = save_legacy(tmp_path / "old", flow)
    data = (folder / "data.dat").read_bytes()
    (folder / "data.dat").write_bytes(data[:-4])
    message = refusal("PEMS08", folder, out=out)
    assert f"has {len(data) - 4} bytes; expected {len(data)}, the float32 shape [3000, 4, 3]" in message


@pytest.mark.parametrize(
    ("channel", "value", "found"),
    [(1, 1.0, "is 1 at row 40"), (2, 6.0, "is 6 at row 40"), (1, np.nan, "is nan at row 40")],
)
def test_legacy_timestamps_outside_their_range_are_refused(tmp_path, out, flow, channel, value, found):
    folder = save_legacy(tmp_path / "old", flow)
    data = np.memmap(folder / "data.dat", dtype=np.float32, mode="r+", shape=(FULL, NODES, 3))
    data[40, :, channel] = value
    data.flush()
    message = refusal("PEMS08", folder, out=out)
    assert f"channel {channel}" in message and found in message and "expected [0, 1)" in message


def test_legacy_timestamps_that_differ_between_nodes_are_refused(tmp_path, out, flow):
    folder = save_legacy(tmp_path / "old", flow)
    data = np.memmap(folder / "data.dat", dtype=np.float32, mode="r+", shape=(FULL, NODES, 3))
    data[40, 2, 1] = 0.5
    data.flush()
    assert "channel 1 (time of day)" in (message := refusal("PEMS08", folder, out=out))
    assert "differs between nodes at row 40" in message


# existing folders


@pytest.fixture
def existing(npz, out):
    folder = prepare_dataset("PEMS08", npz, out=out, rows=":500")
    (folder / "adj_mx.pkl").write_bytes(b"made by the user")
    (folder / "notes").mkdir()
    (folder / "notes" / "why.txt").write_text("because")
    return folder


def test_an_existing_folder_is_refused_before_the_file_is_read(tmp_path, out, existing):
    before = contents(out)
    assert "exists already; --force replaces it" in refusal("PEMS08", tmp_path / "no.npz", out=out)
    with pytest.raises(UserError, match="--force"):
        (out / "SyntheticTraffic").mkdir()
        prepare_synthetic(out=out)
    assert contents(out) == before


def test_a_file_in_the_way_is_refused_even_with_force(npz, out):
    out.mkdir()
    (out / "PEMS08").write_text("mine")
    assert "is a file; expected a folder" in refusal("PEMS08", npz, out=out, force=True)
    assert (out / "PEMS08").read_text() == "mine"


def test_force_replaces_what_is_ours_and_keeps_the_rest(npz, out, existing, capsys):
    prepare_dataset("PEMS08", npz, out=out, force=True)
    assert len(load(existing, "data")) == FULL
    assert (existing / "adj_mx.pkl").read_bytes() == b"made by the user"
    assert (existing / "notes" / "why.txt").read_text() == "because"
    assert json.loads((existing / "meta.json").read_text())["has_graph"] is True
    assert "adj_mx.pkl kept" in capsys.readouterr().out
    assert [path.name for path in out.iterdir()] == ["PEMS08"]


def test_force_takes_the_new_graph_where_there_is_one(tmp_path, out, flow, existing):
    prepare_dataset("PEMS08", save_legacy(tmp_path / "old", flow, b"new"), out=out, force=True)
    assert (existing / "adj_mx.pkl").read_bytes() == b"new"


def test_force_writes_where_a_link_points(tmp_path, npz, out):
    out.mkdir()
    (tmp_path / "disk").mkdir()
    (out / "PEMS08").symlink_to(tmp_path / "disk")
    prepare_dataset("PEMS08", npz, out=out, force=True)
    assert (out / "PEMS08").is_symlink()
    assert {path.name for path in (tmp_path / "disk").iterdir()} == FILES


def test_the_new_folder_is_as_open_as_any_other(tmp_path, npz, out):
    (tmp_path / "plain").mkdir()
    assert prepare_dataset("PEMS08", npz, out=out).stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
def test_a_failure_while_writing_changes_nothing(monkeypatch, npz, out, existing, error):
    before, save, calls = contents(out), np.save, []

    def fails_late(path, array):
        calls.append(path)
        if len(calls) == 4:
            raise error
        save(path, array)

    monkeypatch.setattr(layout.np, "save", fails_late)
    with pytest.raises(UserError if isinstance(error, OSError) else KeyboardInterrupt):
        prepare_dataset("PEMS08", npz, out=out, force=True)
    assert len(calls) == 4
    assert contents(out) == before
    assert [path.name for path in out.iterdir()] == ["PEMS08"]


def test_a_failure_while_swapping_brings_the_old_folder_back(monkeypatch, npz, out, existing):
    before, rename, renamed = contents(out), Path.rename, []

    def fails_for_the_new(self, target):
        renamed.append(self.name)
        if self.name == "new":
            raise OSError("no such luck")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_for_the_new)
    assert "cannot be written (no such luck)" in refusal("PEMS08", npz, out=out, force=True)
    assert renamed == ["PEMS08", "new", "old"]
    assert contents(out) == before
    assert [path.name for path in out.iterdir()] == ["PEMS08"]


def test_old_data_survive_even_where_the_way_back_fails(monkeypatch, npz, out, existing):
    before, rename = set(contents(existing).values()), Path.rename

    def fails_after_the_first(self, target):
        if self.name != "PEMS08":
            raise OSError("disk gone")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_after_the_first)
    refusal("PEMS08", npz, out=out, force=True)
    assert set(contents(out).values()) >= before


# the real file


def test_the_real_tail(monkeypatch, tmp_path):
    monkeypatch.undo()
    raw = SHARED / "data" / "PEMS08_tail" / "PEMS08_tail.npz"
    if not raw.is_file():
        pytest.skip(f"{raw} is not here")
    folder = prepare_dataset("PEMS08_tail", raw, out=tmp_path)
    assert [len(np.load(folder / f"{part}_data.npy")) for part in ("train", "val", "test")] == [4285, 1428, 1430]
    stamps = load(folder, "timestamps")
    assert np.round(stamps[0] * [288, 7]).tolist() == [10713 % 288, 10713 // 288 % 7]
    with np.load(raw) as archive:
        np.testing.assert_array_equal(load(folder, "data"), archive["data"][..., 0])


# the synthetic dataset's folder


def test_synthetic_files_depend_on_the_seed_alone(tmp_path, capsys):
    made = [
        contents(prepare_synthetic(out=tmp_path / name, num_nodes=5, num_days=7, seed=seed))
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    ]
    assert made[0] == made[1]
    different = {path.name for path in made[0] if made[0][path] != made[2][path]}
    assert {"train_data.npy", "val_data.npy", "test_data.npy", "meta.json"} <= different
    assert "adj_mx.pkl written" in capsys.readouterr().out


def test_synthetic_folder_is_complete(tmp_path):
    folder = prepare_synthetic(out=tmp_path, num_nodes=5, num_days=7)
    assert {path.name for path in folder.iterdir()} == FILES | {"adj_mx.pkl"}
    meta = json.loads((folder / "meta.json").read_text())
    assert meta["shape"] == [7 * 288, 5] and meta["has_graph"] is True
    assert meta["made_with"] == {"num_nodes": 5, "num_days": 7, "seed": 0}
    adjacency = pickle.loads((folder / "adj_mx.pkl").read_bytes())
    assert adjacency.shape == (5, 5) and adjacency.dtype == np.float32
    assert set(np.unique(adjacency)) == {0, 1}

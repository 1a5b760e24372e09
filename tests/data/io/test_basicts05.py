"""Folders of BasicTS 0.5."""

import json

import numpy as np
import pytest
from data.small_series import FILES, FULL, NODES, contents, load, save_legacy
from refusal import refuses

from basicts_elin.data.io.basicts05 import read_legacy
from basicts_elin.data.prepare import prepare_dataset


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


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_legacy_folder_is_read_in_slices_of_rows(tmp_path, flow, monkeypatch, batch):
    monkeypatch.setattr("basicts_elin.data.io.basicts05.BATCH_VALUES", batch)
    folder = save_legacy(tmp_path / "old", flow)
    series = read_legacy(folder)
    np.testing.assert_array_equal(series.values, flow[..., 0])
    np.testing.assert_array_equal(np.round(series.timestamps[:, 0] * 288), (np.arange(FULL) + 7) % 288)
    data = np.fromfile(folder / "data.dat", np.float32).reshape(FULL, NODES, 3)
    data[1234, 2, 2] = 0.5
    data.tofile(folder / "data.dat")
    with refuses("file", found=("day of week", "differs between nodes at row 1234")):
        read_legacy(folder)


def test_a_legacy_folder_takes_no_first_row(tmp_path, out, flow):
    folder = save_legacy(tmp_path / "old", flow)
    with refuses("first_row", found=3, expected=folder, fix="--first-row"):
        prepare_dataset("PEMS08", folder, out=out, first_row=3)


def test_a_legacy_folder_in_place_loses_nothing(out, flow):
    out.mkdir()
    folder = save_legacy(out / "PEMS08", flow, b"graph")
    before = contents(folder)
    prepare_dataset("PEMS08", folder, out=out, force=True)
    after = contents(folder)
    assert {path.name for path in after} == FILES | {"data.dat", "desc.json", "adj_mx.pkl"}
    assert after.items() >= before.items()


def test_a_folder_without_data_is_refused(tmp_path, out):
    with refuses("file", found=(tmp_path, "data.dat"), expected="0.5"):
        prepare_dataset("PEMS08", tmp_path, out=out)


@pytest.mark.parametrize("text", [None, "{", "[]", "{}"])
def test_a_legacy_folder_without_a_shape_is_refused(tmp_path, out, flow, text):
    folder = save_legacy(tmp_path / "old", flow)
    (folder / "desc.json").unlink()
    if text is not None:
        (folder / "desc.json").write_text(text)
    with refuses("file", found=(folder / "desc.json", "'shape'"), expected="[rows, nodes, channels]"):
        prepare_dataset("PEMS08", folder, out=out)


@pytest.mark.parametrize("shape", [[FULL, NODES], [FULL, NODES, 2], [FULL, NODES, -3], "big", [FULL, NODES, 3.0]])
def test_a_legacy_shape_that_cannot_be_is_refused(tmp_path, out, flow, shape):
    folder = save_legacy(tmp_path / "old", flow)
    (folder / "desc.json").write_text(json.dumps({"shape": shape}))
    with refuses("file", found=(folder / "desc.json", shape), expected="[rows, nodes, channels]"):
        prepare_dataset("PEMS08", folder, out=out)


def test_a_legacy_file_of_another_size_is_refused(tmp_path, out, flow):
    folder = save_legacy(tmp_path / "old", flow)
    data = (folder / "data.dat").read_bytes()
    (folder / "data.dat").write_bytes(data[:-4])
    with refuses("file", found=(folder / "data.dat", len(data) - 4), expected=(len(data), "[3000, 4, 3]")):
        prepare_dataset("PEMS08", folder, out=out)


@pytest.mark.parametrize(
    ("channel", "value", "found"),
    [(1, 1.0, "is 1 at row 40"), (2, 6.0, "is 6 at row 40"), (1, np.nan, "is nan at row 40")],
)
def test_legacy_timestamps_outside_their_range_are_refused(tmp_path, out, flow, channel, value, found):
    folder = save_legacy(tmp_path / "old", flow)
    data = np.memmap(folder / "data.dat", dtype=np.float32, mode="r+", shape=(FULL, NODES, 3))
    data[40, :, channel] = value
    data.flush()
    with refuses("file", found=(f"channel {channel}", found), expected="[0, 1)"):
        prepare_dataset("PEMS08", folder, out=out)


def test_legacy_timestamps_that_differ_between_nodes_are_refused(tmp_path, out, flow):
    folder = save_legacy(tmp_path / "old", flow)
    data = np.memmap(folder / "data.dat", dtype=np.float32, mode="r+", shape=(FULL, NODES, 3))
    data[40, 2, 1] = 0.5
    data.flush()
    with refuses("file", found=("channel 1", "time of day", "row 40")):
        prepare_dataset("PEMS08", folder, out=out)

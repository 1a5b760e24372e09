"""What is written, and which rows of the series."""

import json
import pickle

import numpy as np
import pytest
from data.small_series import FILES, FULL, NODES, TAIL_START, contents, load, save_npz
from refusal import refuses

from basicts_elin.data import catalog
from basicts_elin.data.prepare import prepare_dataset, prepare_synthetic


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
        "unit": "vehicles per 5 minutes",
        "non_negative": True,
        "timestamp_rule": "row index",
        "source": facts.source,
        "first_row": 0,
        "start": "2016-07-01 00:00",
    }


def test_the_summary_says_what_was_written(tmp_path, npz, out, flow, capsys):
    folder = prepare_dataset("PEMS08_tail", npz, out=out, rows=f"{TAIL_START}:")
    printed = capsys.readouterr().out
    observed = flow[TAIL_START:, :, 0]
    for expected in (
        f"{folder}: 1200 rows x 4 nodes",
        "train 720, val 240, test 240",
        f"1 to 701, mean {observed.mean():.2f} (vehicles per 5 minutes",
        "missing    0.00 %",
        "06:00 (step 72 of 288), day of week 6",
        "adj_mx.pkl none",
    ):
        assert expected in printed
    prepare_dataset("PEMS08", npz, out=out)
    assert f"missing    {100 * 6 / (FULL * NODES):.2f} %" in capsys.readouterr().out


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
    with refuses("first_row", found="10:1210", expected=("1800:3000", "PEMS08_tail"), fix="--first-row"):
        prepare_dataset("PEMS08_tail", tail, out=out, first_row=10)


@pytest.mark.parametrize("rows", ["", "5", "a:b", "-5:", "1:2:3", "1.5:", " 1:9", "1:9\n", "٣:9"])
def test_malformed_rows_are_refused(npz, out, rows):
    with refuses("rows", found=repr(rows), expected="A:B"):
        prepare_dataset("PEMS08", npz, out=out, rows=rows)


@pytest.mark.parametrize("rows", ["3000:", "0:3001", "9:9", "500:400"])
def test_rows_out_of_range_are_refused(npz, out, rows):
    with refuses("rows", found=rows, expected="0:3000"):
        prepare_dataset("PEMS08", npz, out=out, rows=rows)


def test_rows_outside_the_dataset_are_refused(npz, out):
    with refuses("rows", found="0:2000", expected=("1800:3000", "PEMS08_tail")):
        prepare_dataset("PEMS08_tail", npz, out=out, rows="0:2000")


def test_a_full_file_passed_off_as_a_part_is_refused(npz, out):
    with refuses("first_row", found="1800:4800", expected="1800:3000", fix="--rows"):
        prepare_dataset("PEMS08_tail", npz, out=out, first_row=TAIL_START)


def test_rows_of_a_part_need_its_first_row(tmp_path, out, flow):
    tail = save_npz(tmp_path / "tail.npz", flow[TAIL_START:])
    with refuses("file", found=len(flow) - TAIL_START, expected=FULL, fix="--first-row"):
        prepare_dataset("PEMS08", tail, out=out, rows=":500")


def test_a_negative_first_row_is_refused(npz, out):
    with refuses("first_row", found=-1, expected=0, fix="--first-row"):
        prepare_dataset("PEMS08", npz, out=out, first_row=-1)


def test_too_few_rows_are_refused(npz, out):
    with refuses("rows", found=(119, "71, 23 and 25"), expected=24):
        prepare_dataset("PEMS08", npz, out=out, rows=":119")
    prepare_dataset("PEMS08", npz, out=out, rows=":120")


def test_a_step_count_that_differs_is_refused(npz, out):
    with refuses("file", found=3000, expected=("1200", "1800:3000", "PEMS08_tail"), fix=("--rows", "--first-row")):
        prepare_dataset("PEMS08_tail", npz, out=out)


def test_the_real_tail(shared, tmp_path):
    raw = shared / "data" / "PEMS08_tail" / "PEMS08_tail.npz"
    folder = prepare_dataset("PEMS08_tail", raw, out=tmp_path)
    assert [len(np.load(folder / f"{part}_data.npy")) for part in ("train", "val", "test")] == [4285, 1428, 1430]
    stamps = load(folder, "timestamps")
    assert np.round(stamps[0] * [288, 7]).tolist() == [10713 % 288, 10713 // 288 % 7]
    with np.load(raw) as archive:
        np.testing.assert_array_equal(load(folder, "data"), archive["data"][..., 0])


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

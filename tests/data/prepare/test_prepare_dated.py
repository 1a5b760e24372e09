"""From a frame of dates x sensors to a dataset folder."""

import numpy as np
import pytest
from data.small_series import (
    CLOCK_CHANGE,
    FILES,
    FULL,
    GAP,
    NODES,
    SENSORS,
    contents,
    dated_frame,
    load,
    meta_of,
    nothing_written,
    save_h5,
)
from refusal import refuses

from basicts_elin.data.prepare import prepare_dataset


def test_values_come_back_in_parts_of_7_1_and_2(h5, dated, out):
    folder = prepare_dataset("METR-LA", h5, out=out)
    assert folder == out / "METR-LA" and {path.name for path in folder.iterdir()} == FILES
    assert [len(np.load(folder / f"{part}_data.npy")) for part in ("train", "val", "test")] == [2100, 300, 600]
    np.testing.assert_array_equal(load(folder, "data"), dated.to_numpy())
    assert load(folder, "data").dtype == np.float32


def test_timestamps_follow_the_dates_over_gaps(h5, dated, out):
    stamps = load(prepare_dataset("METR-LA", h5, out=out), "timestamps")
    expected = np.stack([(dated.index.hour * 60 + dated.index.minute) / 1440, dated.index.day_of_week / 7], axis=1)
    np.testing.assert_array_equal(stamps, expected.astype(np.float32))
    assert stamps.dtype == np.float32 and stamps.shape == (FULL, 2)
    assert round(stamps[0, 1] * 7) == 3


def test_meta_names_start_gaps_and_sensors(h5, out):
    meta = meta_of(prepare_dataset("METR-LA", h5, out=out))
    assert meta["start"] == "2012-03-01 00:00" and meta["first_row"] == 0
    assert meta["gaps"] == [["2012-03-02 17:35", 3], ["2012-03-11 01:55", 12]]
    assert meta["node_names"] == SENSORS
    assert meta["shape"] == [FULL, NODES] and meta["has_graph"] is False
    assert meta["regular_settings"]["train_val_test_ratio"] == [0.7, 0.1, 0.2]


def test_without_gaps_there_is_no_list(tmp_path, out, capsys):
    path = save_h5(tmp_path / "la.h5", dated_frame())
    assert "gaps" not in meta_of(prepare_dataset("METR-LA", path, out=out))
    printed = capsys.readouterr().out
    assert "dates      2012-03-01 00:00 to 2012-03-11 09:55" in printed and "gaps  " not in printed


def test_the_summary_names_dates_and_gaps(h5, out, capsys):
    prepare_dataset("METR-LA", h5, out=out)
    lines = capsys.readouterr().out.splitlines()
    assert "  first row  00:00 (step 0 of 288), day of week 3 (0 to 6)" in lines
    place = lines.index("  dates      2012-03-01 00:00 to 2012-03-11 11:10")
    assert lines[place + 1 : place + 3] == [
        "  gaps       gap: 2012-03-02 17:40 to 2012-03-02 17:50 missing (3 steps)",
        "             clock change: 2012-03-11 02:00 to 2012-03-11 02:55 missing (12 steps)",
    ]


def test_the_summary_counts_gaps_beyond_five(tmp_path, out, capsys):
    path = save_h5(tmp_path / "la.h5", dated_frame([slice(row, row + 1) for row in range(100, 800, 100)]))
    assert len(meta_of(prepare_dataset("METR-LA", path, out=out))["gaps"]) == 7
    printed = capsys.readouterr().out
    assert printed.count("missing (1 step)") == 5 and "and 2 more gaps, " in printed


@pytest.mark.parametrize(
    ("rows", "gaps"),
    [
        ("100:900", [["2012-03-02 17:35", 3]]),
        ("500:2000", []),
        ("499:", [["2012-03-02 17:35", 3], ["2012-03-11 01:55", 12]]),
        (":2902", [["2012-03-02 17:35", 3], ["2012-03-11 01:55", 12]]),
        (":2901", [["2012-03-02 17:35", 3]]),
    ],
)
def test_rows_keep_their_dates(h5, dated, out, rows, gaps):
    folder = prepare_dataset("METR-LA", h5, out=out, rows=rows)
    start, stop = (int(row) if row else None for row in rows.split(":"))
    np.testing.assert_array_equal(load(folder, "data"), dated.iloc[start:stop].to_numpy())
    np.testing.assert_array_equal(load(folder, "timestamps")[:, 1] * 7, dated.index[start:stop].day_of_week)
    meta = meta_of(folder)
    assert meta["start"] == str(dated.index[start or 0])[:16] and meta["first_row"] == (start or 0)
    assert meta.get("gaps", []) == gaps


@pytest.mark.parametrize("name", ["la.H5", "la.h5"])
def test_the_case_of_the_suffix_does_not_matter(tmp_path, h5, out, name):
    assert prepare_dataset("METR-LA", h5.rename(tmp_path / name), out=out).is_dir()


def test_a_dated_file_takes_no_first_row(h5, out):
    with refuses("first_row", found=0, expected=h5, fix="--first-row"):
        prepare_dataset("METR-LA", h5, out=out, first_row=0)
    assert nothing_written(out)


@pytest.mark.parametrize("rows", [None, ":2000"])
def test_a_part_of_a_dated_file_is_not_sent_to_an_argument_it_cannot_take(tmp_path, out, rows):
    raw = save_h5(tmp_path / "part.h5", dated_frame(num_rows=2500))
    with refuses("file", found=2500, expected=FULL) as error:
        prepare_dataset("METR-LA", raw, out=out, rows=rows)
    assert "--first-row" not in error.value.fix


def test_a_folder_of_a_dated_dataset_without_data_is_not_told_of_npz(tmp_path, out):
    (tmp_path / "empty").mkdir()
    with refuses("file", found=(tmp_path / "empty", "data.dat")) as error:
        prepare_dataset("METR-LA", tmp_path / "empty", out=out)
    assert ".npz" not in str(error.value)


@pytest.mark.parametrize("order", [slice(None, None, -1), [0, 1, 1, *range(3, FULL)]], ids=["unsorted", "duplicate"])
def test_dates_out_of_order_are_refused(tmp_path, out, order):
    raw = save_h5(tmp_path / "la.h5", dated_frame().iloc[order])
    with refuses("file", found="row ", expected="later"):
        prepare_dataset("METR-LA", raw, out=out)
    assert nothing_written(out)


def test_values_that_are_missing_as_nan_are_refused(tmp_path, dated, out):
    dated.iloc[7, 2] = np.nan
    with refuses("file", found=("nan", "row 7", "node 767542"), expected="0 if missing"):
        prepare_dataset("METR-LA", save_h5(tmp_path / "la.h5", dated), out=out)
    assert nothing_written(out)


def test_a_refusal_keeps_the_folder_that_was_there(tmp_path, h5, out):
    folder = prepare_dataset("METR-LA", h5, out=out)
    before = contents(out)
    np.save(tmp_path / "graph.npy", np.ones((5, 5)))
    with refuses("adjacency", found="5 x 5"):
        prepare_dataset("METR-LA", h5, out=out, force=True, adjacency=tmp_path / "graph.npy")
    with refuses("rows", found="7"):
        prepare_dataset("METR-LA", h5, out=out, force=True, rows="7")
    assert contents(out) == before and list(out.iterdir()) == [folder]


def test_a_series_of_one_value_per_row_keeps_rows_and_nodes_apart(tmp_path, out):
    frame = dated_frame([GAP, CLOCK_CHANGE])
    frame.loc[:] = np.arange(FULL)[:, None] + 10_000 * np.arange(1, NODES + 1)
    folder = prepare_dataset("METR-LA", save_h5(tmp_path / "la.h5", frame), out=out)
    np.testing.assert_array_equal(load(folder, "data")[:, 2], np.arange(FULL) + 30_000)

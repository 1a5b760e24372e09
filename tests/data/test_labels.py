"""What nodes and rows of a prepared dataset are called."""

import json

import numpy as np
import pytest
from data.small_series import (
    CLOCK_CHANGE,
    FULL,
    SENSORS,
    TAIL_START,
    change_meta,
    dated_frame,
    meta_of,
    refused,
    save_h5,
    save_legacy,
    save_npz,
)

from basicts_elin.data.labels import node_names, part_dates
from basicts_elin.data.layout import PARTS
from basicts_elin.data.prepare import prepare_dataset, prepare_synthetic

# what the preparation adds to the keys that BasicTS's own download has
OURS = ("start", "gaps", "first_row", "source", "node_names")


def regular(start, count=FULL):
    return np.datetime64(start, "m") + 5 * np.arange(count) * np.timedelta64(1, "m")


def assert_dated(folder, expected):
    found = [part_dates(folder, part) for part in PARTS]
    assert [len(dates) for dates in found] == [len(np.load(folder / f"{part}_data.npy")) for part in PARTS]
    np.testing.assert_array_equal(np.concatenate(found), expected)


def assert_undated(folder):
    assert [part_dates(folder, part) for part in PARTS] == [None] * 3


def shift_timestamps(folder, part, column, step):
    file = folder / f"{part}_timestamps.npy"
    stamps = np.load(file)
    stamps[:, column] = (stamps[:, column] + step) % 1
    np.save(file, stamps)


@pytest.fixture
def rows(npz, out):
    return prepare_dataset("PEMS08", npz, out=out)


@pytest.fixture
def dates(h5, out):
    return prepare_dataset("METR-LA", h5, out=out)


@pytest.fixture
def download(tmp_path, out):
    """A dated dataset as BasicTS offers it: without our keys, and without gaps."""
    folder = prepare_dataset("METR-LA", save_h5(tmp_path / "regular.h5", dated_frame()), out=out)
    change_meta(folder, without=OURS)
    return folder


def test_nodes_are_called_as_the_file_calls_them(dates):
    assert node_names(dates, 4) == SENSORS


def test_nodes_without_names_are_numbered(tmp_path, rows):
    assert node_names(rows, 4) == ["0", "1", "2", "3"]
    assert node_names(tmp_path / "none", 2) == ["0", "1"]


def test_rows_of_an_npz_are_dated_from_the_catalogues_start(rows):
    assert_dated(rows, regular("2016-07-01 00:00"))


def test_rows_of_a_part_are_dated_from_its_first_row(npz, out):
    folder = prepare_dataset("PEMS08_tail", npz, out=out, rows=f"{TAIL_START}:")
    assert_dated(folder, regular("2016-07-01 00:00")[TAIL_START:])
    change_meta(folder, without=("start",))
    assert_dated(folder, regular("2016-07-01 00:00")[TAIL_START:])


def test_rows_after_the_first_of_a_part_are_dated(tmp_path, flow, out):
    tail = save_npz(tmp_path / "tail.npz", flow[TAIL_START:])
    folder = prepare_dataset("PEMS08_tail", tail, out=out, first_row=TAIL_START, rows="1900:2500")
    assert_dated(folder, regular("2016-07-01 00:00")[1900:2500])
    change_meta(folder, without=("start",))
    assert_dated(folder, regular("2016-07-01 00:00")[1900:2500])


@pytest.mark.parametrize("without", [(), ("start",)])
def test_some_rows_are_dated(npz, out, without):
    folder = prepare_dataset("PEMS08", npz, out=out, rows="100:900")
    change_meta(folder, without=without)
    assert_dated(folder, regular("2016-07-01 00:00")[100:900])


def test_rows_of_a_dated_file_keep_their_gaps(dates, dated):
    assert_dated(dates, dated.index.to_numpy())


@pytest.mark.parametrize("rows", ["100:900", "600:", "499:"])
def test_some_rows_of_a_dated_file_keep_their_gaps(h5, dated, out, rows):
    folder = prepare_dataset("METR-LA", h5, out=out, rows=rows)
    start, stop = (int(row) if row else None for row in rows.split(":"))
    assert_dated(folder, dated.index[start:stop].to_numpy())


def test_basicts_own_rows_are_dated_by_the_catalogue(rows):
    change_meta(rows, without=OURS)
    assert_dated(rows, regular("2016-07-01 00:00"))


def test_basicts_own_dates_are_those_of_the_catalogue(download):
    assert_dated(download, regular("2012-03-01 00:00"))


def test_more_timestamps_than_ours_do_not_matter(download):
    for part in PARTS:
        stamps = np.load(download / f"{part}_timestamps.npy")
        np.save(download / f"{part}_timestamps.npy", np.concatenate([stamps, stamps / 3], axis=1))
    assert_dated(download, regular("2012-03-01 00:00"))


def test_a_folder_without_a_name_goes_by_its_own(download):
    change_meta(download, without=("name",))
    assert_dated(download, regular("2012-03-01 00:00"))


@pytest.mark.parametrize("part", PARTS)
def test_another_time_of_day_is_not_dated(download, part):
    shift_timestamps(download, part, 0, 1 / 288)
    assert_undated(download)


@pytest.mark.parametrize("part", PARTS)
def test_another_weekday_is_not_dated(download, part):
    shift_timestamps(download, part, 1, 1 / 7)
    assert_undated(download)


@pytest.mark.parametrize("part", PARTS)
def test_rows_that_disagree_are_not_dated(rows, part):
    shift_timestamps(rows, part, 0, 1 / 288)
    assert_undated(rows)


def test_days_numbered_from_elsewhere_do_not_matter_where_rows_are_counted(rows):
    for part in PARTS:
        shift_timestamps(rows, part, 1, 3 / 7)
    assert_dated(rows, regular("2016-07-01 00:00"))


def test_gaps_that_the_catalogue_does_not_know_are_not_dated(dates):
    change_meta(dates, without=OURS)
    assert_undated(dates)


def test_a_legacy_folder_that_starts_elsewhere_is_not_dated(tmp_path, flow, out):
    folder = prepare_dataset("METR-LA", save_legacy(tmp_path / "old", flow), out=out)
    assert "start" not in meta_of(folder)
    assert_undated(folder)


def test_synthetic_rows_are_dated(tmp_path):
    folder = prepare_synthetic(out=tmp_path, num_nodes=5, num_days=7)
    assert_dated(folder, regular("2024-01-01 00:00", 7 * 288))


@pytest.mark.parametrize("without", [("start",), ("start", "gaps"), ("frequency (minutes)",)])
def test_an_unknown_dataset_without_a_start_is_not_dated(dates, without):
    change_meta(dates, name="Mine", without=without)
    assert_undated(dates)


def test_an_unknown_dataset_with_a_start_is_dated(dates, dated):
    change_meta(dates, name="Mine")
    assert_dated(dates, dated.index.to_numpy())


def test_an_unknown_dataset_may_number_its_days_from_elsewhere(rows):
    change_meta(rows, name="Mine")
    assert_dated(rows, regular("2016-07-01 00:00"))


def test_another_interval_is_counted(rows):
    for part in PARTS:
        stamps = np.load(rows / f"{part}_timestamps.npy")[::3]
        np.save(rows / f"{part}_timestamps.npy", stamps)
    change_meta(rows, name="Mine", **{"frequency (minutes)": 15})
    np.testing.assert_array_equal(part_dates(rows, "val"), regular("2016-07-01 00:00")[1800:2400:3])


def test_a_folder_without_meta_goes_by_its_name_but_has_no_interval(download):
    (download / "meta.json").unlink()
    assert_undated(download)


def test_names_and_gaps_are_plain_json(dates):
    assert json.loads(json.dumps(meta_of(dates))) == meta_of(dates)
    assert meta_of(dates)["gaps"][1][1] == CLOCK_CHANGE.stop - CLOCK_CHANGE.start


@pytest.mark.parametrize(
    "changes",
    [{"start": "yesterday"}, {"start": 5.5}, {"gaps": None}, {"gaps": [5]}, {"frequency (minutes)": "five"}],
    ids=str,
)
def test_what_gives_no_dates_is_named(dates, changes):
    change_meta(dates, **changes)
    message = refused(part_dates, dates, "test")
    assert message.startswith(f"{dates / 'meta.json'}: start=") and "give no dates" in message


@pytest.mark.parametrize("names", [["a"], "abcd", {"a": 1}, 5])
def test_names_of_another_number_are_refused(dates, names):
    change_meta(dates, node_names=names)
    assert "node_names does not name the data's 4 nodes" in refused(node_names, dates, 4)


@pytest.mark.parametrize(("text", "problem"), [("{", "not JSON"), ("[]", "a list"), ("", "not JSON")])
def test_a_damaged_meta_is_named(dates, text, problem):
    (dates / "meta.json").write_text(text)
    assert f"{dates / 'meta.json'} {problem}" in refused(node_names, dates, 4)


def test_a_part_of_a_download_is_not_dated(download):
    for kind in ("data", "timestamps"):
        file = download / f"train_{kind}.npy"
        np.save(file, np.load(file)[288:])
    assert_undated(download)

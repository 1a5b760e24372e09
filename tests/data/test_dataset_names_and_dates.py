"""What a prepared dataset calls its nodes, and when its rows were measured."""

import json

import numpy as np
import pytest
from data.small_series import (
    CLOCK_CHANGE,
    FULL,
    OURS,
    SENSORS,
    TAIL_START,
    change_meta,
    meta_of,
    save_legacy,
    save_npz,
)
from refusal import refuses

from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.layout import PARTS
from basicts_elin.data.prepare import prepare_dataset, prepare_synthetic
from basicts_elin.errors import UserError


def regular(start, count=FULL):
    return np.datetime64(start, "m") + 5 * np.arange(count) * np.timedelta64(1, "m")


def assert_dated(folder, expected):
    dataset = open_dataset(folder)
    found = [dataset.dates(part) for part in PARTS]
    assert [len(dates) for dates in found] == [len(np.load(folder / f"{part}_data.npy")) for part in PARTS]
    np.testing.assert_array_equal(np.concatenate(found), expected)


def assert_undated(folder):
    dataset = open_dataset(folder)
    assert [dataset.dates(part) for part in PARTS] == [None] * 3
    assert dataset.start is None


def shift_timestamps(folder, part, column, step):
    file = folder / f"{part}_timestamps.npy"
    stamps = np.load(file)
    stamps[:, column] = (stamps[:, column] + step) % 1
    np.save(file, stamps)


def test_nodes_are_called_as_the_file_calls_them(dates):
    assert open_dataset(dates).node_names == SENSORS


def test_nodes_without_names_are_numbered(rows):
    assert open_dataset(rows).node_names == ["0", "1", "2", "3"]


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


@pytest.mark.parametrize("without", [("start",), ("start", "gaps")])
def test_an_unknown_dataset_without_a_start_is_not_dated(dates, without):
    change_meta(dates, name="Mine", without=without)
    assert_undated(dates)


@pytest.mark.parametrize("without", [(), ("frequency (minutes)",)])
def test_an_unknown_dataset_with_a_start_is_dated(dates, dated, without):
    change_meta(dates, name="Mine", without=without)
    assert_dated(dates, dated.index.to_numpy())


def test_an_unknown_dataset_may_number_its_days_from_elsewhere(rows):
    change_meta(rows, name="Mine")
    assert_dated(rows, regular("2016-07-01 00:00"))


def test_another_interval_is_counted(rows):
    for part in PARTS:
        stamps = np.load(rows / f"{part}_timestamps.npy")[::3]
        np.save(rows / f"{part}_timestamps.npy", stamps)
    change_meta(rows, name="Mine", **{"frequency (minutes)": 15})
    np.testing.assert_array_equal(open_dataset(rows).dates("val"), regular("2016-07-01 00:00")[1800:2400:3])


def test_a_folder_without_meta_goes_by_its_name(download):
    (download / "meta.json").unlink()
    assert_dated(download, regular("2012-03-01 00:00"))


def test_names_and_gaps_are_plain_json(dates):
    assert json.loads(json.dumps(meta_of(dates))) == meta_of(dates)
    assert meta_of(dates)["gaps"][1][1] == CLOCK_CHANGE.stop - CLOCK_CHANGE.start


@pytest.mark.parametrize(
    "changes",
    [{"start": "yesterday"}, {"gaps": [5]}, {"gaps": [["2012-03-02 17:35"]]}],
    ids=str,
)
def test_what_gives_no_dates_is_named(dates, changes):
    change_meta(dates, **changes)
    (value,) = changes.values()
    with refuses(dates / "meta.json", found=("start, gaps", repr(value)), expected="2017-01-01 00:00"):
        open_dataset(dates).dates("test")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"start": 5.5}, "str"),
        ({"gaps": "none"}, "list"),
        ({"frequency (minutes)": "five"}, "int"),
        ({"frequency (minutes)": 0}, "1 or more"),
        ({"num_vars": True}, "int"),
        ({"num_vars": -4}, "1 or more"),
        ({"node_names": {"a": 1}}, "list"),
        ({"timestamp_rule": "moon"}, "dates"),
        ({"regular_settings": []}, "dict"),
        ({"regular_settings": {"null_val": "0"}}, "number"),
        ({"regular_settings": {"train_val_test_ratio": [0.6, 0.4]}}, "three numbers"),
    ],
    ids=str,
)
def test_a_key_of_another_type_is_named(dates, changes, expected):
    change_meta(dates, **changes)
    (key,) = changes
    with refuses(dates / "meta.json", found=key, expected=expected):
        open_dataset(dates)


@pytest.mark.parametrize("names", [["a"], [], list("abcde")])
def test_names_of_another_number_are_refused(dates, names):
    change_meta(dates, node_names=names)
    with refuses(dates / "meta.json", found=("node_names", len(names)), expected=4):
        _ = open_dataset(dates).node_names


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_damaged_meta_is_named(dates, text):
    (dates / "meta.json").write_text(text)
    with pytest.raises(UserError, match=str(dates / "meta.json")):
        open_dataset(dates)


def test_a_part_of_a_download_is_not_dated(download):
    for kind in ("data", "timestamps"):
        file = download / f"train_{kind}.npy"
        np.save(file, np.load(file)[288:])
    assert_undated(download)

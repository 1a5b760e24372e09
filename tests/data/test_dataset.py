"""A prepared dataset as one object: where its facts come from, its dates, how it travels."""

import copy
import json
import pickle

import numpy as np
import pytest
from data.small_series import (
    CLOCK_CHANGE,
    FULL,
    NODES,
    SENSORS,
    TAIL_START,
    change_meta,
    dated_frame,
    meta_of,
    save_h5,
    save_legacy,
    save_npz,
)
from refusal import refuses
from tiny import write_dataset

from basicts_elin.data.catalog import CATALOG
from basicts_elin.data.dataset import dataset_of, find_dataset, open_dataset
from basicts_elin.data.graph import pickled
from basicts_elin.data.layout import PARTS
from basicts_elin.data.prepare import prepare_dataset, prepare_synthetic
from basicts_elin.errors import UserError

# what the preparation adds to the keys that BasicTS's own download has
OURS = ("start", "gaps", "first_row", "source", "node_names")


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


FOUR_COLUMNS = ["day of year", "Time_of_Day", "day of month", "day of week"]


def test_facts_come_from_the_folder(rows):
    changes = {"domain": "heads (people)", "frequency (minutes)": 10, "non_negative": False, "part_of": "City"}
    settings = {"null_val": -1, "train_val_test_ratio": [0.5, 0.2, 0.3]}
    change_meta(rows, unit="persons", regular_settings=settings, **changes)
    found = open_dataset(rows)
    assert (found.name, found.num_nodes, found.num_rows) == ("PEMS08", NODES, FULL)
    assert (found.domain, found.unit, found.interval_minutes) == ("heads (people)", "persons", 10)
    assert (found.steps_per_day, found.null_value, found.split) == (144, -1.0, (0.5, 0.2, 0.3))
    assert (found.non_negative, found.timestamp_rule, found.part_of) == (False, "row index", "City")
    # the times of day are not those of ten-minute steps
    assert (found.start, found.gaps) == (None, ())


def test_the_catalogue_knows_what_the_folder_does_not_say(dates):
    (dates / "meta.json").write_text("{}")
    found, facts = open_dataset(dates), CATALOG["METR-LA"]
    for name in ("domain", "unit", "interval_minutes", "null_value", "split", "non_negative", "timestamp_rule"):
        assert getattr(found, name) == getattr(facts, name)
    assert found.part_of is None


def test_rules_replace_what_nobody_says(dates):
    (dates / "meta.json").write_text("{}")
    found = open_dataset(dates.rename(dates.parent / "Mine"))
    assert (found.interval_minutes, found.num_nodes, found.num_rows) == (5, NODES, FULL)
    assert np.isnan(found.null_value)
    assert found.split == pytest.approx((0.7, 0.1, 0.2))
    assert (found.domain, found.unit, found.non_negative, found.timestamp_rule) == ("", "", False, None)


@pytest.mark.parametrize(("steps_per_day", "minutes"), [(24, 60), (144, 10), (1, 1440)])
def test_the_interval_follows_from_the_times_of_day(tmp_path, steps_per_day, minutes):
    folder = write_dataset(tmp_path, "Mine", steps_per_day=steps_per_day)
    change_meta(folder, without=("frequency (minutes)",))
    assert open_dataset(folder).interval_minutes == minutes


@pytest.mark.parametrize("described", [FOUR_COLUMNS, None])
def test_the_two_columns_of_the_timestamps_are_found(rows, described):
    columns = [1, 3] if described else [0, 1]
    expected = {}
    for part in PARTS:
        expected[part] = np.load(rows / f"{part}_timestamps.npy")
        stamps = np.full((len(expected[part]), 4), 0.25, np.float64)
        stamps[:, columns] = expected[part]
        np.save(rows / f"{part}_timestamps.npy", stamps)
    change_meta(rows, timestamps_description=described)
    found = open_dataset(rows)
    found.check()
    for part in PARTS:
        np.testing.assert_array_equal(found.timestamps(part), expected[part])
        assert found.timestamps(part).dtype == np.float32
        assert found.stored(part, "timestamps").shape[1] == 4


def test_values_are_mapped_and_stay_as_they_are(rows):
    values = open_dataset(rows).values("train")
    assert isinstance(values, np.memmap)
    with pytest.raises(ValueError):
        values[0, 0] = 1


def test_the_graph_is_in_its_folder(rows):
    assert open_dataset(rows).graph is None and open_dataset(rows).adjacency is None
    matrix = np.eye(NODES, k=1, dtype=np.float32)
    (rows / "adj_mx.pkl").write_bytes(pickled(matrix))
    found = open_dataset(rows)
    assert found.graph == pickled(matrix)
    np.testing.assert_array_equal(found.adjacency, matrix)


def test_the_fingerprint_depends_on_arrays_names_and_graph(rows):
    first = open_dataset(rows).fingerprint
    assert first.keys() == {"data", "nodes"} and open_dataset(rows).fingerprint == first
    (rows / "adj_mx.pkl").write_bytes(b"a graph")
    change_meta(rows, node_names=list("abcd"))
    file = rows / "val_timestamps.npy"
    np.save(file, np.load(file)[::-1])
    changed = open_dataset(rows).fingerprint
    assert changed.keys() == {"data", "nodes", "graph"}
    assert all(changed[name] != first[name] for name in first)


def test_a_copy_is_the_dataset_itself_and_a_pickle_its_folder(rows):
    found = open_dataset(rows)
    assert copy.deepcopy({"dataset": found})["dataset"] is found
    sent = pickle.dumps(found)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent).values("test"), found.values("test"))


def config_of(name, **params):
    return {"dataset_name": name, "dataset_params": params}


def test_a_configuration_carries_its_dataset(rows, monkeypatch):
    monkeypatch.chdir(rows.parent.parent)
    config = config_of("PEMS08")
    found = dataset_of(config)
    assert dataset_of(config) is found and dataset_of(copy.deepcopy(config)) is found
    assert found.folder == rows.relative_to(rows.parent.parent)
    elsewhere = config_of("PEMS08", data_file_path=str(rows)) | {"_dataset": found}
    assert dataset_of(elsewhere) is found


@pytest.mark.parametrize("file", ["meta.json", "val_data.npy", "adj_mx.pkl"])
def test_a_dataset_whose_files_have_changed_is_opened_again(rows, file):
    config = config_of("PEMS08", data_file_path=str(rows))
    found = dataset_of(config)
    (rows / file).write_bytes((rows / file).read_bytes() + b" " if (rows / file).exists() else b"new")
    assert dataset_of(config) is not found


def test_another_folder_of_that_name_is_another_dataset(rows, tmp_path, monkeypatch):
    monkeypatch.chdir(rows.parent.parent)
    config = config_of("PEMS08")
    found = dataset_of(config)
    (tmp_path / "other").mkdir()
    prepared = write_dataset(tmp_path / "other", "PEMS08")
    monkeypatch.chdir(tmp_path / "other")
    assert dataset_of(config) is not found
    assert dataset_of(config).num_rows == open_dataset(prepared).num_rows


def test_a_folder_that_is_not_there_is_named_with_the_way_to_it(tmp_path):
    with refuses(tmp_path / "PEMS08", expected="PEMS08", fix="basicts-elin prepare PEMS08"):
        open_dataset(tmp_path / "PEMS08")
    with refuses(tmp_path / "x", expected="METR-LA", fix="basicts-elin prepare METR-LA"):
        dataset_of(config_of("METR-LA", data_file_path=str(tmp_path / "x")))


def test_a_prepared_folder_goes_before_the_catalogue(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_dataset("SyntheticTraffic") is CATALOG["SyntheticTraffic"]
    (tmp_path / "datasets" / "SyntheticTraffic").mkdir(parents=True)
    (tmp_path / "datasets" / "SyntheticTraffic" / "raw.npz").write_bytes(b"")
    assert find_dataset("SyntheticTraffic").num_nodes == 64
    prepare_synthetic(num_nodes=8, num_days=7, force=True)
    assert find_dataset("SyntheticTraffic").num_nodes == 8
    write_dataset(tmp_path, "Mine")
    assert find_dataset("Mine").num_nodes == 5
    with refuses("dataset", found="Mime", expected=("PEMS08", "datasets/"), fix="prepare it"):
        find_dataset("Mime")

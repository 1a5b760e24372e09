"""A prepared dataset as one object: where its facts come from, and how it travels."""

import copy
import pickle

import numpy as np
import pytest
from data.small_series import (
    FULL,
    NODES,
    change_meta,
)
from refusal import refuses
from tiny import write_dataset

from basicts_elin.data.catalog import CATALOG
from basicts_elin.data.dataset import dataset_of, find_dataset, open_dataset
from basicts_elin.data.graphs.graph import pickled
from basicts_elin.data.layout import PARTS
from basicts_elin.data.prepare import prepare_synthetic

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

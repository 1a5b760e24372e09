"""Real measurements: dates with a clock change, and real graphs."""

import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from data.small_series import change_meta, load, meta_of, save_lines

from basicts_elin.data.catalog import CATALOG
from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.layout import PARTS
from basicts_elin.data.prepare import prepare_dataset
from basicts_elin.evaluation.naive import LAST_VALUE, naive_metrics

NAME = "PEMS-BAY_67"


@pytest.fixture(scope="module")
def files(shared):
    return shared / "data" / NAME


@pytest.fixture(scope="module")
def frame(files):
    return pd.read_hdf(files / "pems-bay_67.h5")


@pytest.fixture(scope="module")
def folder(files, tmp_path_factory):
    out = tmp_path_factory.mktemp("datasets")
    return prepare_dataset(NAME, files / "pems-bay_67.h5", out=out, adjacency=files / "adj_mx.npy")


def test_parts_are_as_long_as_in_the_benchmark(folder):
    shapes = [np.load(folder / f"{part}_data.npy").shape for part in PARTS]
    assert shapes == [(36481, 67), (5211, 67), (10424, 67)]


def test_values_and_names_are_those_that_pandas_reads(folder, frame):
    np.testing.assert_array_equal(load(folder, "data"), frame.to_numpy())
    assert open_dataset(folder).node_names == [str(name) for name in frame.columns]


def test_timestamps_follow_the_dates(folder, frame):
    stamps = load(folder, "timestamps")
    index = frame.index
    np.testing.assert_array_equal(np.rint(stamps[:, 0] * 288), (index.hour * 60 + index.minute) // 5)
    np.testing.assert_array_equal(np.rint(stamps[:, 1] * 7), index.day_of_week)
    assert round(stamps[0, 1] * 7) == 6


def test_the_clock_change_is_the_only_gap(folder, frame):
    assert meta_of(folder)["start"] == "2017-01-01 00:00"
    assert meta_of(folder)["gaps"] == [["2017-03-12 01:55", 12]] == [list(gap) for gap in CATALOG[NAME].gaps]
    (row,) = np.flatnonzero(np.diff(frame.index) != np.timedelta64(5, "m"))
    assert str(frame.index[row]) == "2017-03-12 01:55:00" and str(frame.index[row + 1]) == "2017-03-12 03:00:00"


def test_dates_of_the_parts_come_back(folder, frame):
    dataset = open_dataset(folder)
    dates = np.concatenate([dataset.dates(part) for part in PARTS])
    np.testing.assert_array_equal(dates, frame.index.to_numpy())


def test_the_catalogue_dates_a_download_over_the_clock_change(folder, frame, tmp_path):
    download = tmp_path / NAME
    download.mkdir()
    for file in folder.iterdir():
        (download / file.name).symlink_to(file)
    (download / "meta.json").unlink()
    (download / "meta.json").write_text((folder / "meta.json").read_text())
    change_meta(download, without=("start", "gaps", "first_row"))
    np.testing.assert_array_equal(open_dataset(download).dates("test"), frame.index.to_numpy()[-10424:])


def test_the_graph_is_the_published_one(folder, files):
    np.testing.assert_array_equal(np.load(folder / "adj_mx.pkl", allow_pickle=True), np.load(files / "adj_mx.npy"))


def test_five_sensors_are_taken_in_another_order(monkeypatch, tmp_path, files, frame):
    monkeypatch.setitem(CATALOG, NAME, replace(CATALOG[NAME], num_nodes=5))
    places = [40, 3, 66, 0, 17]
    sensors = save_lines(tmp_path / "ids.txt", *frame.columns[places])
    options = {"sensors": sensors, "adjacency": files / "adj_mx.npy"}
    folder = prepare_dataset(NAME, files / "pems-bay_67.h5", out=tmp_path, **options)
    np.testing.assert_array_equal(load(folder, "data"), frame.to_numpy()[:, places])
    graph = np.load(folder / "adj_mx.pkl", allow_pickle=True)
    np.testing.assert_array_equal(graph, np.load(files / "adj_mx.npy")[np.ix_(places, places)])


def test_the_last_measured_value_is_as_far_off_as_known(folder):
    rows = naive_metrics(open_dataset(folder))[LAST_VALUE]
    assert [round(rows[step]["MAE"], 2) for step in ("3", "6", "12")] == [1.61, 2.21, 3.09]


def test_the_last_value_with_missing_ones_as_speeds_of_0_is_as_far_off_as_known(folder):
    speeds = np.load(folder / "test_data.npy").astype(np.float64)
    last, windows = speeds[11:-12], len(speeds) - 23
    errors = [np.abs(speeds[11 + step :][:windows] - last).mean() for step in (3, 6, 12)]
    assert np.round(errors, 2).tolist() == [1.62, 2.22, 3.10]


def test_every_edge_of_pems08_is_written(shared, tmp_path):
    files = shared / "data" / "PEMS08_tail"
    folder = prepare_dataset("PEMS08_tail", files / "PEMS08_tail.npz", out=tmp_path, distances=files / "PEMS08.csv")
    with open(files / "PEMS08.csv", newline="") as file:
        pairs = {frozenset((int(row["from"]), int(row["to"]))) for row in csv.DictReader(file)}
    matrix = np.load(folder / "adj_mx.pkl", allow_pickle=True)
    assert {frozenset(map(int, edge)) for edge in np.argwhere(matrix)} == pairs
    assert np.triu(matrix).sum() == len(pairs) and matrix.shape == (170, 170)
    np.testing.assert_array_equal(matrix, matrix.T)

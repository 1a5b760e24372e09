"""Folders of files: parts of the time, or sensors."""

import numpy as np
import pandas as pd
import pytest
from data.io.files import LONG, long_frame, wide_frame
from data.small_series import save_legacy
from refusal import refuses

from basicts_elin.data.io.reading import ReadOptions, read_series


@pytest.fixture
def frame():
    return wide_frame(np.arange(240, dtype=np.float32).reshape(60, 4) + 0.5, list("dcba"), "2024-01-30", "2h")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "counts").mkdir()
    return tmp_path / "counts"


def save_parts(folder, frame, names, suffix="csv"):
    for name, part in zip(names, np.array_split(np.arange(len(frame)), len(names)), strict=True):
        rows = frame.iloc[part]
        rows.to_csv(folder / f"{name}.csv") if suffix == "csv" else rows.to_parquet(folder / f"{name}.parquet")


def assert_frame(series, frame):
    np.testing.assert_array_equal(series.values, frame.to_numpy())
    assert series.node_names == list(frame.columns)
    assert (pd.DatetimeIndex(pd.to_datetime(series.times)) == frame.index).all()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("names", [["2024-01", "2024-02", "2024-03"], ["part2", "part9", "part10"]])
def test_files_with_the_same_columns_are_rows_below_each_other(folder, frame, names, suffix):
    save_parts(folder, frame, names, suffix)
    assert_frame(read_series(folder), frame)


def test_a_missing_column_is_nan_and_noted(folder, frame):
    frame.iloc[:30].drop(columns="b").to_csv(folder / "2024-01.csv")
    frame.iloc[30:][list("abcd")].to_csv(folder / "2024-02.csv")
    series = read_series(folder)
    expected = frame[list("abcd")].copy()
    expected.iloc[:30, 1] = np.nan
    assert_frame(series, expected)
    assert any("2024-01.csv" in note and "b" in note for note in series.notes)


def test_folders_in_it_are_not_read(folder, frame):
    for name in ("2024-01", "2024-02"):
        (folder / name).mkdir()
        frame.to_csv(folder / name / "counts.csv")
    with refuses("file", found="2024-01/", fix="not read"):
        read_series(folder)
    frame.to_csv(folder / "all.csv")
    series = read_series(folder)
    assert_frame(series, frame)
    assert any("2 other files and folders" in note and "2024-02/" in note for note in series.notes)


def test_other_files_are_ignored_and_noted(folder, frame):
    save_parts(folder, frame, ["2024-01", "2024-02"])
    (folder / "README.txt").write_text("from the city\n")
    (folder / "map.png").write_bytes(b"\x89PNG")
    (folder / ".hidden.csv").write_text("x\n")
    series = read_series(folder)
    assert_frame(series, frame)
    assert any("README.txt" in note and "map.png" in note and "2 other" in note for note in series.notes)


def test_a_folder_of_one_file_is_that_file(folder, frame):
    frame.to_csv(folder / "x.csv.gz")
    assert_frame(read_series(folder), frame)


def test_files_of_one_column_and_common_times_are_sensors(folder, frame):
    for name in frame:
        frame[[name]].set_axis(["flow"], axis=1).iloc[: 60 - (name == "b")].to_csv(folder / f"station {name}.csv")
    series = read_series(folder)
    assert series.node_names == [f"station {name}" for name in "abcd"]
    np.testing.assert_array_equal(series.sensors, np.repeat([0, 1, 2, 3], [60, 59, 60, 60]))
    np.testing.assert_array_equal(series.values[:60], frame["a"])
    assert series.times[60] == series.times[0] == "2024-01-30 00:00:00"


def test_the_channel_of_the_files_of_sensors(folder, frame):
    for name in frame:
        frame[[name]].set_axis(["flow"], axis=1).assign(speed=7.0).to_csv(folder / f"{name}.csv")
    with refuses("file", found="flow, speed", fix="--channel"):
        read_series(folder)
    series = read_series(folder, ReadOptions(channel="speed", covariates=True))
    assert (series.values == 7).all() and series.channel_names == ["speed", "flow"]
    np.testing.assert_array_equal(series.covariates[:60, 0], frame["a"])


def test_one_sensor_in_files_of_months(folder, frame):
    save_parts(folder, frame[["a"]], ["2024-01", "2024-02", "2024-03"])
    assert_frame(read_series(folder), frame[["a"]])


def test_one_column_each_without_common_times_or_months_is_refused(folder, frame):
    frame[["a"]].iloc[:30].to_csv(folder / "north.csv")
    frame[["a"]].iloc[30:].to_csv(folder / "south.csv")
    with refuses("file", found="0% of their times", fix="join"):
        read_series(folder)


def test_long_tables_are_rows_below_each_other(folder, frame):
    rows = long_frame(frame)
    rows.iloc[100:].to_parquet(folder / "2.parquet")
    rows.iloc[:100].to_parquet(folder / "1.parquet")
    series = read_series(folder)
    assert series.node_names == list(frame.columns)
    np.testing.assert_array_equal(series.values, rows["y"])
    np.testing.assert_array_equal(np.array(series.node_names)[series.sensors], rows["unique_id"])


def save_nothing(folder, frame):
    (folder / "a.pdf").write_text("x")


def save_two_kinds(folder, frame):
    frame.to_csv(folder / "a.csv")
    frame.to_parquet(folder / "a.parquet")


def save_arrays(folder, frame):
    np.save(folder / "1.npy", frame.to_numpy())
    np.save(folder / "2.npy", frame.to_numpy())


def save_wide_and_long(folder, frame):
    frame.to_csv(folder / "a.csv")
    LONG["long.csv"](folder / "b.csv", frame)


def save_other_columns(folder, frame):
    frame.iloc[:30].to_csv(folder / "2024-01.csv")
    frame.iloc[30:].set_axis(list("efgh"), axis=1).to_csv(folder / "2024-02.csv")


def save_other_times(folder, frame):
    frame.iloc[:30].to_parquet(folder / "2024-01.parquet")
    frame.iloc[30:].tz_localize("UTC").to_parquet(folder / "2024-02.parquet")


def save_one_that_is_damaged(folder, frame):
    save_parts(folder, frame, ["2024-01", "2024-02"], "parquet")
    (folder / "2024-02.parquet").write_bytes(b"PAR1")


def save_prepared(folder, frame):
    np.save(folder / "train_data.npy", frame.to_numpy())
    (folder / "meta.json").write_text("{}")


@pytest.mark.parametrize(
    ("save", "found", "fix"),
    [
        (save_nothing, "a.pdf", "another"),
        (save_two_kinds, ("1 text", "1 Parquet"), "keep"),
        (save_arrays, "1.npy has no times", "join"),
        (save_wide_and_long, ("b.csv is a long table", "a.csv"), "keep"),
        (save_other_columns, "0 of 8 columns in common", "keep"),
        (save_other_times, ("2024-01.parquet", "2024-02.parquet", "different ways"), "alike"),
        (save_one_that_is_damaged, "2024-02.parquet", "again"),
        (save_prepared, "prepared dataset", "by name"),
    ],
)
def test_what_does_not_belong_together_is_refused(folder, frame, save, found, fix):
    save(folder, frame)
    with refuses("file", found=found, fix=fix):
        read_series(folder)


def test_a_folder_of_basicts_05_has_its_own_reader(tmp_path):
    flow = np.arange(60, dtype=np.float32).reshape(20, 3, 1)
    folder = save_legacy(tmp_path / "PEMS", flow)
    np.testing.assert_array_equal(read_series(folder).values, flow[..., 0])
    with refuses("channel", found="0.5", fix="omit --channel"):
        read_series(folder, ReadOptions(channel="1"))

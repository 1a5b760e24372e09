"""A DataFrame gives the series that the same table in a file gives."""

from datetime import timedelta, timezone

import dateutil.tz
import numpy as np
import pandas as pd
import pytest
from refusal import refuses

from basicts_elin.data.io.frames import read_frame
from basicts_elin.data.io.options import ReadOptions
from basicts_elin.data.io.reading import read_series

NAMES = ["101", "Köln", "c"]


@pytest.fixture
def wide():
    values = np.arange(60, dtype=float).reshape(20, 3)
    values[3, 1] = np.nan
    return pd.DataFrame(values, pd.date_range("2024-01-01", periods=20, freq="15min", name="when"), NAMES)


@pytest.fixture
def long(wide):
    return wide.rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y")


def same(found, expected):
    np.testing.assert_array_equal(found.values, expected.values)
    assert found.values.dtype == np.float32 and found.node_names == expected.node_names
    assert found.zone == expected.zone and found.headers == expected.headers
    if expected.sensors is not None:
        np.testing.assert_array_equal(found.sensors, expected.sensors)


@pytest.mark.parametrize("text_times", [False, True])
def test_a_wide_frame_is_its_csv(wide, tmp_path, text_times):
    wide.to_csv(tmp_path / "wide.csv")
    frame = wide.reset_index()
    if text_times:
        frame["when"] = frame["when"].astype(str)
    same(read_frame(frame), read_series(tmp_path / "wide.csv"))


def test_a_long_frame_is_its_csv(long, tmp_path):
    long.to_csv(tmp_path / "long.csv", index=False)
    same(read_frame(long), read_series(tmp_path / "long.csv"))


def test_an_index_of_times_is_no_column(wide):
    found = read_frame(wide)
    assert found.headers == ("", "") and found.node_names == NAMES
    assert (found.times == wide.index.to_numpy()).all()
    np.testing.assert_array_equal(found.values, wide.to_numpy(np.float32))


def test_a_long_frame_may_have_its_times_as_index(long):
    same(read_frame(long.set_index("ds")), read_frame(long))


def test_times_with_a_zone_are_utc(wide):
    found = read_frame(wide.tz_localize("Asia/Tokyo"))
    assert found.zone == "Asia/Tokyo"
    assert found.times[0] == np.datetime64("2023-12-31T15:00")


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (timezone(timedelta(minutes=330)), "+05:30"),
        (timezone(timedelta(hours=-3), "CET"), "-03:00"),
        (timezone.utc, "UTC"),
        ("Etc/GMT-2", "Etc/GMT-2"),
    ],
)
def test_an_offset_is_not_a_zone(wide, zone, expected):
    assert read_frame(wide.tz_localize(zone)).zone == expected
    assert read_frame(wide.tz_localize(zone).reset_index()).zone == expected


def test_a_zone_without_a_name_is_refused(wide):
    zone = dateutil.tz.gettz("Europe/Berlin")
    with refuses("frame", found="tzfile", expected="by its name", fix="tz_convert"):
        read_frame(wide.tz_localize(zone))


@pytest.mark.parametrize("dtype", ["float32", "int64", "Float64", "Int64", "boolean"])
def test_every_type_of_number_is_read(dtype):
    frame = pd.DataFrame({"a": [1, 0, 1], "b": [0, 1, 1]}, pd.date_range("2024", periods=3)).astype(dtype)
    if dtype[0].isupper():
        frame.iloc[1, 0] = pd.NA
    expected = [[1, 0], [np.nan if dtype[0].isupper() else 0, 1], [1, 1]]
    np.testing.assert_array_equal(read_frame(frame).values, np.array(expected, np.float32))


def test_the_frame_is_not_changed(wide):
    before = wide.copy(deep=True)
    read_frame(wide).values[:] = -1
    pd.testing.assert_frame_equal(wide, before)


def test_a_channel_is_chosen_by_name(long):
    both = long.assign(speed=long["y"] * 2)
    same(read_frame(both.drop(columns="y")), read_frame(long.assign(y=long["y"] * 2).rename(columns={"y": "speed"})))
    np.testing.assert_array_equal(read_frame(both, ReadOptions(channel="speed")).values, read_frame(long).values * 2)


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        ([[1, 2]], "a list"),
        (pd.DataFrame(), "0 rows x 0 columns"),
        (pd.DataFrame(columns=["a"]), "0 rows x 1 columns"),
    ],
)
def test_what_is_no_table_is_refused(frame, found):
    with refuses("frame", found=found):
        read_frame(frame)


@pytest.mark.parametrize(
    "names", [["sensor0", "sensor1"], ["node 1", "node 2"], ["station_7", "station_8"], ["id1", "id2"]]
)
def test_numbered_sensors_are_no_columns_of_ids(names):
    frame = pd.DataFrame([[1.0, 2.0]] * 4, pd.date_range("2024", periods=4, name="time"), names)
    found = read_frame(frame.reset_index())
    assert found.sensors is None and found.node_names == names


@pytest.mark.parametrize(
    ("change", "found", "fix"),
    [
        (lambda index: index.astype(str), "2024-01-01 00:00:00", "pd.to_datetime"),
        (lambda index: index.date, "date", "pd.to_datetime"),
        (lambda index: index.to_period("15min"), "PeriodIndex", "to_timestamp"),
        (lambda index: pd.MultiIndex.from_arrays([range(20), index]), "MultiIndex", "reset_index"),
    ],
)
def test_an_index_of_times_in_another_form_is_refused(wide, change, found, fix):
    frame = wide.rename(columns={"101": "a"})
    frame.index = change(wide.index)
    with refuses("frame", found=found, expected="DatetimeIndex", fix=fix):
        read_frame(frame)


def test_a_long_frame_with_ids_and_times_as_index_is_refused(long):
    with refuses("frame", found="MultiIndex", fix="reset_index"):
        read_frame(long.set_index(["unique_id", "ds"]))

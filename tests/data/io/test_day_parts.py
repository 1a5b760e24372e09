"""Days in one column, and the time of day in another or in the header."""

import numpy as np
import pandas as pd
import pytest
from refusal import refuses

from basicts_elin.data.io.options import ReadOptions
from basicts_elin.data.io.reading import read_series

TIMES = pd.date_range("2024-03-04", periods=48, freq="h")
VALUES = np.arange(48) + 0.5


def parts(day="Date", **columns):
    return pd.DataFrame({day: TIMES.strftime("%Y-%m-%d"), **columns, "a": VALUES, "b": VALUES + 100})


def read(path, frame, **options):
    frame.to_csv(path, index=False)
    return read_series(path, ReadOptions(**options))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "counts.csv"


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("Hour", TIMES.hour),
        ("hr", TIMES.hour * 1.0),
        ("interval", TIMES.hour * 3600),
        ("seconds of day", TIMES.hour * 3600),
        ("minute_of_day", TIMES.hour * 60),
    ],
)
@pytest.mark.parametrize("time", [None, "Date"])
def test_a_day_and_its_hour_are_one_time(path, name, numbers, time):
    series = read(path, parts(**{name: numbers}), time=time)
    assert pd.to_datetime(series.times).equals(TIMES)
    assert series.node_names == ["a", "b"] and any(name in note for note in series.notes)
    np.testing.assert_array_equal(series.values[:, 0], VALUES)


def test_hour_24_is_the_end_of_the_day(path):
    series = read(path, parts(Hour=TIMES.hour + 1))
    assert series.times[[0, 23, 24]].tolist() == ["2024-03-04 01:00:00", "2024-03-04 24:00:00", "2024-03-05 01:00:00"]
    assert any("midnight" in note for note in series.notes)


def test_a_long_table_with_seconds_as_utd19_has_it(path):
    frame = parts("day", interval=TIMES.hour * 3600).melt(["day", "interval"], var_name="detid", value_name="flow")
    series = read(path, frame.assign(city="bern", occ=0.1), channel="flow")
    assert series.node_names == ["a", "b"] and pd.to_datetime(series.times[:48]).equals(TIMES)


def test_an_hour_beside_whole_times_is_left_out(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"time": TIMES, "hour": TIMES.hour, "a": VALUES})
    frame.to_parquet(tmp_path / "counts.parquet")
    series = read_series(tmp_path / "counts.parquet")
    assert series.node_names == ["a"] and pd.to_datetime(series.times).equals(TIMES)
    assert any("hour is left out" in note for note in series.notes)


@pytest.mark.parametrize("numbers", [np.arange(48) % 24, np.arange(48) % 24 * 60, [5] * 48])
def test_an_interval_that_may_count_anything_is_refused(path, numbers):
    with refuses("file", found=("'day'", "'interval'"), fix="pandas.to_timedelta"):
        read(path, parts("day", interval=numbers))


def test_a_table_of_days_and_hours_is_refused_with_the_way_to_turn_it(path):
    frame = pd.DataFrame(VALUES.reshape(2, 24), columns=[f"{hour:02}:00" for hour in range(24)])
    frame.insert(0, "Date", ["2024-03-04", "2024-03-05"])
    with refuses("file", found="00:00", fix="frame.melt(['Date'], var_name='clock')"):
        read(path, frame)
    series = read(path, frame.melt(["Date"], var_name="clock"))
    assert sorted(series.times.tolist()) == TIMES.strftime("%Y-%m-%d %H:%M").tolist()


def test_24_numbered_columns_beside_days_are_noted(path):
    frame = pd.DataFrame(VALUES.reshape(2, 24)).assign(Date=["2024-03-04", "2024-03-05"])
    assert any("var_name='hour'" in note for note in read(path, frame).notes)
    assert pd.to_datetime(read(path, frame.melt(["Date"], var_name="hour")).times).sort_values().equals(TIMES)


STATION = "\n".join(
    f"{time:%m/%d/%Y %H:%M:%S},{station},S,ML,{10 * hour + station},{hour},,"
    for hour, time in enumerate(TIMES)
    for station in (715898, 715900)
)


def test_columns_without_names_are_named_by_number(path):
    path.write_text(STATION)
    with refuses("file", found="columns 2, 3 (counted from 0)", fix="number"):
        read_series(path)
    with refuses("file", expected="4, 5, 6", fix="--channel"):
        read_series(path, ReadOptions(sensor="1"))
    series = read_series(path, ReadOptions(time="0", sensor="1", channel="4"))
    assert series.node_names == ["715898", "715900"] and series.values[:3].tolist() == [715898, 715900, 715908]


@pytest.mark.parametrize(
    ("field", "options"),
    [("sensor", {"sensor": "8"}), ("time", {"time": "when"}), ("channel", {"sensor": "1", "channel": "1"})],
)
def test_numbers_that_are_no_such_column_are_refused(path, field, options):
    path.write_text(STATION)
    with refuses(field, found=repr(options[field])):
        read_series(path, ReadOptions(**options))

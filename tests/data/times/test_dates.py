"""Dates of rows, and what is missing between them."""

from datetime import datetime

import numpy as np
import pytest
from refusal import refuses

from basicts_elin.data.times.dates import Gap, check_timestamps, date_timestamps, find_gaps, format_time, row_dates


def times(*texts):
    return np.array(texts, dtype="datetime64[m]")


def every_5_minutes(missing=(), count=40):
    steps = np.setdiff1d(np.arange(count), missing)
    return np.datetime64("2017-03-12 00:30", "m") + 5 * steps * np.timedelta64(1, "m")


def test_timestamps_agree_with_the_calendar():
    dates = np.datetime64("2015-12-30 00:00", "m") + np.arange(0, 500 * 1440, 1435) * np.timedelta64(1, "m")
    dates = np.concatenate([dates, times("1969-12-31 23:55", "2000-02-29 12:00", "1900-01-01")])
    days = dates.tolist()
    expected = [[(day.hour * 60 + day.minute) / 1440, day.weekday() / 7] for day in days]
    stamps = date_timestamps(dates)
    assert stamps.dtype == np.float32
    np.testing.assert_array_equal(stamps, np.array(expected, np.float32))


def test_the_week_begins_on_monday():
    monday = times("2017-01-02 00:00")
    assert datetime(2017, 1, 2).strftime("%A") == "Monday"
    assert date_timestamps(monday).tolist() == [[0, 0]]
    np.testing.assert_array_equal(date_timestamps(monday - np.timedelta64(5, "m")), np.float32([[287 / 288, 6 / 7]]))


@pytest.mark.parametrize("interval", [1, 5, 15])
def test_steps_and_days_come_back_by_rounding(interval):
    index = np.arange(8 * 1440 // interval)
    stamps = date_timestamps(np.datetime64("2017-01-02", "m") + index * interval * np.timedelta64(1, "m"))
    per_day = 1440 // interval
    assert stamps.min() == 0 and stamps.max() < 1
    np.testing.assert_array_equal(np.rint(stamps[:, 0] * per_day), index % per_day)
    np.testing.assert_array_equal(np.rint(stamps[:, 1] * 7), index // per_day % 7)


def test_dates_without_gaps_have_none():
    assert find_gaps(every_5_minutes(), 5) == []
    assert find_gaps(every_5_minutes()[:1], 5) == []


def test_a_gap_is_where_the_rows_are_missing():
    (gap,) = find_gaps(every_5_minutes([7, 8, 9]), 5)
    assert gap == Gap(np.datetime64("2017-03-12 01:00", "m"), 3, 5)
    assert format_time(gap.first) == "2017-03-12 01:05"
    assert gap.length == np.timedelta64(15, "m")
    assert str(gap) == "gap: 2017-03-12 01:05 to 2017-03-12 01:15 missing (3 steps)"


def test_the_interval_decides_what_is_a_gap():
    hourly = times("2017-01-01 00:00", "2017-01-01 01:00", "2017-01-01 03:00")
    assert find_gaps(hourly, 60) == [Gap(hourly[1], 1, 60)]
    assert [gap.steps for gap in find_gaps(hourly, 15)] == [3, 7]


@pytest.mark.parametrize("missing", [[], [1], [38], [5, 6, 20], [5, 7, 9, 10, 11, 13], range(2, 38), range(1, 40, 2)])
def test_start_and_gaps_give_the_dates_back(missing):
    dates = every_5_minutes(missing)
    gaps = [(format_time(gap.after), gap.steps) for gap in find_gaps(dates, 5)]
    np.testing.assert_array_equal(row_dates(format_time(dates[0]), len(dates), 5, gaps), dates)
    assert sum(steps for _, steps in gaps) == (dates[-1] - dates[0]) // np.timedelta64(5, "m") + 1 - len(dates)


def test_gaps_after_the_last_row_change_nothing():
    rows = row_dates("2017-03-12 00:30", 4, 5, [("2017-03-12 00:45", 12)])
    np.testing.assert_array_equal(rows, every_5_minutes(count=4))


@pytest.mark.parametrize(
    ("last", "steps", "interval"),
    [
        ("2017-03-12 01:55", 12, 5),
        ("2012-03-11 01:55", 12, 5),
        ("2026-03-08 01:55", 12, 5),
        ("2020-03-08 01:45", 4, 15),
        ("2020-03-08 01:00", 1, 60),
    ],
)
def test_the_clock_change_is_recognised(last, steps, interval):
    gap = Gap(np.datetime64(last, "m"), steps, interval)
    assert gap.is_clock_change
    assert str(gap).startswith(f"clock change: {last[:10]} 02:00 to ")


@pytest.mark.parametrize(
    ("last", "steps"),
    [
        ("2017-03-05 01:55", 12),
        ("2017-03-19 01:55", 12),
        ("2017-03-26 01:55", 12),
        ("2017-03-11 01:55", 12),
        ("2017-03-13 01:55", 12),
        ("2017-02-12 01:55", 12),
        ("2017-11-12 01:55", 12),
        ("2017-03-12 00:55", 12),
        ("2017-03-12 02:55", 12),
        ("2017-03-12 13:55", 12),
        ("2017-03-12 02:00", 12),
        ("2017-03-12 01:50", 12),
        ("2017-03-12 01:55", 24),
        ("2017-03-12 01:55", 11),
        ("2017-03-12 01:55", 13),
    ],
)
def test_other_gaps_are_no_clock_change(last, steps):
    gap = Gap(np.datetime64(last, "m"), steps, 5)
    assert not gap.is_clock_change
    assert str(gap).startswith("gap: ")


@pytest.mark.parametrize(
    ("third", "expected"),
    [("2017-01-01 00:00", "later"), ("2017-01-01 00:05", "later"), ("2017-01-01 00:12", "multiples of 5 minutes")],
    ids=["unsorted", "duplicate", "irregular"],
)
def test_a_date_out_of_step_is_refused_with_its_row(third, expected):
    dates = times("2017-01-01 00:00", "2017-01-01 00:05", third, "2017-01-01 00:30")
    with refuses("file", found=("row 2", third, "2017-01-01 00:05"), expected=expected):
        find_gaps(dates, 5)


WEEK = np.arange(7 * 24)
HOURLY = np.stack([WEEK % 24 / 24, WEEK // 24 / 7], axis=1).astype(np.float32)


def changed(row, column, value):
    stamps = HOURLY.copy()
    stamps[row, column] = value
    return stamps


@pytest.mark.parametrize(
    ("stamps", "found", "expected"),
    [
        (changed(3, 0, 1.0), ("time of day 1", "row 3"), "[0, 1)"),
        (changed(3, 0, 0.999), ("time of day 0.999", "row 3"), "[0, 1)"),
        (changed(5, 1, -1 / 7), ("day of week", "row 5"), "[0, 1)"),
        (changed(3, 0, np.nan), ("time of day nan", "row 3"), "[0, 1)"),
        (changed(3, 0, 3.5 / 24), ("time of day", "row 3"), "1/24"),
        (changed(4, 0, 3 / 24), ("row 4", "row 3"), "order"),
        (HOURLY[::-1], ("row 1", "row 0"), "order"),
    ],
)
def test_timestamps_that_are_not_those_of_rows_in_order_are_refused(stamps, found, expected):
    with refuses("file", found=found, expected=expected):
        check_timestamps(stamps, 24, "file")


def test_timestamps_in_order_pass():
    check_timestamps(HOURLY, 24, "file")
    check_timestamps(HOURLY[::5], 24, "file")


def test_irregular_timestamps_need_only_be_in_range():
    irregular = {"is_regular": False, "is_ordered": False}
    check_timestamps(changed(3, 0, 3.4 / 24)[::-1], 24, "file", **irregular)
    with refuses("file", found="1.5"):
        check_timestamps(changed(3, 0, 1.5), 24, "file", **irregular)

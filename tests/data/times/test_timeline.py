"""The dates of rows from a few facts, and the facts in `meta.json`."""

import numpy as np
import pytest
from data.times.placed import every

from basicts_elin.data.times.calendars import Calendar
from basicts_elin.data.times.dates import date_timestamps, find_breaks
from basicts_elin.data.times.timeline import Timeline, read_start, start_text
from basicts_elin.data.times.zones import to_local

START = np.datetime64("2024-03-30T05:00", "m")
METRO = Calendar(((360, 1380),), (0, 1, 2, 3, 4))


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"])
def test_a_start_comes_back_from_its_text(zone):
    for time in every(30, "2024-10-26 12:00", "2024-10-27 12:00"):
        assert read_start(start_text(time, zone), zone) == time


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        (None, "2024-03-30 05:00"),
        ("Europe/Berlin", "2024-03-30 06:00+01:00"),
        ("America/St_Johns", "2024-03-30 02:30-02:30"),
    ],
)
def test_a_start_is_written_with_its_offset(zone, text):
    assert start_text(START, zone) == text


def test_a_start_without_an_offset_is_local():
    assert read_start("2024-03-30 06:00", "Europe/Berlin") == START


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_a_calendar_skips_what_does_not_exist(zone):
    timeline = Timeline(START, 500, 60, zone, METRO)
    grid = every(60, START, START + np.timedelta64(60, "D"))
    local = grid if zone is None else to_local(grid, zone)
    exists = METRO.contains(local)
    np.testing.assert_array_equal(timeline.instants(), grid[exists][:500])
    np.testing.assert_array_equal(timeline.dates(), local[exists][:500])
    np.testing.assert_array_equal(timeline.timestamps(), date_timestamps(local[exists][:500], 60))


def test_a_calendar_without_rows_is_refused():
    with pytest.raises(ValueError, match="no rows every 60 minutes"):
        Timeline(START, 10, 60, None, Calendar(((370, 380),))).dates()


def test_gaps_that_are_not_filled():
    timeline = Timeline(START, 4, 60, gaps=(("2024-03-30 06:00", 2),))
    assert (timeline.dates() - START).astype(int).tolist() == [0, 60, 240, 300]
    assert timeline.meta()["gaps"] == [["2024-03-30 06:00", 2]]


@pytest.mark.parametrize("minutes", [60, 30])
def test_times_of_day_are_those_of_steps_where_the_clock_changes_by_half_an_hour(minutes):
    timeline = Timeline(START, 24 * 60, minutes, "Australia/Lord_Howe")
    steps = timeline.timestamps()[:, 0] * 1440 / minutes
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-3)
    assert steps.max() < 1440 / minutes - 0.5


def test_days_and_weeks_have_one_time_of_day():
    for minutes in (1440, 7 * 1440):
        assert not Timeline(START, 20, minutes).timestamps()[:, 0].any()


def test_breaks_are_where_rows_do_not_follow_each_other():
    metro = Timeline(np.datetime64("2024-03-28T06:00", "m"), 60, 60, "Europe/Berlin", METRO)
    # from 05:00 UTC, 06:00 in winter; the night before summer time is an hour shorter
    nights = np.flatnonzero(np.diff(metro.instants()) > np.timedelta64(60, "m")) + 1
    for instants in (metro.instants(), None):
        assert np.flatnonzero(find_breaks(instants, metro.timestamps(), 60)).tolist() == nights.tolist()
    assert len(nights) == 3
    autumn = Timeline(np.datetime64("2024-10-26T00:00", "m"), 96, 60, "Europe/Berlin")
    assert not find_breaks(autumn.instants(), autumn.timestamps(), 60).any()

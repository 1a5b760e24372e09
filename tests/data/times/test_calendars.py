"""The times that a series has, and those that do not exist in it."""

import numpy as np
import pytest
from data.times.placed import dates, every, gaps, placed
from refusal import refuses

from basicts_elin.data.times.calendars import Calendar, calendar_of_meta, find_calendar, stated_calendar
from basicts_elin.data.times.dates import minutes_of_day, weekdays_of

HOURS = every(60, "2024-01-01", "2024-02-01")
HOUR = minutes_of_day(HOURS) // 60
WEEKDAY = weekdays_of(HOURS)


def found(exists, *lost):
    """The placement of the hours of January that exist, without the rows `lost` of these."""
    return placed(np.delete(HOURS[exists], lost))[0]


@pytest.mark.parametrize(
    ("exists", "expected"),
    [
        ((HOUR >= 6) & (HOUR <= 22), {"hours": [["06:00", "22:00"]]}),
        ((HOUR >= 5) | (HOUR <= 1), {"hours": [["00:00", "01:00"], ["05:00", "23:00"]]}),
        (WEEKDAY < 5, {"weekdays": [0, 1, 2, 3, 4]}),
        ((WEEKDAY != 2) & (HOUR > 3), {"hours": [["04:00", "23:00"]], "weekdays": [0, 1, 3, 4, 5, 6]}),
    ],
)
def test_times_that_the_whole_file_lacks_are_its_calendar(exists, expected):
    placement = found(exists)
    assert placement.timeline.meta()["calendar"] == expected
    np.testing.assert_array_equal(dates(placement), HOURS[exists])
    assert placement.gaps == []
    assert calendar_of_meta(expected).meta() == expected


def test_other_absent_times_are_gaps():
    exists = (HOUR >= 6) & (WEEKDAY < 5)
    placement = found(exists, *range(17, 20), 100)
    np.testing.assert_array_equal(dates(placement), HOURS[exists])
    # the first runs over a night
    assert gaps(placement) == [("2024-01-01 23:00", 3), (str(HOURS[exists][100]).replace("T", " "), 1)]
    assert str(placement.gaps[0]) == "gap: 2024-01-01 23:00 to 2024-01-02 07:00 missing (3 steps)"


@pytest.mark.parametrize("lost", [HOUR % 4 == 3, np.isin(HOUR, [9, 11]), np.isin(HOUR, [2, 7, 12, 17])])
def test_a_pattern_that_repeats_is_made_of_gaps(lost):
    placement = found(~lost)
    kept = np.flatnonzero(~lost)
    assert placement.timeline.calendar is None
    assert sum(gap.steps for gap in placement.gaps) == lost[kept[0] : kept[-1]].sum()


def test_three_blocks_are_a_calendar():
    exists = np.isin(HOUR, [0, 1, 6, 7, 8, 12, 13, 23])
    expected = {"hours": [["00:00", "01:00"], ["06:00", "08:00"], ["12:00", "13:00"], ["23:00", "23:00"]]}
    assert found(exists).timeline.meta()["calendar"] == expected


QUARTERS = every(15, "2024-01-01", "2024-01-15")


@pytest.mark.parametrize("lost", [[45], [30, 45]])
def test_a_pattern_within_the_hour_is_made_of_gaps(lost):
    rows = QUARTERS[~np.isin(minutes_of_day(QUARTERS) % 60, lost)]
    placement = placed(rows, freq="15min")[0]
    assert placement.timeline.calendar is None and gaps(placement)[0][1] == len(lost)


def test_a_short_break_within_a_block_is_made_of_gaps():
    minutes = minutes_of_day(QUARTERS)
    placement = placed(QUARTERS[(minutes >= 300) & (minutes != 12 * 60)])[0]
    assert placement.timeline.meta()["calendar"] == {"hours": [["05:00", "23:45"]]}
    assert gaps(placement)[0] == ("2024-01-01 12:00", 1) and len(placement.gaps) == 14


@pytest.mark.parametrize(("freq", "every_"), [("5min", "5 minutes"), ("30min", "30 minutes")])
@pytest.mark.parametrize("exists", [HOUR >= 0, HOUR >= 6, (HOUR >= 6) & (WEEKDAY < 5)])
def test_an_interval_finer_than_the_rows_is_refused(freq, every_, exists):
    with refuses("freq", found="rows every 1 hour", expected=f"rows every {every_}", fix="--freq 1h"):
        placed(np.delete(HOURS[exists], [50, 51, 80]), freq=freq)


def test_a_few_rows_may_be_two_steps_apart():
    assert gaps(placed(HOURS[[0, 2, 4, 6]], freq="1h")[0]) == [
        ("2024-01-01 01:00", 1),
        ("2024-01-01 03:00", 1),
        ("2024-01-01 05:00", 1),
    ]


def test_one_day_has_no_calendar():
    placement = placed(np.delete(HOURS[:30], range(5, 9)))[0]
    assert placement.timeline.calendar is None and len(placement.gaps) == 1


def test_one_week_has_no_weekdays():
    placement = found((np.datetime64("2024-01-10") > HOURS) & (WEEKDAY != 5))
    assert placement.timeline.calendar is None and gaps(placement) == [("2024-01-06 00:00", 24)]


@pytest.mark.parametrize("seed", range(5))
def test_rows_that_are_missing_at_random_make_no_calendar(seed):
    grid = HOURS[: 24 * 4]
    present = np.random.default_rng(seed).random(len(grid)) > 0.4
    present[[0, -1]] = True
    assert find_calendar(grid, present) is None


def test_business_days():
    days = every(1440, "2024-01-01", "2024-03-01")
    days = days[weekdays_of(days) < 5]
    placement, values = placed(np.delete(days, 7))
    np.testing.assert_array_equal(dates(placement), days)
    assert placement.timeline.meta()["calendar"] == {"weekdays": [0, 1, 2, 3, 4]}
    assert np.isnan(values[:, 0]).sum() == 1


def test_a_week_is_no_calendar_of_its_day():
    assert placed(every(7 * 1440, "2024-01-01", "2024-06-01"))[0].timeline.calendar is None


def test_the_calendar_may_be_stated():
    two_days = HOURS[:48][HOUR[:48] >= 6]
    placement = placed(two_days, hours="05:00-23:00", weekdays="mon-sat")[0]
    assert placement.timeline.meta()["calendar"] == {"hours": [["05:00", "23:00"]], "weekdays": [0, 1, 2, 3, 4, 5]}
    assert gaps(placement) == [("2024-01-02 05:00", 1)]
    with refuses("file", found=("4 times", "2024-01-01 06:00"), fix="--hours"):
        placed(two_days, hours="08:00-23:00")


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ("06:00-23:00", ((360, 1380),)),
        ("6:00 - 9:30, 16:00-19:00", ((360, 570), (960, 1140))),
        ("05:00-01:00", ((0, 60), (300, 1439))),
    ],
)
def test_hours_are_ranges(hours, expected):
    assert stated_calendar(hours, None) == Calendar(expected)


@pytest.mark.parametrize(
    ("weekdays", "expected"),
    [("mon-fri", (0, 1, 2, 3, 4)), ("Saturday,Sunday", (5, 6)), ("sat-mon", (0, 5, 6)), ("wed", (2,))],
)
def test_weekdays_have_names(weekdays, expected):
    assert stated_calendar(None, weekdays) == Calendar(None, expected)


@pytest.mark.parametrize("hours", ["6-23", "06:00", "06:00-25:00", "06:00-23:61", "", "a-b"])
def test_other_hours_are_refused(hours):
    with refuses("hours", found=hours, expected="06:00-23:00"):
        stated_calendar(hours, None)


@pytest.mark.parametrize("weekdays", ["mo-fr", "weekdays", "", "mon-tue-wed"])
def test_other_weekdays_are_refused(weekdays):
    with refuses("weekdays", found=weekdays, expected="mon-fri"):
        stated_calendar(None, weekdays)


@pytest.mark.parametrize(
    "value", [{"hours": [["6", "7"]]}, {"hours": 5}, {"weekdays": [7]}, {"weekdays": "mon"}, {"x": 1}]
)
def test_a_value_of_meta_that_is_no_calendar_is_refused(value):
    with pytest.raises(ValueError, match="hours"):
        calendar_of_meta(value)

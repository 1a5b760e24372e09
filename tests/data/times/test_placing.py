"""Rows of a file on a regular grid: the interval, gaps, disorder, duplicates, times between two steps."""

import numpy as np
import pytest
from data.times.placed import dates, every, gaps, placed, texts, wide
from refusal import refuses

from basicts_elin.data.io.raw import RawSeries

DAY = every(15, "2024-01-01", "2024-01-02")


def said(placement, kind):
    return [note for note in placement.notes if note.startswith(f"{kind}: ")]


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 180, 1440, 7 * 1440])
def test_the_interval_is_found(minutes):
    times = every(minutes, "2024-01-01", np.datetime64("2024-01-01") + 30 * np.timedelta64(minutes, "m"))
    placement, values = placed(times)
    assert placement.timeline.interval_minutes == minutes
    np.testing.assert_array_equal(dates(placement), times)
    assert values.tolist() == [[row, -row] for row in range(30)]
    assert placement.gaps == [] and placement.notes == ()


def test_a_regular_file_is_not_copied():
    series = wide(DAY)
    placement, values = placed(series)
    assert values is series.values
    assert placement.timeline.interval_minutes == 15 and placement.timeline.rule == "dates"
    assert placement.timeline.meta() == {"start": "2024-01-01 00:00"}


def test_absent_rows_are_missing_ones():
    placement, values = placed(np.delete(DAY, [4, 5, 90]))
    np.testing.assert_array_equal(dates(placement), DAY)
    assert np.flatnonzero(np.isnan(values).all(axis=1)).tolist() == [4, 5, 90] and np.isnan(values).sum() == 6
    assert gaps(placement) == [("2024-01-01 01:00", 2), ("2024-01-01 22:30", 1)]


def test_disorder_is_sorted_and_said():
    placement, values = placed(np.r_[DAY[50:], DAY[:50]])
    np.testing.assert_array_equal(dates(placement), DAY)
    assert values[:2, 0].tolist() == [46, 47]
    (note,) = said(placement, "order")
    assert "1 rows" in note and "row 46 (2024-01-01T23:45, then 2024-01-01T00:00)" in note


def test_duplicates_are_refused_with_two_rows():
    with refuses("file", found=("2 rows", "rows 3 and 96"), fix=("--duplicates mean", "--duplicates first")) as error:
        placed(np.r_[DAY, DAY[3:5]])
    assert "--tz" not in str(error.value)


@pytest.mark.parametrize(("rule", "expected"), [("mean", [(3 + 96) / 2, 4]), ("first", [3, 4])])
def test_an_option_says_what_becomes_of_duplicates(rule, expected):
    series = wide(np.r_[DAY, DAY[3:5]])
    series.values[97] = np.nan
    placement, values = placed(series, duplicates=rule)
    assert values[[3, 4], 0].tolist() == expected and values.shape == (96, 2)
    assert len(said(placement, "duplicates")) == 1


@pytest.mark.parametrize("rule", ["mean", "first"])
def test_a_missing_duplicate_is_no_value(rule):
    series = wide(np.r_[DAY, DAY[3]])
    series.values[3, 0] = series.values[96, 1] = np.nan
    assert placed(series, duplicates=rule)[1][3].tolist() == [96, -3]


def test_times_between_two_steps_are_refused_with_an_example():
    late = DAY + np.where(np.arange(96) == 7, 2, 0).astype("timedelta64[m]")
    with refuses("file", found=("1 of 96", "2024-01-01T01:47", "row 7"), fix="--align floor"):
        placed(late)


@pytest.mark.parametrize(("align", "delay", "row"), [("floor", 14, 7), ("nearest", 7, 7), ("nearest", 8, 8)])
def test_an_option_moves_them(align, delay, row):
    times = np.delete(DAY, 8)
    times[7] += delay
    placement, values = placed(times, align=align)
    assert values[row, 0] == 7
    assert np.isnan(values).all(axis=1).sum() == 1
    assert "1 of 95" in said(placement, "times")[0]


def test_seconds_are_aligned():
    times = DAY.astype("datetime64[s]") + np.arange(96) % 3
    with refuses("file", fix="--freq"):
        placed(times)
    np.testing.assert_array_equal(dates(placed(times, freq="15min", align="floor")[0]), DAY)
    with refuses("file", found="seconds", fix="--align"):
        placed(DAY.astype("datetime64[s]") + 30)


def test_finer_rows_become_coarser_ones():
    with refuses("file", found="72 of 96", fix=("--align floor", "--duplicates mean")):
        placed(DAY, freq="1h")
    placement, values = placed(DAY, freq="1h", align="floor", duplicates="mean")
    np.testing.assert_array_equal(dates(placement), every(60, "2024-01-01", "2024-01-02"))
    np.testing.assert_array_equal(values[:, 0], np.arange(24) * 4 + 1.5)


def test_rows_half_past_each_hour_are_regular():
    times = every(60, "2024-01-01 00:30", "2024-01-03")
    placement, _ = placed(times)
    np.testing.assert_array_equal(dates(placement), times)
    np.testing.assert_array_equal(np.rint(placement.timeline.timestamps()[:, 0] * 24), np.arange(48) % 24)


@pytest.mark.parametrize(
    ("minutes", "found"),
    [([0, 5, 15, 35, 37], ("1 x 5 minutes", "1 x 20 minutes")), ([0], "only one time"), ([0, 7, 14, 21], "7 minutes")],
)
def test_an_interval_that_is_none_is_refused(minutes, found):
    with refuses("file", found=found, fix="--freq"):
        placed(np.datetime64("2024-01-01", "m") + np.array(minutes))


@pytest.mark.parametrize(("period", "months"), [("month", 1), ("quarter", 3), ("year", 12)])
@pytest.mark.parametrize("day", [0, 14, -1])
def test_months_are_no_interval(period, months, day):
    times = np.arange("2015-01", "2025-01", months, dtype="datetime64[M]").astype("datetime64[D]") + day
    for rows in (times, np.delete(times, 2)):
        with refuses("file", found=f"a row every {period}", fix="days or weeks"):
            placed(rows)


@pytest.mark.parametrize("days", [28, 30, 31])
def test_days_as_long_as_a_month_are_an_interval(days):
    times = np.delete(every(days * 1440, "2024-01-01", "2027-01-01"), 4)
    placement, _ = placed(times)
    assert placement.timeline.interval_minutes == days * 1440 and len(placement.gaps) == 1


def test_sensors_at_different_times_are_refused():
    times = np.stack([DAY, DAY + np.timedelta64(6, "m")], axis=1).ravel()
    file = RawSeries(
        np.zeros(len(times), np.float32), times=times, sensors=np.arange(len(times)) % 2, node_names=["a", "b"]
    )
    with refuses("file", found="every 15 minutes", fix="--freq 15min --align floor"):
        placed(file)
    placement, _ = placed(file, freq="15min", align="floor")
    np.testing.assert_array_equal(dates(placement), DAY)


def test_half_a_minute_is_no_interval():
    with refuses("file", found="30 seconds", fix=("--freq 1min", "--duplicates mean")):
        placed(np.datetime64("2024-01-01", "s") + 30 * np.arange(10))


def test_an_interval_that_is_given_is_taken():
    placement, values = placed(DAY[[0, 2, 4, 6]], freq="15min")
    assert values.shape == (7, 2) and placement.timeline.interval_minutes == 15


@pytest.mark.parametrize("freq", ["7min", "100min", "15", "fast", "0h", "25h"])
def test_other_intervals_are_refused(freq):
    with refuses("freq"):
        placed(DAY, freq=freq)


@pytest.mark.parametrize("text", ["15min", "15 minutes", "15T", "15t", " 15MIN "])
def test_an_interval_has_several_names(text):
    assert placed(DAY, freq=text)[0].timeline.interval_minutes == 15


@pytest.mark.parametrize("year", ["0024", "1970", "2034", "9999"])
def test_a_wrong_year_does_not_make_a_huge_grid(year):
    with refuses("file", found=("97 times", "15 minutes", f"{year}-01-01 00:00"), fix="correct a wrong date"):
        placed(texts(*DAY.astype(str), f"{year}-01-01 00:00"))


@pytest.mark.parametrize("option", ["align", "duplicates"])
def test_an_unknown_word_is_refused(option):
    with refuses(option, found="median"):
        placed(DAY, **{option: "median"})


def test_a_file_with_times_has_its_start():
    with refuses("start", fix="omit --start"):
        placed(DAY, start="2024-01-01")

import numpy as np
import pytest

from basicts_elin.data.prepare.summary.lines import quality_lines
from basicts_elin.data.prepare.summary.report import quality_report
from basicts_elin.data.times.calendars import Calendar
from basicts_elin.data.times.dates import Gap
from basicts_elin.data.times.timeline import Timeline

ROWS = 14 * 24
START = np.datetime64("2024-01-01T00:00")
DATED = Timeline(START, ROWS, 60)
NAMES = [f"北{number}" for number in range(8)]


@pytest.fixture
def values():
    return np.random.default_rng(0).uniform(10, 20, (ROWS, 8)).astype(np.float32)


def lines_of(values, timeline=DATED, names=NAMES, **how):
    """label -> its lines"""
    found, last = {}, ""
    for line in quality_lines(quality_report(values, timeline, names, **how)):
        last = line[:11].strip() or last
        found.setdefault(last, []).append(line[11:])
    return found


def test_a_sound_series_has_few_lines(values):
    values[0, 0], values[1, 0] = 10, 20
    assert lines_of(values, unit="mph") == {
        "dates": ["2024-01-01 00:00 to 2024-01-14 23:00"],
        "interval": ["1 hour"],
        "first row": ["00:00 (step 0 of 24), day of week 0 (0 to 6)"],
        "values": [f"10 to 20, mean {values.mean():.2f} (mph)"],
        "missing": ["0.00 %"],
    }


def test_what_is_missing(values):
    values[3::24, 0] = np.nan
    values[120:320, 1] = np.nan
    values[60:62] = np.nan
    share = 100 * np.isnan(values).mean()
    first, *more = lines_of(values)["missing"]
    assert first == f"{share:.2f} %"
    assert more == [
        f"most by hour of the day: 03:00 to 03:59, {100 * np.isnan(values[3::24]).mean():.2f} %",
        f"most by day of the week: Saturday, {100 * np.isnan(values.reshape(2, 7, -1)[:, 5]).mean():.2f} %",
        f"at 8 of 8 sensors (1 miss more than half): 北1 {100 * 202 / ROWS:.2f} %, 北0 {100 * 16 / ROWS:.2f} %, "
        f"北2 {100 * 2 / ROWS:.2f} %, 北3 {100 * 2 / ROWS:.2f} %, 北4 {100 * 2 / ROWS:.2f} %, and 3 more",
        "longest without a value: 北1, 2024-01-06 00:00 to 2024-01-14 07:00 (200 rows)",
        "no sensor has a value in 2 rows, the longest 2024-01-03 12:00 to 2024-01-03 13:00 (2 rows)",
    ]


def test_a_few_missing_values_are_not_none(values):
    values = np.tile(values, (90, 1))
    values[5, 2] = np.nan
    timeline = Timeline(START, len(values), 60)
    assert lines_of(values, timeline)["missing"] == [
        "under 0.01 %",
        "at 1 of 8 sensors: 北2 under 0.01 %",
        "longest without a value: 北2, 2024-01-01 05:00 (1 row)",
    ]


def test_zeros_and_values_below_0(values):
    values[:84, 0], values[84:86, 1], values[86, 2] = 0, -1, -1
    assert lines_of(values)["values"][1:] == ["3.12 % are 0", "3 are below 0, at 2 of 8 sensors"]


def test_dead_and_constant_sensors(values):
    values[:, 0], values[:, 1] = 5, np.nan
    values[200:, 2], values[240:, 3] = 0, np.nan
    found = lines_of(values)
    assert found["dead"] == [
        "3 of 8 sensors: 北1 (no value), 北2 (only 0 since 2024-01-09 08:00), 北3 (no value since 2024-01-11 00:00)"
    ]
    assert found["constant"] == ["1 of 8 sensors: 北0 (only 5)"]


def test_outliers_come_with_their_rule_and_an_example(values):
    values[:, 3] = 0
    values[:5, 3] = 80
    values[100, 1] = 500
    rule, example, not_judged = lines_of(values)["outliers"]
    assert rule.startswith("1 (0.04 %) at 1 of 8 sensors, further from the sensor's median than 3 times ")
    assert example == f"the furthest: 北1, 2024-01-05 04:00: 500, median {np.median(values[:, 1]):g}"
    assert not_judged.endswith("1 of 8 sensors: 北3")


def test_the_longest_gaps_in_their_order(values):
    gaps = [Gap(START + np.timedelta64(10 * number, "h"), rows, 60) for number, rows in enumerate((1, 2, 9, 3, 4, 5))]
    found = lines_of(values, gaps=gaps)["gaps"]
    assert found == [*map(str, gaps[1:]), "and 1 more gaps, see quality.json"]


def test_a_clock_change_is_named(values):
    change = Gap(np.datetime64("2017-03-12T01:55"), 12, 5)
    assert lines_of(values, gaps=[change])["gaps"] == [str(change)]
    assert str(change).startswith("clock change: ")


def test_rows_without_dates(values):
    values[:, 0] = np.nan
    values[:24, 1:] = np.nan
    found = lines_of(values, Timeline(None, ROWS, 60), names=None, null_value=np.nan)
    assert found["dates"] == ["unknown"]
    assert found["missing"][1].startswith("most by day of the week: day 0, ")
    assert found["missing"][3:] == [
        "longest without a value: 1, row 0 to row 23 (24 rows)",
        "no sensor has a value in 24 rows, the longest row 0 to row 23 (24 rows)",
    ]


def test_the_clock_and_the_calendar(values):
    calendar = Calendar(((360, 1380),), (0, 6))
    timeline = Timeline(np.datetime64("2024-01-01T05:00"), ROWS, 60, "Europe/Berlin", calendar)
    found = lines_of(values, timeline)
    assert found["interval"] == ["1 hour, by the clock of Europe/Berlin, only 06:00 to 23:00; Monday, Sunday"]
    assert found["first row"] == ["06:00 (step 6 of 24), day of week 0 (0 to 6)"]
    assert found["dates"][0].startswith("2024-01-01 06:00 to ")


def test_nothing_but_markers():
    found = lines_of(np.zeros((ROWS, 2), np.float32), names=None, null_value=0.0)
    assert found["values"] == ["none"]
    assert found["dead"] == ["2 of 2 sensors: 0 (no value), 1 (no value)"]
    assert found["missing"][0] == "100.00 % (marked by 0)"

import json

import numpy as np
import pytest

from basicts_elin.data.prepare.summary.report import quality_report
from basicts_elin.data.prepare.summary.sensors import OUTLIER_RULE
from basicts_elin.data.times.calendars import Calendar
from basicts_elin.data.times.dates import Gap
from basicts_elin.data.times.timeline import Timeline

DAYS, PER_DAY = 14, 24
ROWS = DAYS * PER_DAY
# a Monday
START = np.datetime64("2024-01-01T00:00")
DATED = Timeline(START, ROWS, 60)
NAMES = ["Köln", "b", "c", "d"]


@pytest.fixture
def values():
    return np.random.default_rng(0).uniform(10, 20, (ROWS, 4)).astype(np.float32)


def of_sensor(report, name):
    return next(item for item in report["per_sensor"] if item["sensor"] == name)


def test_a_sound_series(values):
    report = quality_report(values, DATED, NAMES, unit="mph")
    assert report["period"] == {
        "first": "2024-01-01 00:00",
        "last": "2024-01-14 23:00",
        "timezone": None,
        "calendar": None,
        "first_row": {"time_of_day": "00:00", "day_of_week": 0},
    }
    assert (report["interval_minutes"], report["rows"], report["sensors"]) == (60, ROWS, 4)
    assert (report["unit"], report["missing_marker"]) == ("mph", None)
    assert report["values"] == pytest.approx({"min": values.min(), "mean": values.mean(), "max": values.max()}, 1e-6)
    assert report["missing"] == {"count": 0, "share": 0, "by_hour": [0] * 24, "by_weekday": [0] * 7}
    nothing = {"count": 0, "rows": 0, "longest": []}
    assert report["gaps"] == report["outages"] == nothing
    assert report["constant"] == report["dead"] == []
    assert report["outliers"] == {
        "rule": OUTLIER_RULE, "count": 0, "share": 0, "sensors": 0, "not_judged": [], "furthest": [],
    }  # fmt: skip
    assert [item["sensor"] for item in report["per_sensor"]] == NAMES
    assert of_sensor(report, "c")["median"] == pytest.approx(np.median(values[:, 2]), 1e-6)
    assert of_sensor(report, "c")["longest_missing"] is None


def test_it_is_json(values):
    values[:, 0] = np.nan
    values[-100:, 1], values[50, 2], values[:, 3] = 0, -1e6, 7
    values[10:12] = np.nan
    gaps = [Gap(START + np.timedelta64(9, "h"), np.int64(2), 60), Gap(np.datetime64("2017-03-12T01:55"), 12, 5)]
    report = quality_report(values, DATED, NAMES, gaps=gaps)
    assert [gap["is_clock_change"] for gap in report["gaps"]["longest"]] == [True, False]
    assert json.loads(json.dumps(report, allow_nan=False)) == report


@pytest.mark.parametrize("null_value", [np.nan, 0.0])
def test_missing_shares_by_sensor_hour_and_weekday(values, null_value):
    values[3::24, 0] = null_value
    values[5 * PER_DAY : 7 * PER_DAY, 1] = null_value
    report = quality_report(values, DATED, NAMES, null_value=null_value)
    missing = np.isnan(values) if np.isnan(null_value) else values == 0
    assert report["missing_marker"] == (None if np.isnan(null_value) else 0)
    assert report["missing"]["count"] == missing.sum() == 14 + 48
    assert report["missing"]["share"] == pytest.approx(missing.mean(), abs=1e-6)
    days = missing.reshape(DAYS, PER_DAY, 4)
    assert report["missing"]["by_hour"] == pytest.approx(days.mean(axis=(0, 2)), abs=1e-6)
    assert report["missing"]["by_weekday"] == pytest.approx(days.reshape(2, 7, -1).mean(axis=(0, 2)), abs=1e-6)
    assert [item["missing"] for item in report["per_sensor"]] == pytest.approx(missing.mean(axis=0), abs=1e-6)
    assert of_sensor(report, "b")["longest_missing"] == {
        "first": "2024-01-06 00:00",
        "last": "2024-01-07 23:00",
        "rows": 48,
    }
    # a marker is no value
    assert report["zeros"]["count"] == 0 and report["values"]["min"] >= 10


def test_zeros_and_values_below_0(values):
    values[:50, 0], values[7, 1], values[8:10, 2] = 0, 0, -3
    report = quality_report(values, DATED, NAMES)
    assert report["zeros"] == {"count": 51, "share": round(51 / values.size, 6), "sensors": 2}
    assert report["below_zero"] == {"count": 2, "share": round(2 / values.size, 6), "sensors": 1}
    assert of_sensor(report, "Köln")["zeros"] == round(50 / ROWS, 6)
    assert [item["below_zero"] for item in report["per_sensor"]] == [0, 0, 2, 0]
    assert report["values"]["min"] == -3


def test_constant_and_dead_sensors(values):
    values[:, 0] = 5
    values[:, 1] = np.nan
    values[200:, 2] = 0
    values[240:, 3] = np.nan
    report = quality_report(values, DATED, NAMES)
    assert report["constant"] == [{"sensor": "Köln", "value": 5}]
    assert report["dead"] == [
        {"sensor": "b", "since": None, "value": None},
        {"sensor": "c", "since": "2024-01-09 08:00", "value": 0},
        {"sensor": "d", "since": "2024-01-11 00:00", "value": None},
    ]
    assert of_sensor(report, "b") == {
        "sensor": "b", "missing": 1, "zeros": None, "below_zero": 0, "outliers": 0,
        "longest_missing": {"first": "2024-01-01 00:00", "last": "2024-01-14 23:00", "rows": ROWS},
        **dict.fromkeys(("minimum", "low", "median", "high", "maximum", "mean")),
    }  # fmt: skip


def test_outliers_are_listed_the_furthest_first(values):
    values[100, 1], values[50:52, 2] = 500, (-2000, -1000)
    report = quality_report(values, DATED, NAMES)
    found = report["outliers"]
    assert (found["count"], found["sensors"]) == (3, 2)
    median = np.median(values, axis=0)
    assert found["furthest"] == [
        {"sensor": "c", "value": -2000, "median": pytest.approx(median[2]), "time": "2024-01-03 02:00"},
        {"sensor": "b", "value": 500, "median": pytest.approx(median[1]), "time": "2024-01-05 04:00"},
    ]
    assert [item["outliers"] for item in report["per_sensor"]] == [0, 1, 2, 0]


def test_gaps_of_the_file_and_rows_without_any_value(values):
    values[10:12], values[30] = np.nan, np.nan
    values[40, :3] = np.nan
    gaps = [Gap(START + np.timedelta64(29, "h"), 1, 60), Gap(START + np.timedelta64(99, "h"), 5, 60)]
    report = quality_report(values, DATED, NAMES, gaps=gaps)
    assert report["outages"] == {
        "count": 2,
        "rows": 3,
        "longest": [
            {"first": "2024-01-01 10:00", "last": "2024-01-01 11:00", "rows": 2},
            {"first": "2024-01-02 06:00", "last": "2024-01-02 06:00", "rows": 1},
        ],
    }
    assert report["gaps"]["count"] == 2 and report["gaps"]["rows"] == 6
    assert report["gaps"]["longest"][0] == {
        "first": "2024-01-05 04:00", "last": "2024-01-05 08:00", "rows": 5, "is_clock_change": False,
    }  # fmt: skip


def test_rows_without_dates_have_numbers(values):
    values[200:, 2] = 0
    values[20, 0] = 5000
    report = quality_report(values, Timeline(None, ROWS, 60))
    assert report["period"]["first"] is None and report["period"]["first_row"]["time_of_day"] == "00:00"
    assert report["dead"] == [{"sensor": "2", "since": 200, "value": 0}]
    assert report["outliers"]["furthest"][0]["time"] == 20


def test_hours_are_those_of_the_clock(values):
    zone = Timeline(START, ROWS, 60, "Asia/Tokyo")
    # 00:00 in UTC
    values[::24] = np.nan
    report = quality_report(values, zone, NAMES)
    assert report["period"]["first"] == "2024-01-01 09:00" and report["period"]["timezone"] == "Asia/Tokyo"
    assert report["missing"]["by_hour"] == [0] * 9 + [1] + [0] * 14


def test_hours_that_a_calendar_does_not_have_are_unknown(values):
    metro = Timeline(START + np.timedelta64(6, "h"), ROWS, 60, calendar=Calendar(((360, 1380),), (0, 1, 2, 3, 4)))
    report = quality_report(values, metro, NAMES)
    assert report["period"]["calendar"] == {"hours": [["06:00", "23:00"]], "weekdays": [0, 1, 2, 3, 4]}
    assert report["missing"]["by_hour"] == [None] * 6 + [0] * 18
    assert report["missing"]["by_weekday"] == [0] * 5 + [None] * 2


def test_days_have_no_hours(values):
    report = quality_report(values, Timeline(START, ROWS, 1440), NAMES)
    assert report["missing"]["by_hour"] is None
    assert report["period"]["last"] == "2024-12-01 00:00"


def test_blocks_do_not_matter(values, monkeypatch):
    values = np.tile(values, (1, 5))
    values[::7, 3::4] = np.nan
    values[:, 11] = np.nan
    values[40] = np.nan
    whole = quality_report(values, DATED)
    monkeypatch.setattr("basicts_elin.data.prepare.summary.sensors._BLOCK", 1)
    assert quality_report(values, DATED) == whole

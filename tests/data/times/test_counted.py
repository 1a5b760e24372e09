"""Files without times."""

import numpy as np
import pytest
from data.times.placed import dates, placed
from refusal import refuses

from basicts_elin.data.io.raw import RawSeries

ROWS = RawSeries(np.zeros((40, 2), np.float32))


def hours(count, first=0):
    index = first + np.arange(count)
    return np.stack([index % 24 / 24, index // 24 % 7 / 7], axis=1).astype(np.float32)


def test_rows_are_counted_from_the_midnight_of_day_0():
    placement, values = placed(ROWS, freq="1h")
    assert values is ROWS.values and dates(placement) is None
    assert placement.timeline.interval_minutes == 60 and placement.timeline.rule == "row index"
    assert placement.timeline.meta() == {}
    np.testing.assert_array_equal(placement.timeline.timestamps(), hours(40))
    assert "00:00 of day 0" in placement.notes[0]


def test_a_metro_is_counted_by_its_hours():
    placement, _ = placed(ROWS, freq="1h", hours="06:00-23:00")
    stamps = np.rint(placement.timeline.timestamps() * [24, 7])
    assert stamps[:, 0].tolist() == [6 + row % 18 for row in range(40)]
    assert stamps[:, 1].tolist() == [row // 18 for row in range(40)]
    assert "06:00 of day 0" in placement.notes[0]


def test_a_start_gives_dates():
    placement, _ = placed(ROWS, freq="1h", start="2024-01-05 06:00", hours="06:00-23:00", weekdays="mon-fri")
    found = dates(placement)
    assert [str(found[row]) for row in (0, 17, 18, 39)] == [
        "2024-01-05T06:00",
        "2024-01-05T23:00",
        "2024-01-08T06:00",
        "2024-01-09T09:00",
    ]
    assert placement.timeline.meta()["calendar"] == {"hours": [["06:00", "23:00"]], "weekdays": [0, 1, 2, 3, 4]}


def test_a_time_zone_counts_real_hours():
    placement, _ = placed(ROWS, freq="1h", start="31.3.2024 00:00", tz="Europe/Berlin")
    assert dates(placement)[:4].astype(str).tolist() == [
        f"2024-03-31T{clock}" for clock in ("00:00", "01:00", "03:00", "04:00")
    ]
    assert placement.timeline.meta()["start"] == "2024-03-31 00:00+01:00"


@pytest.mark.parametrize(
    ("options", "field", "fix"),
    [
        ({}, "freq", ("--freq", "--start")),
        ({"freq": "1h", "start": "soon"}, "start", "--start"),
        ({"freq": "1h", "start": "2024-01-01 00:00Z"}, "start", "--start"),
        ({"freq": "1h", "start": "2024-03-31 02:30", "tz": "Europe/Berlin"}, "start", "--start"),
        ({"freq": "1h", "start": "2024-01-01 05:00", "hours": "06:00-23:00"}, "start", "--hours"),
        ({"freq": "1h", "start": "2024-01-06", "weekdays": "mon-fri"}, "start", "--weekdays"),
        ({"freq": "1h", "tz": "Europe/Berlin"}, "tz", "--start"),
        ({"freq": "1h", "weekdays": "mon-fri"}, "weekdays", "--start"),
        ({"freq": "1h", "hours": "06:10-06:20"}, "hours", "--hours"),
        ({"freq": "1h", "align": "floor"}, "align", "omit --align"),
        ({"freq": "1h", "duplicates": "mean"}, "duplicates", "omit --duplicates"),
        ({"freq": "1h", "time_format": "%Y"}, "time_format", "omit --time-format"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, field, fix):
    with refuses(field, fix=fix):
        placed(ROWS, **options)


def test_a_long_table_needs_times():
    with refuses("file", fix="--time"):
        placed(RawSeries(np.zeros(4, np.float32), sensors=np.arange(4)), freq="1h")


def test_times_of_day_without_dates_stay_as_they_are():
    series = RawSeries(np.zeros((40, 2), np.float32), timestamps=hours(40, 7))
    placement, _ = placed(series)
    assert placement.timeline.timestamps() is series.timestamps
    assert placement.timeline.rule is None and placement.timeline.meta() == {} and "07:00" in placement.notes[0]
    dated, _ = placed(series, start="2024-01-01 07:00")
    np.testing.assert_array_equal(dated.timeline.timestamps(), series.timestamps)
    with refuses("start", fix="--start"):
        placed(series, start="2024-01-01 06:00")

"""Series of a clock that changes in spring and autumn."""

import numpy as np
import pandas as pd
import pytest
from data.times.placed import dates, every, gaps, placed, texts, wide
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refuses

from basicts_elin.data.io.raw import RawSeries
from basicts_elin.data.times.zones import to_local

BERLIN = "Europe/Berlin"
ZONES = [BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
SPRING, AUTUMN = every(15, "2024-03-30", "2024-04-02"), every(15, "2024-10-26", "2024-10-29")


def local(instants, zone=BERLIN):
    return to_local(instants, zone)


@pytest.mark.parametrize("instants", [SPRING, AUTUMN], ids=["spring", "autumn"])
@pytest.mark.parametrize("backwards", [False, True])
def test_with_a_time_zone_the_grid_is_real_time(instants, backwards):
    times = local(instants)
    placement, values = placed(times[::-1] if backwards else times, tz=BERLIN)
    np.testing.assert_array_equal(placement.timeline.instants(), instants)
    np.testing.assert_array_equal(dates(placement), times)
    expected = np.arange(len(times))
    assert values[:, 0].tolist() == (expected[::-1] if backwards else expected).tolist()
    assert placement.gaps == []
    assert placement.timeline.meta()["timezone"] == BERLIN


def test_change_days_have_23_and_25_hours():
    for instants, hours in ((SPRING, 23), (AUTUMN, 25)):
        days = dates(placed(local(instants), tz=BERLIN)[0]).astype("datetime64[D]")
        sunday = days[np.flatnonzero(days == np.datetime64("2024-03-31" if hours == 23 else "2024-10-27"))]
        assert len(sunday) == 4 * hours


def test_without_a_time_zone_the_autumn_hour_is_a_duplicate():
    with refuses("file", found="4 rows", fix=("--tz", "--duplicates")):
        placed(local(AUTUMN))


def test_without_a_time_zone_the_spring_hour_is_a_gap():
    placement, _ = placed(local(SPRING))
    assert gaps(placement) == [("2024-03-31 02:00", 4)]
    assert any("--tz" in note for note in placement.notes)


def test_a_time_that_the_clock_never_shows_is_refused():
    with refuses("file", found=("4 of 288", "2024-03-31T02:00", "row 104"), fix="--tz Etc/GMT-1"):
        placed(SPRING, tz=BERLIN)
    placement, _ = placed(SPRING, tz="Etc/GMT-1")
    np.testing.assert_array_equal(dates(placement), SPRING)


def test_one_occurrence_of_the_autumn_hour_is_the_first():
    instants = np.delete(AUTUMN, np.flatnonzero(np.datetime64("2024-10-27T01:00") <= AUTUMN)[:4])
    placement, _ = placed(local(instants), tz=BERLIN)
    assert gaps(placement) == [("2024-10-27 02:00", 4)]
    np.testing.assert_array_equal(placement.timeline.instants(), AUTUMN)
    assert any("4 times" in note and "only once" in note for note in placement.notes)


CHANGE = int(np.flatnonzero(np.datetime64("2024-10-27T00:00") == AUTUMN)[0])


@pytest.mark.parametrize("split", range(CHANGE - 1, CHANGE + 10))
@pytest.mark.parametrize("stop", [1, 2, 100])
def test_rows_that_are_added_go_on_after_those_that_are_there(split, stop):
    added = AUTUMN[split : split + stop]
    placement, _ = placed(local(added), after=AUTUMN[split - 1], tz=BERLIN, freq="15min")
    np.testing.assert_array_equal(placement.timeline.instants(), added)
    is_noted = any("are taken as the second" in note for note in placement.notes)
    assert is_noted == bool(np.isin(added, AUTUMN[CHANGE + 4 : CHANGE + 8]).any() and split > CHANGE)


@pytest.mark.parametrize(("hour", "first"), [("2024-10-26T23:00", "00:00"), ("2024-10-27T00:00", "01:00")])
def test_each_sensor_that_is_added_goes_on(hour, first):
    times = np.array(["2024-10-27T02:00"] * 2, "datetime64[m]")
    file = RawSeries(np.zeros(2, np.float32), times=times, sensors=np.arange(2), node_names=["a", "b"])
    placement, _ = placed(file, after=np.datetime64(hour), tz=BERLIN, freq="1h")
    assert placement.timeline.instants()[0] == np.datetime64(f"2024-10-27T{first}") and len(placement.notes) == 1


def test_an_hour_that_the_file_has_twice_is_not_moved():
    placement, _ = placed(local(AUTUMN), after=np.datetime64("2024-10-27T00:30"), tz=BERLIN)
    np.testing.assert_array_equal(placement.timeline.instants(), AUTUMN)


def test_the_start_of_rows_without_times_goes_on_after_those_that_are_there():
    file = RawSeries(np.zeros((3, 1), np.float32))
    for after, hour in (("2024-10-26T23:00", "00:00"), ("2024-10-27T00:00", "01:00")):
        options = {"start": "2024-10-27 02:00", "freq": "1h", "tz": BERLIN}
        placement, _ = placed(file, after=np.datetime64(after), **options)
        assert placement.timeline.start == np.datetime64(f"2024-10-27T{hour}")


def test_a_third_occurrence_is_a_duplicate():
    times = local(AUTUMN)
    twice = times == np.datetime64("2024-10-27T02:15")
    with refuses("file", found="1 row", fix="--duplicates"):
        placed(np.r_[times, times[twice][:1]], tz=BERLIN)


def test_each_sensor_of_a_long_table_has_its_own_hours():
    times = local(AUTUMN)
    series = RawSeries(
        np.arange(2.0 * len(times), dtype=np.float32),
        times=np.r_[times, times],
        sensors=np.repeat([0, 1], len(times)),
        node_names=["a", "b"],
    )
    placement, values = placed(series, tz=BERLIN)
    np.testing.assert_array_equal(placement.timeline.instants(), AUTUMN)
    np.testing.assert_array_equal(values.T.ravel(), series.values)


@pytest.mark.parametrize("instants", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_offsets_need_no_rule(instants):
    written = texts(*pd.DatetimeIndex(instants, tz="UTC").tz_convert(BERLIN).astype(str))
    placement, _ = placed(written, tz=BERLIN)
    np.testing.assert_array_equal(dates(placement), local(instants))
    with refuses("file", found="different offsets", fix="--tz"):
        placed(written)


def test_one_offset_is_a_clock():
    written = texts(*(f"{time}+05:30" for time in SPRING.astype(str)))
    placement, _ = placed(written)
    np.testing.assert_array_equal(dates(placement), SPRING)
    assert "timezone" not in placement.timeline.meta() and "+05:30" in placement.notes[0]


@pytest.mark.parametrize("zone", ZONES)
def test_times_in_utc_are_read_by_a_clock(zone):
    placement, values = placed(wide(AUTUMN, zone="UTC"), tz=zone)
    np.testing.assert_array_equal(dates(placement), local(AUTUMN, zone))
    assert values[:, 0].tolist() == list(range(len(AUTUMN)))
    np.testing.assert_array_equal(dates(placed(wide(AUTUMN, zone="UTC"))[0]), AUTUMN)


def test_days_are_those_of_the_clock():
    midnights = pd.date_range("2024-03-01", "2024-12-01", freq="D", tz=BERLIN)
    placement, _ = placed(texts(*midnights.astype(str)), tz=BERLIN)
    np.testing.assert_array_equal(dates(placement), midnights.tz_localize(None).to_numpy())
    assert placement.timeline.interval_minutes == 1440 and "timezone" not in placement.timeline.meta()


def test_a_metro_has_its_calendar_by_the_clock():
    instants = every(60, "2024-01-01", "2024-12-31")
    hour = (local(instants) - local(instants).astype("datetime64[D]")) // np.timedelta64(1, "h")
    open_ = instants[(hour >= 6) & (hour <= 23)]
    placement, _ = placed(local(open_), tz=BERLIN)
    assert placement.timeline.meta()["calendar"] == {"hours": [["06:00", "23:00"]]}
    np.testing.assert_array_equal(placement.timeline.instants(), open_)
    assert placement.gaps == []


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    minutes=st.sampled_from([5, 15, 30, 60]),
    day=st.integers(0, 720),
    length=st.integers(40, 400),
)
def test_clock_times_in_order_come_back_as_they_were(zone, minutes, day, length):
    start = np.datetime64("2023-01-01", "m") + day * np.timedelta64(1440, "m")
    instants = start + np.arange(length) * minutes * np.timedelta64(1, "m")
    placement, values = placed(local(instants, zone), tz=zone, freq=f"{minutes}min")
    grid, rows = placement.timeline.instants(), ~np.isnan(values[:, 0])
    np.testing.assert_array_equal(dates(placement), local(grid, zone))
    # Only a series that starts or ends within the hour that comes twice has times that can be read in two ways.
    if rows.all() and len(grid) == length:
        np.testing.assert_array_equal(local(grid, zone), local(instants, zone))
        np.testing.assert_array_equal(values[:, 0], np.arange(length))
    else:
        assert any("only once" in note for note in placement.notes)


@pytest.mark.parametrize("start", ["2024-03-20", "2024-10-20", "2024-06-01"])
@pytest.mark.parametrize("hours", [3, 6, 12])
@pytest.mark.parametrize("freq", [None, "given"])
def test_rows_of_several_hours_run_by_the_clock(start, hours, freq):
    times = every(60 * hours, start, np.datetime64(start) + np.timedelta64(25, "D"))
    placement, _ = placed(times, tz=BERLIN, freq=freq and f"{hours}h")
    assert placement.timeline.timezone is None and placement.gaps == []
    np.testing.assert_array_equal(dates(placement), times)
    assert any(f"every {hours} hours are counted by the clock" in note for note in placement.notes)


@pytest.mark.parametrize("start", ["2024-03-20", "2024-10-20", "2024-06-01"])
def test_rows_of_several_hours_may_run_in_real_time(start):
    instants = every(180, start, np.datetime64(start) + np.timedelta64(25, "D"))
    placement, _ = placed(wide(instants, "UTC"), tz=BERLIN)
    assert placement.timeline.timezone == BERLIN
    np.testing.assert_array_equal(placement.timeline.instants(), instants)


def test_an_hour_is_not_kept_by_a_change_of_half_an_hour():
    times = every(60, "2024-04-05", "2024-04-09")
    placement, _ = placed(times, tz="Australia/Lord_Howe")
    assert placement.timeline.timezone is None
    np.testing.assert_array_equal(dates(placement), times)

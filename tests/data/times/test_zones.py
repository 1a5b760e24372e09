"""Clock time and real time."""

import zoneinfo
from datetime import timezone

import numpy as np
import pytest
from data.times.placed import every
from refusal import refuses

from basicts_elin.data.times.zones import check_zone, never_shown, shown_twice, to_local, to_utc

# summer time in the north and the south, a change of half an hour, none, a change at midnight, and to another day
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Cairo",
    "Pacific/Apia",
    "Africa/Casablanca",
    "UTC",
]
HOURS_SHOWN_TWICE = {"Europe/Berlin": 1, "America/New_York": 1, "Australia/Lord_Howe": 0.5, "Asia/Kolkata": 0, "UTC": 0}


@pytest.mark.parametrize("zone", ZONES)
def test_the_clock_is_that_of_the_standard_library(zone):
    instants = every(15, "2011-12-01", "2012-02-01").tolist() + every(15, "2023-01-01", "2025-01-01")[::7].tolist()
    expected = [
        time.replace(tzinfo=timezone.utc).astimezone(zoneinfo.ZoneInfo(zone)).replace(tzinfo=None) for time in instants
    ]
    found = to_local(np.array(instants, "datetime64[m]"), zone)
    np.testing.assert_array_equal(found, np.array(expected, "datetime64[m]"))


@pytest.mark.parametrize("zone", ZONES)
def test_local_times_come_back_as_the_first_or_the_second(zone):
    instants = every(15, "2023-01-01", "2026-01-01")
    local = to_local(instants, zone)
    first, second = to_utc(local, zone), to_utc(local, zone, second=True)
    twice = shown_twice(local, zone)
    np.testing.assert_array_equal(first[~twice], instants[~twice])
    np.testing.assert_array_equal(second[~twice], instants[~twice])
    assert ((first == instants) | (second == instants))[twice].all() and (first < second)[twice].all()
    assert not never_shown(local, zone).any()
    if zone in HOURS_SHOWN_TWICE:
        # each of three years has both occurrences
        assert twice.sum() == 3 * 2 * 4 * HOURS_SHOWN_TWICE[zone]


@pytest.mark.parametrize("unit", ["m", "s", "ms"])
def test_what_the_clock_skips_in_spring(unit):
    times = every(15, "2024-03-31 01:45", "2024-03-31 03:15").astype(f"datetime64[{unit}]")
    assert never_shown(times, "Europe/Berlin").tolist() == [False, True, True, True, True, False]
    assert not shown_twice(times, "Europe/Berlin").any()
    assert to_utc(times, "Europe/Berlin").dtype == times.dtype


@pytest.mark.parametrize(
    ("name", "like"), [("Europe/Berln", "Europe/Berlin"), ("CEST", "such as"), ("Europe", "Europe/")]
)
def test_an_unknown_zone_is_named(name, like):
    with refuses("tz", found=name, expected=like):
        check_zone(name)

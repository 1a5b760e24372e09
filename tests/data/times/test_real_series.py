"""Series of real networks, with the dates that their descriptions give them."""

import numpy as np
import pytest
from data.times.placed import dates, placed

from basicts_elin.data.io.raw import RawSeries
from basicts_elin.data.times.dates import minutes_of_day, weekdays_of
from basicts_elin.data.times.zones import to_local


@pytest.fixture
def real(shared):
    def load(file):
        with np.load(shared / "data" / file, allow_pickle=False) as archive:
            return archive["data"][..., 0].astype(np.float32)

    return load


def test_a_metro_of_eighteen_hours(real):
    values = real("Chongqing_metro_113/Metro_Chongqing.npz")
    by_hours, found = placed(RawSeries(values), freq="1h", start="2016-08-01 06:00", hours="06:00-23:00")
    times = dates(by_hours)
    assert found is values and str(times[-1]) == "2017-07-31T23:00"
    assert set(minutes_of_day(times) // 60) == set(range(6, 24))
    by_dates, found = placed(RawSeries(values, times=times))
    assert by_dates.timeline.meta() == by_hours.timeline.meta() and found is values


def test_a_highway_on_weekdays(real):
    values = real("PeMSD7M_34days/PeMSD7M_first34days.npz")
    by_days, found = placed(RawSeries(values), freq="5min", start="2012-05-01", weekdays="mon-fri")
    times = dates(by_days)
    assert found is values and len(np.unique(times.astype("datetime64[D]"))) == 34
    assert set(weekdays_of(times)) == set(range(5))
    by_dates, _ = placed(RawSeries(values, times=times))
    assert by_dates.timeline.meta() == by_days.timeline.meta() and by_dates.gaps == []


def test_a_motorway_by_the_hour_in_any_time_zone(real):
    values = real("Yinchuan_highway_108/yinchuan_hourly.npz")
    instants = np.datetime64("2021-06-01", "m") + np.arange(len(values)) * np.timedelta64(60, "m")
    for zone in ("Asia/Shanghai", "Asia/Kolkata"):
        placement, found = placed(RawSeries(values, times=instants, zone="UTC"), tz=zone)
        assert found is values
        np.testing.assert_array_equal(dates(placement), to_local(instants, zone))

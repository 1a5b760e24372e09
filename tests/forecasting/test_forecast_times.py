"""The times of forecasts: clocks, their changes, calendars, series without dates."""

import numpy as np
import pandas as pd
import pytest
from forecasting.untrained import forecaster_of
from refusal import refuses

from basicts_elin.data.io.frames import read_frame
from basicts_elin.data.times.dates import model_timestamps, weekday_offset
from basicts_elin.data.times.options import TimeOptions
from basicts_elin.forecasting.tables.clock import Clock
from basicts_elin.forecasting.tables.inputs import InputOptions, read_history


def table(index, sensors=3):
    values = np.arange(len(index) * sensors, dtype=float).reshape(len(index), sensors)
    return pd.DataFrame(values, index, [f"s{number}" for number in range(sensors)])


def future(forecaster, index, **options):
    return forecaster.predict(table(index), **options).index


def test_without_a_zone_the_clock_goes_on():
    index = pd.date_range("2024-03-31 00:00", periods=12, freq="15min")
    found = future(forecaster_of(interval=15), index)
    assert list(found) == list(pd.date_range("2024-03-31 03:00", periods=12, freq="15min"))


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        # an hour that the clock skips
        ("2024-03-30 22:30", ["2024-03-31 01:30", "2024-03-31 01:45", "2024-03-31 03:00"]),
        # an hour that comes twice
        ("2024-10-26 23:30", ["2024-10-27 02:30", "2024-10-27 02:45", "2024-10-27 02:00"]),
    ],
)
def test_naive_times_of_a_zone_follow_its_clock_changes(first, expected):
    index = pd.date_range(first, periods=12, freq="15min")
    found = future(forecaster_of(interval=15, timezone="Europe/Berlin"), index)
    assert found.tz is None
    assert [f"{time:%Y-%m-%d %H:%M}" for time in found[:3]] == expected


def test_times_with_a_zone_keep_it():
    index = pd.date_range("2024-10-26 22:00", periods=12, freq="15min", tz="UTC")
    found = future(forecaster_of(interval=15, timezone="Europe/Berlin"), index)
    assert str(found.tz) == "UTC" and found[0] == index[-1] + pd.Timedelta("15min")
    berlin = future(forecaster_of(interval=15, timezone="Europe/Berlin"), index.tz_convert("Europe/Berlin"))
    assert str(berlin.tz) == "Europe/Berlin" and list(berlin) == list(found)


def test_texts_with_an_offset_keep_it():
    index = pd.date_range("2024-06-01 08:00", periods=12, freq="15min", tz="Europe/Berlin")
    frame = table(index).reset_index(names="time")
    frame["time"] = [time.isoformat() for time in frame["time"]]
    found = forecaster_of(interval=15, timezone="Europe/Berlin").predict(frame)["time"]
    assert found[0] == index[-1] + pd.Timedelta("15min") and found[0].utcoffset() == pd.Timedelta("2h")


def test_an_offset_of_the_index_is_that_of_the_same_texts():
    index = pd.date_range("2024-06-01 08:00", periods=12, freq="15min", tz="+05:30")
    texts = table(index).reset_index(names="time").astype({"time": str})
    forecaster, naive = forecaster_of(interval=15), table(index.tz_localize(None))
    found = forecaster.predict(table(index))
    assert found.index[0] == index[-1] + pd.Timedelta("15min") and found.index[0].utcoffset() == pd.Timedelta("5h30min")
    stamps = [read_history(read_frame(frame), forecaster.facts).clock.timestamps() for frame in (naive, texts)]
    for one in stamps:
        np.testing.assert_array_equal(read_history(read_frame(table(index)), forecaster.facts).clock.timestamps(), one)


def test_the_model_sees_the_clock_of_its_zone_whatever_that_of_the_table():
    forecaster = forecaster_of(interval=60, timezone="Asia/Tokyo")
    index = pd.date_range("2024-06-02 10:00", periods=12, freq="h", tz="UTC")
    history = read_history(read_frame(table(index)), forecaster.facts)
    # 19:00 of a Sunday in Tokyo, then Monday
    assert history.clock.minutes()[0] == 19 * 60
    np.testing.assert_allclose(history.clock.timestamps()[[0, 5], 1], [6 / 7, 0], atol=1e-6)


def test_a_calendar_skips_the_night():
    calendar = {"hours": [["06:00", "23:00"]]}
    days = [pd.date_range(f"2024-06-0{day} 06:00", periods=18, freq="h") for day in (3, 4)]
    index = days[0].append(days[1])[10:30]
    found = future(forecaster_of(interval=60, calendar=calendar), index)
    expected = [*days[0].append(days[1])[30:], *pd.date_range("2024-06-05 06:00", periods=6, freq="h")]
    assert list(found) == expected


def test_a_calendar_of_weekdays_skips_the_weekend():
    index = pd.date_range("2024-06-07 12:00", periods=12, freq="h")
    found = future(forecaster_of(interval=60, calendar={"weekdays": [0, 1, 2, 3, 4]}), index)
    assert list(found) == list(pd.date_range("2024-06-10 00:00", periods=12, freq="h"))


def test_days_that_are_counted_from_another_weekday_are_found_again():
    # PEMS08: day 0 is Friday 2016-07-01
    dates = np.arange("2016-07-01T00:00", "2016-07-20T00:00", 5, dtype="datetime64[m]")
    rows = np.arange(len(dates))
    stamps = np.stack([rows % 288 / 288, rows // 288 % 7 / 7], axis=1).astype(np.float32)
    offset = weekday_offset(dates, stamps)
    assert offset == 3
    np.testing.assert_allclose(model_timestamps(dates[1000:2000], 5, offset), stamps[1000:2000], atol=1e-6)


def test_days_without_a_rule_have_no_offset():
    dates = np.arange("2024-01-01", "2024-01-08", dtype="datetime64[D]").astype("datetime64[m]")
    stamps = np.stack([np.zeros(7), np.array([0, 1, 2, 3, 4, 5, 5]) / 7], axis=1)
    assert weekday_offset(dates, stamps) is None


class TestWithoutDates:
    """A model that was trained without dates counts its rows."""

    FIRST = 5 * 1440 + 23 * 60  # its row 0 is at 23:00 of day 5

    def forecaster(self):
        return forecaster_of(interval=60, weekday_offset=None, minute_of_week=self.FIRST)

    def test_the_number_of_the_first_row_is_needed(self):
        index = pd.date_range("2024-06-07", periods=12, freq="h")
        with refuses("first_row", found="missing", fix="--first-row"):
            future(self.forecaster(), index)

    def test_rows_are_counted_on(self):
        index = pd.date_range("2024-06-07", periods=12, freq="h")
        options = InputOptions(first_row=50)
        forecaster = self.forecaster()
        history = read_history(read_frame(table(index)), forecaster.facts, options)
        minutes = (self.FIRST + 60 * (50 + np.arange(24))) % 10080
        np.testing.assert_allclose(
            history.clock.timestamps(), np.stack([minutes % 1440 / 1440, minutes // 1440 / 7], 1), atol=1e-6
        )
        assert list(future(forecaster, index, options=options)) == list(
            pd.date_range("2024-06-07 12:00", periods=12, freq="h")
        )

    def test_a_table_without_times_is_numbered(self):
        frame = table(pd.RangeIndex(12)).reset_index(drop=True)
        found = self.forecaster().predict(frame, options=InputOptions(first_row=50))
        assert list(found.index) == list(range(62, 74))


def test_a_model_with_dates_takes_no_row_number():
    with refuses("first_row", found="3"):
        future(forecaster_of(), pd.date_range("2024-06-07", periods=12, freq="5min"), options=InputOptions(first_row=3))


def test_a_table_without_times_needs_its_start():
    frame = table(pd.RangeIndex(12)).reset_index(drop=True)
    with refuses("data", found="no times", fix="--start"):
        forecaster_of().predict(frame)
    found = forecaster_of().predict(frame, options=InputOptions(TimeOptions(start="2024-06-07 08:00")))
    assert found.index[0] == pd.Timestamp("2024-06-07 09:00")


def test_the_clock_has_a_time_for_each_row_and_step():
    forecaster = forecaster_of()
    history = read_history(read_frame(table(pd.date_range("2024-06-07", periods=20, freq="5min"))), forecaster.facts)
    clock: Clock = history.clock
    assert {len(array) for array in (clock.timestamps(), clock.minutes(), clock.local(), clock.index())} == {32}

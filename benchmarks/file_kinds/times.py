"""Times as files write them."""

from pathlib import Path

import numpy as np
import pandas as pd

from .kind import SENSORS, START, kind, table

GROUP = "Times"
SPRING, AUTUMN = "2024-03-28 00:00", "2024-10-24 00:00"
BERLIN = "Europe/Berlin"


def _write(frame: pd.DataFrame) -> str:
    frame.to_csv("data.csv", index_label="time")
    return "data.csv"


def _texts(format: str, frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_axis(frame.index.strftime(format))


def _unix(name: str, scale: int) -> str:
    frame = table()
    seconds = (frame.index - pd.Timestamp(0)) // pd.Timedelta("1s")
    frame.set_axis(seconds * scale).to_csv("data.csv", index_label=name)
    return "data.csv"


def _local(start: str) -> pd.DataFrame:
    """Ten days or so by the clock of Berlin, an hour apart in real time."""
    times = pd.date_range(pd.Timestamp(start, tz=BERLIN), periods=240, freq="1h")
    return table().set_axis(times.tz_localize(None))


def _without(rows: slice) -> tuple[pd.DataFrame, np.ndarray]:
    """The table without some rows, and the values that must be prepared."""
    frame = table()
    values = frame.to_numpy(copy=True)
    values[rows] = np.nan
    return frame.drop(frame.index[rows]), values


@kind(GROUP, "with an offset")
def _(folder: Path) -> str:
    return _write(table().tz_localize("Etc/GMT-3"))


@kind(GROUP, "with an offset that changes", refused=("file", "--tz"))
def _(folder: Path) -> str:
    return _write(table(start=SPRING).tz_localize(BERLIN, nonexistent="shift_forward", ambiguous=True)[:240])


@kind(GROUP, "with an offset that changes, and the zone", "--tz", BERLIN, dates=_local(SPRING).index.to_numpy())
def _(folder: Path) -> str:
    frame = _local(SPRING)
    times = pd.date_range(pd.Timestamp(SPRING, tz=BERLIN), periods=240, freq="1h")
    return _write(frame.set_axis(times))


@kind(GROUP, "of a clock that changes in spring", "--tz", BERLIN, dates=_local(SPRING).index.to_numpy())
def _(folder: Path) -> str:
    return _write(_local(SPRING))


@kind(GROUP, "of a clock that changes in autumn", "--tz", BERLIN, dates=_local(AUTUMN).index.to_numpy())
def _(folder: Path) -> str:
    return _write(_local(AUTUMN))


@kind(GROUP, "of a clock that changes in autumn, without the zone", refused=("file", "2024-10-27 02:00", "--tz"))
def _(folder: Path) -> str:
    return _write(_local(AUTUMN))


def _three_hourly() -> pd.DataFrame:
    return table(days=30, minutes=180, start=AUTUMN)


@kind(
    GROUP,
    "every 3 hours of a clock that changes",
    "--tz",
    BERLIN,
    dates=_three_hourly().index.to_numpy(),
    values=_three_hourly().to_numpy(),
)
def _(folder: Path) -> str:
    return _write(_three_hourly())


@kind(GROUP, "that the clock never shows", "--tz", BERLIN, refused=("file", "2024-03-31 02:00"))
def _(folder: Path) -> str:
    return _write(table(start=SPRING))


@kind(GROUP, "in Unix seconds, in a column `ts`")
def _(folder: Path) -> str:
    return _unix("ts", 1)


@kind(GROUP, "in Unix milliseconds, in a first column of any name")
def _(folder: Path) -> str:
    return _unix("reported", 1000)


@kind(GROUP, "as `Date` and `Hour`")
def _(folder: Path) -> str:
    frame = table()
    frame.insert(0, "Hour", frame.index.hour)
    frame.insert(0, "Date", frame.index.strftime("%Y-%m-%d"))
    frame.to_csv("data.csv", index=False)
    return "data.csv"


@kind(GROUP, "a day in each row, and its hours as columns", refused=("file", "00:00", "frame.melt(['Date']"))
def _(folder: Path) -> str:
    hours = pd.DataFrame(np.arange(240.0).reshape(10, 24), columns=[f"{hour:02}:00" for hour in range(24)])
    hours.insert(0, "Date", pd.date_range(START, periods=10).strftime("%Y-%m-%d"))
    hours.to_csv("data.csv", index=False)
    return "data.csv"


@kind(GROUP, "in a zone that does not exist", "--tz", "Europe/Atlantis", refused=("tz", "Europe/Atlantis"))
def _(folder: Path) -> str:
    return _write(table())


@kind(GROUP, "in Unix seconds")
def _(folder: Path) -> str:
    frame = table()
    return _write(frame.set_axis((frame.index - pd.Timestamp(0)) // pd.Timedelta("1s")))


@kind(GROUP, "in Unix milliseconds")
def _(folder: Path) -> str:
    frame = table()
    return _write(frame.set_axis((frame.index - pd.Timestamp(0)) // pd.Timedelta("1ms")))


@kind(GROUP, "as day/month/year: the 13th decides")
def _(folder: Path) -> str:
    return _write(_texts("%d/%m/%Y %H:%M", table()))


@kind(GROUP, "as month/day/year: the 13th decides")
def _(folder: Path) -> str:
    return _write(_texts("%m/%d/%Y %H:%M", table()))


@kind(GROUP, "as 01/02/2024: only one order is regular", dates=table(start="2024-02-01").index.to_numpy())
def _(folder: Path) -> str:
    return _write(_texts("%d/%m/%Y %H:%M", table(start="2024-02-01")))


@kind(GROUP, "in a format of its own", "--time-format", "%Y week day %j at %Hh")
def _(folder: Path) -> str:
    return _write(_texts("%Y week day %j at %Hh", table()))


@kind(GROUP, "as 2024030405, a date and an hour: as seconds they are not regular")
def _(folder: Path) -> str:
    return _write(_texts("%Y%m%d%H", table()))


@kind(
    GROUP,
    "as 2024030405 at irregular hours, which may be seconds",
    refused=("file", "2024030400", "--time-format %Y%m%d%H"),
)
def _(folder: Path) -> str:
    return _write(_texts("%Y%m%d%H", table()[[hour % 24 in (0, 1, 5, 7, 16) for hour in range(240)]]))


@kind(GROUP, "as 2024-03-04-05, where 05 may be an offset", refused=("file", "--time-format %Y-%m-%d-%H"))
def _(folder: Path) -> str:
    return _write(_texts("%Y-%m-%d-%H", table()))


@kind(GROUP, "as 2024-03-04-05, in its format", "--time-format", "%Y-%m-%d-%H")
def _(folder: Path) -> str:
    return _write(_texts("%Y-%m-%d-%H", table()))


@kind(GROUP, "that cannot be read", refused=("file", "tomorrow"))
def _(folder: Path) -> str:
    frame = table()
    return _write(frame.set_axis(["tomorrow" if row == 7 else str(time) for row, time in enumerate(frame.index)]))


@kind(GROUP, "in any order")
def _(folder: Path) -> str:
    return _write(table().sample(frac=1, random_state=0))


@kind(GROUP, "twice", refused=("file", "1 ", "--duplicates"))
def _(folder: Path) -> str:
    return _write(pd.concat([table(), table()[20:21]]))


@kind(GROUP, "twice, their mean", "--duplicates", "mean")
def _(folder: Path) -> str:
    frame = table()
    other = frame[20:21] + 2
    frame.iloc[20] -= 2
    return _write(pd.concat([frame, other]))


@kind(GROUP, "twice, the first", "--duplicates", "first")
def _(folder: Path) -> str:
    return _write(pd.concat([table(), table()[20:21] + 2]))


@kind(GROUP, "a few seconds off", refused=("file", "--freq 60min", "--align nearest"))
def _(folder: Path) -> str:
    frame = table()
    return _write(frame.set_axis(frame.index + pd.to_timedelta(np.arange(240) % 7, unit="s")))


@kind(GROUP, "a few seconds late, moved to the hour before", "--freq", "1h", "--align", "floor")
def _(folder: Path) -> str:
    frame = table()
    return _write(frame.set_axis(frame.index + pd.to_timedelta(np.arange(240) % 7, unit="s")))


@kind(GROUP, "a few seconds early or late, moved to the nearest hour", "--freq", "1h", "--align", "nearest")
def _(folder: Path) -> str:
    frame = table()
    return _write(frame.set_axis(frame.index + pd.to_timedelta(np.arange(240) % 7 - 3, unit="s")))


@kind(GROUP, "with a gap of nine rows", values=_without(slice(150, 159))[1])
def _(folder: Path) -> str:
    return _write(_without(slice(150, 159))[0])


@kind(GROUP, "without an interval", refused=("file", "--freq"))
def _(folder: Path) -> str:
    generator = np.random.default_rng(0)
    times = pd.Timestamp(START) + pd.to_timedelta(generator.integers(1, 900, 240).cumsum(), unit="min")
    return _write(table().set_axis(times))


@kind(GROUP, "every 7 minutes, which do not divide the day", refused=("file", "7"))
def _(folder: Path) -> str:
    return _write(table().set_axis(pd.date_range(START, periods=240, freq="7min")))


@kind(GROUP, "every month", refused=("file", "every month"))
def _(folder: Path) -> str:
    return _write(table().set_axis(pd.date_range(START, periods=240, freq="MS")))


@kind(GROUP, "every day")
def _(folder: Path) -> str:
    return _write(table().set_axis(pd.date_range(START, periods=240, freq="1D")))


def _operating(days: int = 14) -> pd.DataFrame:
    times = pd.date_range(START, periods=24 * days, freq="1h")
    return table(days).set_axis(times)[(times.hour >= 6)]


@kind(
    GROUP, "from 06:00 to 23:00, as a metro runs", values=_operating().to_numpy(), dates=_operating().index.to_numpy()
)
def _(folder: Path) -> str:
    return _write(_operating())


@kind(GROUP, "every hour, with a finer --freq", "--freq", "5min", refused=("freq", "rows every 1 hour", "--freq 1h"))
def _(folder: Path) -> str:
    return _write(table())


def _three_quarters() -> tuple[pd.DataFrame, np.ndarray]:
    """Rows at :00, :15 and :30, and the values that must be prepared."""
    frame = table(minutes=15)
    is_lost = frame.index.minute == 45
    values = frame.to_numpy(copy=True)
    values[is_lost] = np.nan
    return frame[~is_lost], values[:-1]


@kind(GROUP, "every 15 minutes, but never at :45: gaps, no calendar", values=_three_quarters()[1])
def _(folder: Path) -> str:
    return _write(_three_quarters()[0])


def _weekdays() -> pd.DataFrame:
    frame = table(21)
    return frame[frame.index.weekday < 5]


@kind(GROUP, "of weekdays only", values=_weekdays().to_numpy(), dates=_weekdays().index.to_numpy())
def _(folder: Path) -> str:
    return _write(_weekdays())


@kind(
    GROUP,
    "none, with the calendar of a metro",
    *("--start", "2024-03-04 06:00", "--freq", "1h", "--hours", "06:00-23:00"),
    values=_operating().to_numpy(),
    dates=_operating().index.to_numpy(),
)
def _(folder: Path) -> str:
    np.save("data.npy", _operating().to_numpy())
    return "data.npy"


@kind(GROUP, "none in a table", refused=("freq", "--start"))
def _(folder: Path) -> str:
    table()[SENSORS].to_csv("data.csv", index=False)
    return "data.csv"

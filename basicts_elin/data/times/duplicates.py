"""Rows of one time of one sensor. R: rows of a file."""

from typing import Optional

import numpy as np

from ...errors import UserError
from ..io.raw import RawSeries
from .dates import weekdays_of
from .options import Placement


def check_duplicates(
    series: RawSeries, placement: Placement, texts: np.ndarray, *, clock_changes: bool
) -> tuple[str, ...]:
    """What becomes of rows that fall on the same time.

    Args:
        texts: the times as written, [R].
        clock_changes: whether an autumn hour may be the reason.
    Raises: UserError if there are such rows, and `placement.duplicates` is None.
    """
    rows = placement.rows
    if not has_duplicates(rows, series.sensors, placement.timeline.num_rows):
        return ()
    which = occurrences(rows, series.sensors)
    again = np.flatnonzero(which > 0)
    row = int(again[0])
    same = rows == rows[row]
    same &= True if series.sensors is None else series.sensors == series.sensors[row]
    first = int(same.argmax())
    of = "" if series.sensors is None else f" of sensor {_name(series, series.sensors[row])}"
    count = f"{len(again)} row{'s' if len(again) > 1 else ''}"
    found = f"{count} at a time that another row has, such as {texts[row]}{of} in rows {first} and {row}"
    if placement.duplicates is not None:
        kept = {"mean": "their mean is taken", "first": "the first measured value is taken"}[placement.duplicates]
        return (f"duplicates: {found}; {kept}",)
    fix = "give --duplicates mean or --duplicates first"
    dates = placement.timeline.dates()
    if clock_changes and dates is not None and _in_autumn_hours(dates[rows[again]]):
        fix = f"name the time zone by --tz, whose clock shows an hour twice in autumn, or {fix}"
    raise UserError("file", found, "one row for each time" if not of else "one row for each time of a sensor", fix)


def has_duplicates(rows: np.ndarray, sensors: Optional[np.ndarray], num_rows: int) -> bool:
    """Whether two rows have the same place, without sorting them."""
    num_sensors = 1 if sensors is None else int(sensors.max()) + 1
    taken = np.zeros(num_rows * num_sensors, bool)
    taken[rows if sensors is None else rows * num_sensors + sensors] = True
    return bool(np.count_nonzero(taken) < len(rows))


def occurrences(rows: np.ndarray, sensors: Optional[np.ndarray]) -> np.ndarray:
    """int64 [R]: how many rows of the same place, and sensor, come before each one."""
    num_sensors = 1 if sensors is None else int(sensors.max()) + 1
    places = rows if sensors is None else rows * num_sensors + sensors
    order = np.argsort(places, kind="stable")
    starts = np.r_[True, np.diff(places[order]) != 0]
    index = np.arange(len(rows))
    which = np.empty(len(rows), np.int64)
    which[order] = index - np.maximum.accumulate(np.where(starts, index, 0))
    return which


def _name(series: RawSeries, sensor: int) -> str:
    return str(sensor) if series.node_names is None else series.node_names[sensor]


def _in_autumn_hours(dates: np.ndarray) -> bool:
    """Whether the dates are those of nights from Saturday to Sunday, an hour or less in each."""
    days = dates.astype("datetime64[D]")
    in_the_night = (weekdays_of(dates) == 6) & (dates - days < np.timedelta64(4, "h"))
    spans = [np.ptp(dates[days == day]) for day in np.unique(days)]
    return bool(in_the_night.all()) and max(spans) < np.timedelta64(60, "m")

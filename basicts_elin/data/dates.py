"""Dates of rows: what models see of them, and what is missing between them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import UserError
from .catalog import DAYS_PER_WEEK, MINUTES_PER_DAY

_MINUTE = np.timedelta64(1, "m")
# datetime64 counts days from 1970-01-01, a Thursday; Monday is day 0
_FIRST_WEEKDAY = 3

# of a step: a time computed in float32 is nearly, but not exactly, a multiple of the step
_OFF_GRID = 0.05


@dataclass(frozen=True)
class Gap:
    """Rows that are missing between two others.

    Attributes:
        after: time of the last row before it, datetime64[m].
        steps: how many are missing.
        interval_minutes: minutes between rows.
    """

    after: np.datetime64
    steps: int
    interval_minutes: int

    @property
    def length(self) -> np.timedelta64:
        return self.steps * self.interval_minutes * _MINUTE

    @property
    def first(self) -> np.datetime64:
        """The first time that is missing."""
        return self.after + self.interval_minutes * _MINUTE

    @property
    def is_clock_change(self) -> bool:
        """True for the hour that summer time skips in the United States since 2007: 2:00 on March's second Sunday."""
        first = self.first.item()
        is_second_sunday = first.month == 3 and first.weekday() == 6 and 8 <= first.day <= 14
        return is_second_sunday and (first.hour, first.minute) == (2, 0) and self.length == 60 * _MINUTE

    def __str__(self) -> str:
        kind = "clock change" if self.is_clock_change else "gap"
        last = format_time(self.after + self.length)
        return f"{kind}: {format_time(self.first)} to {last} missing ({self.steps} steps)"


def format_time(time: np.datetime64) -> str:
    return str(time.astype("datetime64[m]")).replace("T", " ")


def date_timestamps(dates: np.ndarray) -> np.ndarray:
    """Time of day and day of week / 7, Monday = 0: float32 [T, 2] in [0, 1), of dates datetime64[m] [T]."""
    days = dates.astype("datetime64[D]")
    time_of_day = (dates - days) / _MINUTE / MINUTES_PER_DAY
    day_of_week = (days.astype(int) + _FIRST_WEEKDAY) % DAYS_PER_WEEK / DAYS_PER_WEEK
    return np.stack([time_of_day, day_of_week], axis=1).astype(np.float32)


def find_gaps(dates: np.ndarray, interval_minutes: int) -> list[Gap]:
    """The gaps in dates datetime64[m] [T].

    Raises: UserError where a date is not later than the one before it, or not a multiple of the interval later.
    """
    minutes = np.diff(dates) // _MINUTE
    for wrong, reason in (
        (minutes <= 0, "is not later than the row before it"),
        (minutes % interval_minutes != 0, f"is no multiple of {interval_minutes} minutes later than the row before it"),
    ):
        if wrong.any():
            row = int(wrong.argmax()) + 1
            raise UserError(
                f"raw: the date {format_time(dates[row])} of row {row} {reason} ({format_time(dates[row - 1])}); "
                f"expected one row every {interval_minutes} minutes, gaps allowed: sort it, or drop what is double"
            )
    return [
        Gap(dates[row], int(minutes[row] // interval_minutes) - 1, interval_minutes)
        for row in np.flatnonzero(minutes > interval_minutes)
    ]


def check_timestamps(stamps: np.ndarray, steps_per_day: int, where: str, *, has_gaps: bool = False) -> None:
    """Raise UserError unless `stamps` [T, 2 or more] are times of a regular day, in their order.

    Args:
        where: what holds them, for the message.
        has_gaps: the order is not checked, because after a gap of six days the time is earlier in the week.
    """
    for column, (meaning, steps) in enumerate((("time of day", steps_per_day), ("day of week", DAYS_PER_WEEK))):
        times = np.asarray(stamps[:, column], dtype=np.float64)
        # written so that NaN fails too
        outside = ~((times >= 0) & (np.rint(times * steps) < steps))
        between = np.abs(times * steps - np.rint(times * steps)) > _OFF_GRID
        for wrong, expected in ((outside, "[0, 1)"), (between, f"a multiple of 1/{steps}")):
            if wrong.any():
                row = int(wrong.argmax())
                raise UserError(
                    f"{where}: the {meaning} of row {row} is {times[row]:g}; expected {expected}: make it again"
                )
    if has_gaps:
        return
    steps_per_week = DAYS_PER_WEEK * steps_per_day
    place = np.rint(stamps[:, 1] * DAYS_PER_WEEK).astype(int) * steps_per_day
    place += np.rint(stamps[:, 0] * steps_per_day).astype(int)
    steps = np.diff(place) % steps_per_week
    for wrong, what in (
        (steps == 0, "has the time of the row before it"),
        (steps > steps_per_week - steps_per_day, "is earlier than the row before it"),
    ):
        if wrong.any():
            row = int(wrong.argmax()) + 1
            raise UserError(f"{where}: row {row} {what}; expected rows in their order: sort it, or drop what is double")


def row_dates(start: str, num_rows: int, interval_minutes: int, gaps: Iterable[tuple[str, int]] = ()) -> np.ndarray:
    """datetime64[m] [num_rows] from the first date and the gaps in their order: last date before it, missing steps."""
    dates = np.datetime64(start, "m") + np.arange(num_rows) * interval_minutes * _MINUTE
    for after, steps in gaps:
        dates[dates > np.datetime64(after, "m")] += steps * interval_minutes * _MINUTE
    return dates

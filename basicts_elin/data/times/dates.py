"""Dates of rows: the timestamps that models see, and the gaps between dates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Optional

import numpy as np

from ...errors import UserError
from ..catalog import DAYS_PER_WEEK, MINUTES_PER_DAY

_MINUTE = np.timedelta64(1, "m")
# datetime64 counts days from 1970-01-01, a Thursday. Monday is day 0.
_FIRST_WEEKDAY = 3

# In steps. A time computed in float32 is nearly, but not exactly, a multiple of the step.
_OFF_GRID = 0.05


@dataclass(frozen=True)
class Gap:
    """Missing rows between two others.

    Attributes:
        after: date of the last row before the gap, datetime64[m].
        steps: number of missing rows.
        interval_minutes: minutes between rows.
        ends: the first and the last missing date; None if they follow from the interval. They do not where a calendar
            or the clock skips times.
    """

    after: np.datetime64
    steps: int
    interval_minutes: int
    ends: Optional[tuple[np.datetime64, np.datetime64]] = None

    @property
    def length(self) -> np.timedelta64:
        return self.steps * self.interval_minutes * _MINUTE

    @property
    def first(self) -> np.datetime64:
        """The first missing date."""
        return self.ends[0] if self.ends else self.after + self.interval_minutes * _MINUTE

    @property
    def last(self) -> np.datetime64:
        """The last missing date."""
        return self.ends[1] if self.ends else self.after + self.length

    @property
    def is_clock_change(self) -> bool:
        """Whether it is the hour that US daylight saving skips since 2007, 2:00 on the second Sunday of March."""
        first = datetime.fromisoformat(str(self.first))
        is_second_sunday = first.month == 3 and first.weekday() == 6 and 8 <= first.day <= 14
        return is_second_sunday and (first.hour, first.minute) == (2, 0) and bool(self.length == 60 * _MINUTE)

    def __str__(self) -> str:
        kind = "clock change" if self.is_clock_change else "gap"
        steps = f"{self.steps} step{'s' if self.steps > 1 else ''}"
        return f"{kind}: {format_time(self.first)} to {format_time(self.last)} missing ({steps})"


def format_time(time: np.datetime64) -> str:
    return str(time.astype("datetime64[m]")).replace("T", " ")


def minutes_of_day(dates: np.ndarray) -> np.ndarray:
    """int64 [T] of dates datetime64 [T]."""
    return (dates - dates.astype("datetime64[D]")) // _MINUTE


def weekdays_of(dates: np.ndarray) -> np.ndarray:
    """int64 [T] of dates datetime64 [T], Monday = 0."""
    return (dates.astype("datetime64[D]").astype(np.int64) + _FIRST_WEEKDAY) % DAYS_PER_WEEK


def date_timestamps(dates: np.ndarray, interval_minutes: int = 1) -> np.ndarray:
    """Time of day and day of week / 7, Monday = 0: float32 [T, 2] in [0, 1), of dates datetime64[m] [T].

    The time of day is that of the step in which a date lies: of rows at half past each hour it is the full hour's, and
    of daily rows it is 0.
    """
    minutes = minutes_of_day(dates)
    time_of_day = (minutes - minutes % min(interval_minutes, MINUTES_PER_DAY)) / MINUTES_PER_DAY
    return np.stack([time_of_day, weekdays_of(dates) / DAYS_PER_WEEK], axis=1).astype(np.float32)


def weekday_offset(dates: np.ndarray, stamps: np.ndarray) -> Optional[int]:
    """What is added to the weekday of a date (Monday = 0) to give the day of timestamps [T, 2]; None if no number does.

    The benchmark counts the days of some datasets from the first one, whatever weekday it was.
    """
    days = np.rint(stamps[:, 1] * DAYS_PER_WEEK).astype(int)
    differences = np.unique((days - weekdays_of(dates)) % DAYS_PER_WEEK)
    return int(differences[0]) if len(differences) == 1 else None


def model_timestamps(dates: np.ndarray, interval_minutes: int, offset: int) -> np.ndarray:
    """Time of day and day of week, float32 [T, 2] in [0, 1), of local dates, see `weekday_offset`."""
    stamps = date_timestamps(dates, interval_minutes)
    if offset:
        stamps[:, 1] = ((weekdays_of(dates) + offset) % DAYS_PER_WEEK / DAYS_PER_WEEK).astype(np.float32)
    return stamps


def agree(dates: np.ndarray, stamps: np.ndarray, interval_minutes: int, columns: Sequence[int]) -> bool:
    """Whether timestamps [T, 2] are those of the dates [T], in the columns named (0: time of day, 1: day of week)."""
    units = np.array([max(1, MINUTES_PER_DAY / interval_minutes), DAYS_PER_WEEK])
    differ = np.rint(date_timestamps(dates, interval_minutes) * units) != np.rint(stamps * units)
    return not differ[:, columns].any()


def find_gaps(dates: np.ndarray, interval_minutes: int) -> list[Gap]:
    """The gaps in dates datetime64[m] [T].

    Raises: UserError unless each date is later than the one before it, by a multiple of the interval.
    """
    minutes = np.diff(dates) // _MINUTE
    for wrong, expected in (
        (minutes <= 0, "a later date in each row"),
        (minutes % interval_minutes != 0, f"multiples of {interval_minutes} minutes between rows"),
    ):
        if wrong.any():
            row = int(wrong.argmax()) + 1
            found = f"row {row} has the date {format_time(dates[row])}, the row before it {format_time(dates[row - 1])}"
            raise UserError("file", found, expected, "sort the rows and remove duplicates")
    return [
        Gap(dates[row], int(minutes[row] // interval_minutes) - 1, interval_minutes)
        for row in np.flatnonzero(minutes > interval_minutes)
    ]


def find_breaks(instants: Optional[np.ndarray], stamps: np.ndarray, interval_minutes: int) -> np.ndarray:
    """bool [T]: where a row is not one interval after the row before it. The first row is no break.

    Args:
        instants: datetime64[m] [T]; None if they are not known.
        stamps: time of day and day of week [T, 2], which decide if the instants are not known.
    """
    if instants is not None:
        follows = np.diff(instants) == interval_minutes * _MINUTE
    elif interval_minutes >= MINUTES_PER_DAY:
        follows = np.ones(max(0, len(stamps) - 1), bool)
    else:
        steps_per_day = MINUTES_PER_DAY // interval_minutes
        follows = np.diff(_places(stamps, steps_per_day)) % (DAYS_PER_WEEK * steps_per_day) == 1
    return np.concatenate([np.zeros(min(1, len(stamps)), bool), ~follows])


def check_timestamps(
    stamps: np.ndarray, steps_per_day: int, field: object, *, is_regular: bool = True, is_ordered: bool = True
) -> None:
    """Check timestamps [T, 2], time of day and day of week.

    Args:
        steps_per_day: rows per day.
        field: the argument or file that holds them, for the message.
        is_regular: whether times of day must be multiples of a step, and days of the week of 1/7.
        is_ordered: whether each row follows the one before it within a day. After a gap of six days, for example, the
            next row is earlier in the week.
    Raises: UserError unless they are in [0, 1), and regular and ordered where that is required.
    """
    for column, (meaning, steps) in enumerate((("time of day", steps_per_day), ("day of week", DAYS_PER_WEEK))):
        times = np.asarray(stamps[:, column], dtype=np.float64)
        # Written so that NaN fails too.
        outside = ~((times >= 0) & (np.rint(times * steps) < steps))
        between = np.abs(times * steps - np.rint(times * steps)) > _OFF_GRID
        for wrong, expected in ((outside, "[0, 1)"), (between & is_regular, f"a multiple of 1/{steps}")):
            if wrong.any():
                row = int(wrong.argmax())
                raise UserError(field, f"{meaning} {times[row]:g} in row {row}", expected, "correct the timestamps")
    if is_ordered:
        _check_order(stamps, steps_per_day, field)


def _check_order(stamps: np.ndarray, steps_per_day: int, field: object) -> None:
    steps_per_week = DAYS_PER_WEEK * steps_per_day
    steps = np.diff(_places(stamps, steps_per_day)) % steps_per_week
    for wrong, relation in (
        (steps == 0, "at the same time as"),
        (steps > steps_per_week - steps_per_day, "before"),
    ):
        if wrong.any():
            row = int(wrong.argmax()) + 1
            fix = "sort the rows and remove duplicates"
            raise UserError(field, f"row {row} is {relation} row {row - 1}", "rows in the order of their times", fix)


def _places(stamps: np.ndarray, steps_per_day: int) -> np.ndarray:
    """Number of the step in the week, int [T]."""
    days = np.rint(stamps[:, 1] * DAYS_PER_WEEK).astype(int)
    return days * steps_per_day + np.rint(stamps[:, 0] * steps_per_day).astype(int)


def row_dates(start: str, num_rows: int, interval_minutes: int, gaps: Iterable[tuple[str, int]] = ()) -> np.ndarray:
    """datetime64[m] [num_rows].

    Args:
        start: date of the first row.
        gaps: (last date before the gap, number of missing rows), in their order.
    """
    dates = np.datetime64(start, "m") + np.arange(num_rows) * interval_minutes * _MINUTE
    for after, steps in gaps:
        dates[dates > np.datetime64(after, "m")] += steps * interval_minutes * _MINUTE
    return dates

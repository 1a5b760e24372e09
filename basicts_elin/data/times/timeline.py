"""The dates of a series' rows, from a few facts."""

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

import numpy as np

from ..catalog import DATES, DAYS_PER_WEEK, MINUTES_PER_DAY, ROW_INDEX
from .calendars import Calendar
from .dates import date_timestamps, format_time, row_dates
from .zones import to_local, to_utc

_MINUTE = np.timedelta64(1, "m")
# Rows without dates are counted from a Monday, which is then day 0.
_DAY_0 = np.datetime64("1970-01-05T00:00", "m")
# A calendar keeps at least one step in a week.
_STEPS_IN_A_WEEK = MINUTES_PER_DAY * DAYS_PER_WEEK


@dataclass(frozen=True)
class Timeline:
    """The times of T rows on a regular grid.

    With a time zone the grid is real time: the clock's hour that comes twice in autumn has two hours of rows. Without
    one it is the clock's.

    Attributes:
        start: time of the first row, datetime64[m]: UTC with a time zone, else local; None if rows are only counted.
        num_rows: T.
        interval_minutes: minutes between rows.
        timezone: name of the IANA.
        calendar: the local times that the grid has; None: all.
        gaps: (last date before the gap, number of missing rows) of a series whose gaps are not filled.
        stamps: float32 [T, 2], time of day and day of week, if they are stored without dates.
    """

    start: Optional[np.datetime64]
    num_rows: int
    interval_minutes: int
    timezone: Optional[str] = None
    calendar: Optional[Calendar] = None
    gaps: tuple[tuple[str, int], ...] = ()
    stamps: Optional[np.ndarray] = None

    def dates(self) -> Optional[np.ndarray]:
        """Local times datetime64[m] [T]; None if rows are only counted."""
        return None if self.start is None else self._local

    def instants(self) -> Optional[np.ndarray]:
        """Real times datetime64[m] [T]: UTC with a time zone, else as `dates`."""
        return None if self.start is None else self._grid

    def timestamps(self) -> np.ndarray:
        """Time of day and day of week, float32 [T, 2] in [0, 1)."""
        return date_timestamps(self._local, self.interval_minutes) if self.stamps is None else self.stamps

    @property
    def rule(self) -> Optional[str]:
        """Where the timestamps come from: `DATES`, or `ROW_INDEX` if rows are only counted; None if they are stored."""
        if self.start is not None:
            return DATES
        return ROW_INDEX if self.stamps is None else None

    def meta(self) -> dict[str, Any]:
        """The keys of `meta.json` that hold the times, beside the interval, see `dataset_times.read_times`."""
        found = {
            "start": None if self.start is None else start_text(self.start, self.timezone),
            "timezone": self.timezone,
            "calendar": None if self.calendar is None else self.calendar.meta(),
            "gaps": [list(gap) for gap in self.gaps] or None,
        }
        return {key: value for key, value in found.items() if value is not None}

    @functools.cached_property
    def _local(self) -> np.ndarray:
        return self._grid if self.timezone is None else to_local(self._grid, self.timezone)

    @functools.cached_property
    def _grid(self) -> np.ndarray:
        start = _DAY_0 if self.start is None else self.start
        if self.calendar is None:
            return row_dates(str(start), self.num_rows, self.interval_minutes, self.gaps)
        found, count, most = np.arange(0), self.num_rows, (self.num_rows + 2) * _STEPS_IN_A_WEEK
        while len(found) < self.num_rows:
            if count > most:
                raise ValueError(f"the calendar {self.calendar} has no rows every {self.interval_minutes} minutes")
            grid = start + np.arange(count) * self.interval_minutes * _MINUTE
            local = grid if self.timezone is None else to_local(grid, self.timezone)
            found, count = grid[self.calendar.contains(local)], 2 * count
        return found[: self.num_rows]


def start_text(start: np.datetime64, timezone: Optional[str]) -> str:
    """ "2024-01-01 00:00+01:00" of a UTC time in a time zone; without one, as it is."""
    if timezone is None:
        return format_time(start)
    local = to_local(np.array([start]), timezone)[0]
    minutes = int((local - start) // _MINUTE)
    sign = "-" if minutes < 0 else "+"
    return f"{format_time(local)}{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def read_start(text: str, timezone: Optional[str]) -> np.datetime64:
    """The inverse of `start_text`. A text without offset is local time. Raises: ValueError if it is not a time."""
    if timezone is None:
        return np.datetime64(text, "m")
    time = datetime.fromisoformat(text)
    offset = time.utcoffset()
    local = np.datetime64(time.replace(tzinfo=None), "m")
    return to_utc(np.array([local]), timezone)[0] if offset is None else local - np.timedelta64(offset)

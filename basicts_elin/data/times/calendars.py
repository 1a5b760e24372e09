"""The times of day and the weekdays that a series has. Other times do not exist in it: a metro's night."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ...errors import UserError
from ..catalog import DAYS_PER_WEEK, MINUTES_PER_DAY
from .dates import minutes_of_day, weekdays_of

# Times that are missing at random make an absent time of day with this probability at most.
_BY_CHANCE = 0.05
# Hours that do not exist are at least so many minutes together, and those that do are so few blocks of the day.
_SHORTEST_BREAK = 60
_MOST_BLOCKS = 3

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Calendar:
    """Which local times exist.

    Attributes:
        hours: (first, last) minute of the day of each range, both included; None: the whole day.
        weekdays: Monday = 0; None: the whole week.
    """

    hours: Optional[tuple[tuple[int, int], ...]] = None
    weekdays: Optional[tuple[int, ...]] = None

    def contains(self, dates: np.ndarray) -> np.ndarray:
        """bool [T] of local times datetime64[m] [T]."""
        exists = np.ones(len(dates), bool)
        if self.hours is not None:
            minutes = minutes_of_day(dates)
            exists = np.any([(minutes >= first) & (minutes <= last) for first, last in self.hours], axis=0)
        if self.weekdays is not None:
            exists &= np.isin(weekdays_of(dates), self.weekdays)
        return exists

    def meta(self) -> dict[str, Any]:
        """The value of `calendar` in `meta.json`."""
        hours = None if self.hours is None else [[_clock(minute) for minute in span] for span in self.hours]
        weekdays = None if self.weekdays is None else list(self.weekdays)
        return {key: value for key, value in (("hours", hours), ("weekdays", weekdays)) if value is not None}

    @property
    def hours_text(self) -> Optional[str]:
        """As `--hours` takes them; None: the whole day."""
        return None if self.hours is None else ",".join(f"{_clock(first)}-{_clock(last)}" for first, last in self.hours)

    @property
    def weekdays_text(self) -> Optional[str]:
        """As `--weekdays` takes them; None: the whole week."""
        return None if self.weekdays is None else ",".join(WEEKDAYS[day] for day in self.weekdays)

    def __str__(self) -> str:
        hours = [f"{_clock(first)} to {_clock(last)}" for first, last in self.hours or ()]
        days = ", ".join(WEEKDAYS[day].capitalize() for day in self.weekdays or ())
        return "; ".join(filter(None, (", ".join(hours), days))) or "every day, all day"


def calendar_of_meta(value: dict[str, Any]) -> Calendar:
    """The calendar that `Calendar.meta` wrote. Raises: ValueError for another value."""
    hours, weekdays = value.get("hours"), value.get("weekdays")
    try:
        if set(value) - {"hours", "weekdays"}:
            raise ValueError("hours and weekdays")
        spans = hours and tuple((_minute(first), _minute(last)) for first, last in hours)
        days = weekdays and tuple(WEEKDAYS.index(WEEKDAYS[day]) for day in weekdays if day >= 0)
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        raise ValueError("hours are ranges such as [['06:00', '23:00']], weekdays numbers from 0 to 6") from error
    return Calendar(spans or None, days or None)


def stated_calendar(hours: Optional[str], weekdays: Optional[str]) -> Optional[Calendar]:
    """The calendar of `--hours 06:00-23:00` and `--weekdays mon-fri`; several ranges are separated by commas.

    Raises: UserError for other texts.
    """
    if hours is None and weekdays is None:
        return None
    return Calendar(
        None if hours is None else _stated_hours(hours), None if weekdays is None else _stated_weekdays(weekdays)
    )


def find_calendar(grid: np.ndarray, present: np.ndarray) -> Optional[Calendar]:
    """The calendar of a series; None if every time exists.

    A time of day or a weekday is taken not to exist if no row of the series has it, although the grid has it twice or
    more, and although so few of the other times are missing that it is hardly by chance. Such times of day are a break
    of the day, an hour or more, between few blocks of rows; a pattern that repeats more often is made of gaps.

    Args:
        grid: local times datetime64[m] [T] from the first row to the last.
        present: bool [T], where the series has a row.
    """
    days, first_rows = np.unique(grid.astype("datetime64[D]"), return_index=True)
    no_day = _absent(weekdays_of(days), np.logical_or.reduceat(present, first_rows), DAYS_PER_WEEK)
    exists = ~no_day[weekdays_of(grid)]
    minutes = minutes_of_day(grid)
    hours = _blocks(np.unique(minutes[exists]), _absent(minutes[exists], present[exists], MINUTES_PER_DAY))
    weekdays = tuple(map(int, np.flatnonzero(~no_day))) if no_day.any() else None
    return Calendar(hours, weekdays) if hours or weekdays else None


def _blocks(on_grid: np.ndarray, absent: np.ndarray) -> Optional[tuple[tuple[int, int], ...]]:
    """The ranges of the times of day that exist; None if those that are absent are no breaks of the day.

    Args:
        on_grid: the minutes of the day of the grid, in order.
        absent: bool [1440], which of them no row has.
    """
    there = on_grid[~absent[on_grid]]
    if len(there) in (len(on_grid), 0):
        return None
    step = int(np.diff(on_grid).min())
    # The last row of a day is followed by the first, so that a break over midnight is one.
    ends_block = np.diff(np.r_[there, there[0] + MINUTES_PER_DAY]) - step >= _SHORTEST_BREAK
    lasts, firsts = there[ends_block], np.roll(there, -1)[ends_block]
    lasts = np.roll(lasts, -1)
    if not 0 < len(firsts) <= _MOST_BLOCKS or (firsts == lasts).any():
        return None
    ranges = []
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        past_midnight = [(first, int(on_grid[-1])), (int(on_grid[0]), last)]
        ranges += [(first, last)] if first < last else past_midnight
    return tuple(sorted(ranges))


def _absent(kinds: np.ndarray, present: np.ndarray, num_kinds: int) -> np.ndarray:
    """bool [num_kinds]: the kinds, of times [T], that never are there."""
    counts = np.bincount(kinds, minlength=num_kinds)
    there = np.bincount(kinds[present], minlength=num_kinds)
    never = (counts >= 2) & (there == 0)
    missing = 1 - there[~never].sum() / max(1, counts[~never].sum())
    return never & ((counts > 0).sum() * missing**counts < _BY_CHANCE)


def _stated_hours(text: str) -> tuple[tuple[int, int], ...]:
    try:
        spans = [span.split("-") for span in text.split(",")]
        found = [(_minute(first.strip()), _minute(last.strip())) for first, last in spans]
    except ValueError:
        raise _wrong("hours", text, "ranges such as 06:00-23:00, the first and the last row of a day") from None
    # 05:00-01:00 runs past midnight.
    past = [((first, MINUTES_PER_DAY - 1), (0, last)) for first, last in found if first > last]
    return tuple(sorted([span for span in found if span[0] <= span[1]] + [span for pair in past for span in pair]))


def _stated_weekdays(text: str) -> tuple[int, ...]:
    days: set[int] = set()
    try:
        for span in text.lower().split(","):
            ends = [WEEKDAYS.index(name.strip()[:3]) for name in span.split("-")]
            first, last = ends if len(ends) > 1 else (ends[0], ends[0])
            days.update((first + step) % DAYS_PER_WEEK for step in range((last - first) % DAYS_PER_WEEK + 1))
    except ValueError:
        raise _wrong("weekdays", text, "days such as mon-fri or mon,wed,fri") from None
    return tuple(sorted(days))


def _minute(text: str) -> int:
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError(text)
    return 60 * int(match[1]) + int(match[2])


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _wrong(option: str, found: Sequence[str], expected: str) -> UserError:
    return UserError(option, repr(found), expected, f"correct --{option}")

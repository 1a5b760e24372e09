"""When values are missing. T: rows."""

from collections.abc import Callable, Sequence
from typing import Any, Optional

import numpy as np

from ...catalog import DAYS_PER_WEEK, MINUTES_PER_DAY
from ...times.dates import Gap, format_time
from .sensors import runs

# the longest; the counts are of all
_LISTED = 100
_HOURS = 24
_MINUTES_PER_HOUR = MINUTES_PER_DAY // _HOURS

# row -> its date, or its number if rows have no dates
TimeOf = Callable[[int], Any]


def shares_by_hour(missing: np.ndarray, stamps: np.ndarray, num_sensors: int) -> list[Optional[float]]:
    """The missing share in each hour of the day, None for hours that have no rows.

    Args:
        missing: int [T], the missing values of each row.
        stamps: float32 [T, 2], time of day and day of week.
    """
    # A time of day in float32 is exact to a few seconds.
    minutes = np.rint(stamps[:, 0].astype(np.float64) * MINUTES_PER_DAY).astype(int)
    return _shares(missing, minutes // _MINUTES_PER_HOUR % _HOURS, _HOURS, num_sensors)


def shares_by_weekday(missing: np.ndarray, stamps: np.ndarray, num_sensors: int) -> list[Optional[float]]:
    """The missing share on each day of the week, as `shares_by_hour`."""
    days = np.rint(stamps[:, 1].astype(np.float64) * DAYS_PER_WEEK).astype(int) % DAYS_PER_WEEK
    return _shares(missing, days, DAYS_PER_WEEK, num_sensors)


def outages(is_out: np.ndarray, time: TimeOf) -> dict[str, Any]:
    """The runs of rows in which no sensor has a value; is_out: bool [T]."""
    starts, lengths = (numbers.tolist() for numbers in runs(is_out))
    return _stretches([stretch(first, rows, time) for first, rows in zip(starts, lengths, strict=True)])


def gaps_of(gaps: Sequence[Gap]) -> dict[str, Any]:
    """The gaps of a file."""
    return _stretches(
        [
            {
                "first": format_time(gap.first),
                "last": format_time(gap.last),
                "rows": int(gap.steps),
                "is_clock_change": bool(gap.is_clock_change),
            }
            for gap in gaps
        ]
    )


def stretch(first: int, rows: int, time: TimeOf) -> dict[str, Any]:
    """A run of rows, at least one."""
    return {"first": time(first), "last": time(first + rows - 1), "rows": rows}


def share(part: float, whole: float) -> Optional[float]:
    """A share; None of nothing."""
    return round(part / whole, 6) if whole else None


def _stretches(found: list[dict[str, Any]]) -> dict[str, Any]:
    rows = [item["rows"] for item in found]
    longest = sorted(range(len(found)), key=lambda number: -rows[number])[:_LISTED]
    return {"count": len(found), "rows": sum(rows), "longest": [found[number] for number in longest]}


def _shares(missing: np.ndarray, groups: np.ndarray, num_groups: int, num_sensors: int) -> list[Optional[float]]:
    counts = num_sensors * np.bincount(groups, minlength=num_groups)
    found = np.bincount(groups, missing, minlength=num_groups)
    return [share(part, whole) for part, whole in zip(found.tolist(), counts.tolist(), strict=True)]

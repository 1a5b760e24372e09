"""What a user says about the times of a file, and what its rows become."""

import re
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ...errors import UserError
from ..catalog import MINUTES_PER_DAY
from .dates import Gap
from .timeline import Timeline

ALIGN, DUPLICATES = ("floor", "nearest"), ("mean", "first")
_UNITS = {"min": 1, "t": 1, "h": 60, "d": MINUTES_PER_DAY, "w": 7 * MINUTES_PER_DAY}


@dataclass(frozen=True)
class TimeOptions:
    """What a user says about the times of a file.

    Attributes:
        freq: minutes between rows, such as "15min", "1h", "1D"; None: found.
        tz: time zone of the IANA, in which the clock is read.
        time_format: of `datetime.strptime`.
        align: what a time between two steps becomes: "floor", the step before it, or "nearest"; None: refused.
        duplicates: what several rows of one time become: "mean", or "first", the first measured; None: refused.
        start: local time of the first row, for files without times.
        hours: the times of day that exist, such as "06:00-23:00"; None: found.
        weekdays: the weekdays that exist, such as "mon-fri"; None: found.
    """

    freq: Optional[str] = None
    tz: Optional[str] = None
    time_format: Optional[str] = None
    align: Optional[str] = None
    duplicates: Optional[str] = None
    start: Optional[str] = None
    hours: Optional[str] = None
    weekdays: Optional[str] = None


@dataclass(frozen=True)
class Placement:
    """Where the rows of a file lie on a regular grid. T: rows of the grid, R: rows of the file.

    Attributes:
        timeline: the times of the grid.
        rows: int64 [R], the grid's row of each row of the file.
        duplicates: see `TimeOptions`.
        gaps: rows of the grid that no row of the file has.
        notes: what was found and mended, one line each.
    """

    timeline: Timeline
    rows: np.ndarray
    duplicates: Optional[str]
    gaps: list[Gap]
    notes: tuple[str, ...]


def parse_freq(text: str) -> int:
    """Minutes between rows. Raises: UserError unless they divide the day, or are whole days."""
    match = re.fullmatch(r"\s*(\d{0,6})\s*(min|t|h|d|w)[a-z]*\s*", text.lower())
    if match is None or match[1] and int(match[1]) == 0:
        raise UserError("freq", repr(text), "a time between rows such as 15min, 1h or 1D", "correct --freq")
    return check_interval(int(match[1] or 1) * _UNITS[match[2]], "freq")


def check_interval(minutes: int, field: str) -> int:
    """The interval. Raises: UserError unless it divides the day, or is a number of whole days."""
    if MINUTES_PER_DAY % minutes and minutes % MINUTES_PER_DAY:
        expected = "an interval that divides the day, or whole days"
        fix = "give a coarser --freq with --align floor and --duplicates mean"
        raise UserError(field, f"an interval of {length(minutes)}", expected, fix)
    return minutes


def length(minutes: float) -> str:
    """ "15 minutes", "1 hour", "3 days"."""
    for unit, name in ((MINUTES_PER_DAY, "day"), (60, "hour"), (1, "minute")):
        if minutes % unit == 0 and minutes >= unit:
            count = int(minutes // unit)
            return f"{count} {name}" + ("s" if count > 1 else "")
    return f"{60 * minutes:g} seconds"


def freq_text(minutes: int) -> str:
    """ "15min", "1h", "3D": the inverse of `parse_freq`."""
    for unit, name in ((MINUTES_PER_DAY, "D"), (60, "h")):
        if minutes % unit == 0:
            return f"{minutes // unit}{name}"
    return f"{minutes}min"


def check_choices(options: TimeOptions) -> None:
    """Raises: UserError for an unknown word."""
    for name, choices in (("align", ALIGN), ("duplicates", DUPLICATES)):
        found = getattr(options, name)
        if found is not None and found not in choices:
            raise UserError(name, repr(found), " or ".join(choices), f"correct --{name}")

"""A column of days beside one of hours, or of seconds: together they are the time. R rows."""

from pathlib import Path
from typing import Optional

import numpy as np

from ....errors import UserError
from .column import NUMBER, Column, letters
from .labels import Label
from .times_text import are_whole, one_text

_DAY = 24 * 3600
_UNITS = {3600: "hours", 60: "minutes", 1: "seconds"}
# names of columns: the seconds of their unit, if the name says it
_PARTS: dict[str, Optional[int]] = {
    **dict.fromkeys(("hour", "hours", "hr", "hourofday", "stunde", "heure", "hora", "ora"), 3600),
    **dict.fromkeys(("minuteofday", "minutesofday"), 60),
    **dict.fromkeys(("secondofday", "secondsofday", "seconds"), 1),
    # UTD19: the second of the day at which the interval begins
    "interval": None,
}


def find_part(columns: list[Column], day: int) -> Optional[int]:
    """The number of the only column that can hold the time of the day of column `day`; None if there is none."""
    found = [
        number
        for number, column in enumerate(columns)
        if number != day and column.kind == NUMBER and letters(column.name) in _PARTS and are_whole(column.sample, _DAY)
    ]
    return found[0] if len(found) == 1 else None


def joined_times(days: Label, parts: Label, names: tuple[str, str], path: Path) -> tuple[np.ndarray, str]:
    """The times [R] of days and their hours or seconds, and a note that says how they were read.

    Raises: UserError if it is not certain what the numbers count.
    """
    texts = days.distinct
    if texts.dtype.kind == "M" and (texts != texts.astype("datetime64[D]")).any():
        return days.array(), f"column {names[1]} is left out: column {names[0]} holds the time of day too"
    numbers = _numbers(parts)
    unit = _unit(numbers, names[1])
    if unit is None:
        known = numbers[~np.isnan(numbers)]
        values = f"numbers from {known.min():g} to {known.max():g}" if known.size else "no numbers"
        found = f"column {names[0]!r} of {path} holds days, column {names[1]!r} {values}"
        fix = (
            f"join them: frame['time'] = pandas.to_datetime(frame[{names[0]!r}]) + "
            f"pandas.to_timedelta(frame[{names[1]!r}], 's')  # h: hours, m: minutes, s: seconds"
        )
        raise UserError("file", found, "one column of times, or days with hours 0 to 24 or seconds 0 to 86400", fix)
    clocks = np.array([*map(_clock, (numbers * unit).astype(np.int64).tolist()), None], dtype=object)[:-1]
    note = f"columns {names[0]}, {names[1]} together are the time: {names[1]} counts the {_UNITS[unit]} of the day"
    if numbers.max() * unit == _DAY:
        note += f", {_DAY // unit} is the midnight at its end"
    if parts.codes is None:
        return one_text(days.array(), clocks), note
    return one_text(days.array(), Label(clocks, parts.codes).array()), note


def _numbers(parts: Label) -> np.ndarray:
    """float64 of the different cells, or of all; NaN among them if a cell is empty or no number."""
    try:
        numbers = parts.distinct.astype(np.float64)
    except ValueError:
        return np.array([np.nan])
    is_empty = parts.codes is not None and bool((parts.codes < 0).any())
    return np.append(numbers, np.nan) if is_empty else numbers


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def _unit(numbers: np.ndarray, name: str) -> Optional[int]:
    """The seconds that one of these numbers stands for; None if that is not certain."""
    if not numbers.size or np.isnan(numbers).any() or (numbers % 1 != 0).any() or numbers.min() < 0:
        return None
    unit = _PARTS[letters(name)]
    highest = numbers.max()
    if unit is None:
        # More than the minutes of a day, and whole minutes.
        is_seconds = highest > _DAY // 60 and (numbers % 60 == 0).all()
        unit = 1 if is_seconds else None
    return unit if unit is not None and highest * unit <= _DAY else None

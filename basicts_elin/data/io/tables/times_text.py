"""Recognising times in the cells of a table, without reading them."""

import functools
import re
from collections.abc import Sequence

import numpy as np

_DAY = r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})|\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{2,4})"
_TIME = re.compile(rf"\s*{_DAY}(?P<clock>[T _,].*|Z)?\s*")
_DAY_ONLY = re.compile(rf"\s*{_DAY}\s*")
_CLOCK = re.compile(r"\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(\s?[AaPp]\.?[Mm]\.?)?\s*")
_COMPACT = re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-4])[0-5]\d([0-5]\d)?")
_COMPACT_DAY = re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_NAMES = {
    *("time", "date", "datetime", "timestamp", "timestamps", "times", "dates", "ds", "dt", "unixtime", "epoch", "unix"),
    *("datum", "zeit", "zeitstempel", "localtime", "utc", "timeutc", "utctime", "datetimeutc", "timelocal"),
}
# also names of other quantities: only where the cells are times since 1970
_SHORT_NAMES = {"t", "ts"}
_UNIT_IN_NAME = re.compile(r"\s*[(\[][^)\]]*[)\]]\s*$")
# 1971 to 2100, in seconds
_FIRST, _LAST = 31_536_000, 4_102_444_800
_FINER = (10**3, 10**6, 10**9)


def is_time_name(name: str) -> bool:
    """Whether a column of this name holds times, by custom."""
    return _plain(name) in _NAMES


def is_short_time_name(name: str) -> bool:
    """Whether a column of this name holds times if its cells can be times since 1970."""
    return _plain(name) in _SHORT_NAMES


def is_time(cell: str) -> bool:
    """Whether the cell is a date, with or without a clock time."""
    return bool(_TIME.fullmatch(cell) or _COMPACT.fullmatch(cell.strip()))


def is_day(cell: str) -> bool:
    """Whether the cell is a date without a clock time."""
    return bool(_DAY_ONLY.fullmatch(cell) or _COMPACT_DAY.fullmatch(cell.strip()))


def is_clock(cell: str) -> bool:
    """Whether the cell is a clock time without a date."""
    return bool(_CLOCK.fullmatch(cell))


def are_unix_times(cells: Sequence[str]) -> bool:
    """Whether these numbers can be times since 1970, in any order: seconds, milli-, micro- or nanoseconds."""
    try:
        numbers = np.array(cells, dtype=np.float64)
    except ValueError:
        return False
    return len(numbers) > 1 and any(((numbers >= _FIRST * k) & (numbers <= _LAST * k)).all() for k in (1, *_FINER))


def are_steady_unix_times(cells: Sequence[str]) -> bool:
    """Whether these are whole numbers that can be times since 1970, never fall, and mostly rise by the same step.

    A counter of vehicles rises too, but not by the same step.
    """
    if not are_unix_times(cells) or not all(cell.isdecimal() for cell in cells):
        return False
    steps = np.diff(np.array(cells, dtype=np.int64))
    rises = steps[steps > 0]
    if len(rises) < 2 or (steps < 0).any():
        return False
    return 2 * int(np.unique(rises, return_counts=True)[1].max()) > len(rises)


def one_text(days: np.ndarray, clocks: np.ndarray) -> np.ndarray:
    """The texts of two columns, a date and a clock time, as one [T]."""
    days = days.astype("datetime64[D]").astype(str) if days.dtype.kind == "M" else days
    known: dict[tuple, str] = {}
    pairs = zip(days.tolist(), clocks.tolist(), strict=True)
    texts = [known.setdefault((day, clock), f"{_iso(str(day))} {clock}".strip()) for day, clock in pairs]
    return np.array(texts, dtype=object)


def are_whole(cells: Sequence[str], last: int) -> bool:
    """Whether these are whole numbers from 0 to `last`, one or more."""
    try:
        numbers = np.array(cells, dtype=np.float64)
    except ValueError:
        return False
    return len(numbers) > 0 and bool(((numbers >= 0) & (numbers <= last) & (numbers % 1 == 0)).all())


def time_array(cells: np.ndarray) -> np.ndarray:
    """Cells as they are, but digits as numbers, and dates without separators ("20240131") as "2024-01-31".

    Whole numbers of micro- or nanoseconds, as pandas makes of dates, become milliseconds.
    """
    if cells.dtype != object:
        return _at_most_milliseconds(cells)
    known = {cell: "" if cell is None else str(cell).strip() for cell in set(cells.tolist())}
    present = [text for text in known.values() if text]
    if present and all(_COMPACT.fullmatch(text) or _COMPACT_DAY.fullmatch(text) for text in present):
        known = {cell: _iso(text) for cell, text in known.items()}
    elif len(present) == len(known) and all(text.isdecimal() and int(text) < 2**63 for text in present):
        return _at_most_milliseconds(np.array([int(known[cell]) for cell in cells.tolist()], dtype=np.int64))
    else:
        try:
            numbers = {cell: float(text) if text else np.nan for cell, text in known.items()}
        except ValueError:
            pass
        else:
            return np.array([numbers[cell] for cell in cells.tolist()], dtype=np.float64)
    return np.array([known[cell] for cell in cells.tolist()] + [None], dtype=object)[:-1]


def _at_most_milliseconds(cells: np.ndarray) -> np.ndarray:
    for a_second in _FINER[1:]:
        if (
            cells.dtype.kind == "i"
            and cells.size
            and _FIRST * a_second <= cells.min() <= cells.max() <= _LAST * a_second
        ):
            return cells // (a_second // 1000)
    return cells


def _iso(text: str) -> str:
    if not (_COMPACT.fullmatch(text) or _COMPACT_DAY.fullmatch(text)):
        return text
    day, clock = text[:8], text[8:]
    parts = [clock[at : at + 2] for at in range(0, len(clock), 2)]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" + (f" {':'.join(parts)}" if parts else "")


@functools.lru_cache(maxsize=2**14)
def _plain(name: str) -> str:
    """The letters of a name, without a unit in parentheses at its end."""
    return re.sub(r"[^a-z]", "", _UNIT_IN_NAME.sub("", name).lower())

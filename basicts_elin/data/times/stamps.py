"""The times in a file as numbers: what they mean is found here, and whether they are all there. R: rows."""

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ...errors import UserError
from ..zone_names import fixed_offset
from .text import EMPTY, Texts, is_number, parse_texts

_MS = "datetime64[ms]"
_SHOWN = 3
# A float64 holds larger whole numbers only roughly.
_EXACT = 2.0**53
_FIRST, _LAST = np.datetime64("1971-01-01", "ms"), np.datetime64("2101-01-01", "ms")
# Units of times since 1970: the plausible years of one do not overlap those of another.
_UNITS = (("seconds", 1000.0), ("milliseconds", 1.0), ("microseconds", 1e-3), ("nanoseconds", 1e-6))


@dataclass(frozen=True)
class Stamps:
    """The times of R rows.

    Attributes:
        times: datetime64[ms] [R]: UTC if `offset` is not None, else local.
        offset: minutes from UTC that all of the texts have; NaN if they differ; None if the times are local.
        texts: some of the times as the file writes them, for messages: [R].
        notes: what was decided.
    """

    times: np.ndarray
    offset: Optional[float]
    texts: np.ndarray
    notes: tuple[str, ...] = ()


def read_stamps(times: np.ndarray, zone: Optional[str], time_format: Optional[str]) -> Stamps:
    """The times of a file, see `RawSeries.times`.

    Raises: UserError if some are empty or unreadable, or day and month cannot be told apart.
    """
    if times.dtype.kind == "M":
        _refuse(np.isnat(times), times, "no time")
        years = times.astype("datetime64[Y]").astype(np.int64) + 1970
        _refuse((years < 1) | (years > 9999), years, "no year")
        found = times.astype(_MS)
        minutes = found.astype("datetime64[m]")
        offset = None if zone is None else float(fixed_offset(zone))
        return Stamps(found, offset, minutes if (minutes == found).all() else found)
    if times.dtype.kind in "iuf":
        return _of_numbers(times, time_format)
    return _of_texts(times, time_format)


def _of_numbers(times: np.ndarray, time_format: Optional[str], texts: Optional[np.ndarray] = None) -> Stamps:
    texts = times if texts is None else texts
    _refuse(~np.isfinite(times), texts, "no time")
    whole = bool(((np.rint(times) == times) & (np.abs(times.astype(np.float64)) < _EXACT)).all())
    if whole and (time_format is not None or _are_written_dates(times)):
        parsed = _of_texts(times.astype(np.int64).astype(str).astype(object), time_format)
        return Stamps(parsed.times, parsed.offset, texts, parsed.notes)
    dates = _ten_digit_dates(times, texts) if whole else None
    if dates is not None:
        return dates
    for unit, scale in _UNITS:
        if times.min() >= _FIRST.astype(np.int64) / scale and times.max() < _LAST.astype(np.int64) / scale:
            millis = np.asarray(times, np.float64) * scale
            note = f"times: read as {unit} since 1970, UTC ({texts[0]} is {_text(_instants(millis[:1])[0])})"
            return Stamps(_instants(millis), 0.0, texts, (note,))
    found = f"times from {times.min():g} to {times.max():g}, such as {texts[0]}"
    expected = "dates, or seconds or milliseconds since 1970 in the years 1971 to 2100"
    fix = "name the column of the times by --time, or its format by --time-format"
    raise UserError("file", found, expected, f"{fix}; if the file has no times, leave the column out and give --freq")


def _instants(millis: np.ndarray) -> np.ndarray:
    return np.rint(millis).astype(np.int64).astype(_MS)


def _are_written_dates(times: np.ndarray) -> bool:
    """Whether whole numbers such as 20240131 or 202401312359 are dates: each of them has a month, a day, an hour."""
    low, high = times.min(), times.max()
    for digits in (8, 12, 14):
        unit = 10 ** (digits - 4)
        if 1971 * unit <= low and high < 2101 * unit:
            return _parts_fit(times.astype(np.int64), (digits - 4) // 2)
    return False


def _parts_fit(numbers: np.ndarray, pairs: int) -> bool:
    """Whether the last pairs of digits are a month, a day, an hour, a minute, a second, as far as they go."""
    limits = ((1, 12), (1, 31), (0, 23), (0, 59), (0, 59))[:pairs]
    rest = [numbers // 100 ** (pairs - 1 - pair) % 100 for pair in range(pairs)]
    return all(((part >= first) & (part <= last)).all() for part, (first, last) in zip(rest, limits, strict=True))


def _ten_digit_dates(times: np.ndarray, texts: np.ndarray) -> Optional[Stamps]:
    """Numbers such as 2024030423, a date and an hour, or 2403042300, which may also be Unix seconds; None if they are.

    Raises: UserError if they may be both, years 1971 to 2100 and seconds of these.
    """
    if times.min() < 10**9 or times.max() >= 10**10:
        return None
    numbers = times.astype(np.int64)
    unix = _is_regular(_instants(numbers * 1000.0), 60_000)
    written = numbers.astype(str).astype(object)
    for time_format in ("%Y%m%d%H", "%y%m%d%H%M"):
        has_century = time_format.startswith("%Y")
        if not has_century and unix or not _fit(numbers, has_century):
            continue
        dates = _of_texts(written, time_format)
        if _is_regular(dates.times) and not unix:
            note = f"times: read by the format {time_format}, because the rows are then regular ({texts[0]})"
            return Stamps(dates.times, None, texts, (note,))
        if has_century:
            found = f"numbers that may be dates with an hour, or seconds since 1970, such as {texts[0]}"
            fix = "give --time-format %Y%m%d%H if they are dates, or write the seconds as dates"
            raise UserError("file", found, "one meaning of the times", fix)
    return None


def _fit(numbers: np.ndarray, has_century: bool) -> bool:
    """Whether ten digits have a month, a day, an hour: of YYYYMMDDHH, or of YYMMDDHHMM."""
    head, pairs = (10**6, 3) if has_century else (10**8, 4)
    years = numbers // head
    if has_century and not ((years >= 1971) & (years <= 2100)).all():
        return False
    return _parts_fit(numbers, pairs)


def _of_texts(times: np.ndarray, time_format: Optional[str]) -> Stamps:
    import pandas as pd

    if times.dtype.kind == "S":
        times = np.char.decode(times, "utf-8", "replace")
    codes, unique = pd.factorize(np.asarray(times, object))
    texts = pd.Series([str(text).strip() for text in unique], dtype=object)
    empty = texts.str.lower().isin(EMPTY).to_numpy()
    # A missing object has the code -1, which is the last place.
    _refuse(np.r_[empty, True][codes], times, "no time")
    if time_format is None and is_number(texts) and not texts.str.len().isin((8, 12, 14)).all():
        return _of_numbers(texts.astype(float).to_numpy()[codes], None, times)
    parsed, notes = _one_reading(texts, parse_texts(texts, time_format))
    _refuse(np.isnat(parsed.times)[codes], times, "no time that can be read")
    has = ~np.isnan(parsed.offsets)
    if not has.any():
        return Stamps(parsed.times[codes], None, times, notes)
    if not has.all():
        without, having = texts[~has].iloc[0], texts[has].iloc[0]
        found = f"times with an offset from UTC, such as {having!r}, and without, such as {without!r}"
        raise UserError("file", found, "one kind of time", "write the offset of each, or of none and give --tz")
    offsets = parsed.offsets
    utc = parsed.times - np.rint(offsets * 60_000).astype(np.int64).astype("timedelta64[ms]")
    same = float(offsets[0]) if (offsets == offsets[0]).all() else float("nan")
    return Stamps(utc[codes], same, times, notes)


def _one_reading(texts: Any, parsed: Texts) -> tuple[Texts, tuple[str, ...]]:
    """Day and month in the order that gives a regular series without many gaps, if both orders are possible."""
    example = texts.iloc[-1]
    if parsed.either is None:
        return parsed, ()
    regular = [_is_regular(reading) for reading in (parsed.times, parsed.either)]
    if regular[0] == regular[1]:
        found = f"days and months that cannot be told apart, such as {example!r}"
        fix = "give --time-format '%d/%m/%Y %H:%M' (day first) or '%m/%d/%Y %H:%M', as the file writes them"
        raise UserError("file", found, "one order of day and month", fix)
    times = parsed.times if regular[0] else parsed.either
    order = "day first" if regular[0] else "month first"
    return Texts(times, parsed.offsets), (f"times: read {order}, because the rows are then regular ({example!r})",)


def _is_regular(times: np.ndarray, unit: int = 1) -> bool:
    """Whether most differences between times are equal, all others multiples, and most of the times there.

    Args:
        unit: milliseconds, of which the interval must be a multiple.
    """
    steps = np.diff(np.unique(times)).astype(np.int64)
    if not len(steps):
        return False
    values, counts = np.unique(steps, return_counts=True)
    step = values[counts.argmax()]
    if step % unit:
        return False
    # Read in the wrong order, the days of a month are a month apart.
    return bool((steps % step == 0).all() and 2 * counts.max() > len(steps) and steps.sum() <= 2 * step * len(steps))


def _refuse(wrong: np.ndarray, times: np.ndarray, what: str) -> None:
    if wrong.any():
        rows = np.flatnonzero(wrong)
        examples = ", ".join(f"row {row} has {str(times[row])!r}" for row in rows[:_SHOWN])
        fix = "correct or remove these rows"
        if len(rows) == len(wrong) or what != "no time":
            fix += ", name the format by --time-format, or another column by --time"
        raise UserError("file", f"{what} in {len(rows)} of {len(wrong)} rows ({examples})", "a time in each row", fix)


def _text(time: np.datetime64) -> str:
    return str(time.astype("datetime64[m]")).replace("T", " ")

"""Times that are written as text. U: different texts."""

import re
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ...errors import UserError, one_line

_CLOCK = r"(?:[T ,_]+(\d{1,2})(?::(\d{2}))(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?)?"
_OFFSET = r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
# year, month, day, hour, minute, second, fraction, am or pm, offset
_YEAR_FIRST = rf"^(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_CLOCK}{_OFFSET}$"
_YEAR_LAST = rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}|\d{{2}}){_CLOCK}{_OFFSET}$"
_COMPACT = r"^(\d{4})(\d{2})(\d{2})(?:[T_ ]?(\d{2})(?::?(\d{2})(?::?(\d{2}))?)?)?()()" + _OFFSET + "$"
_NUMBER = r"^[+-]?\d+(?:\.\d+)?(?:[eE]\+?\d+)?$"
# Words are only names of months and weekdays, and am or pm.
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_WORD = rf"(?:{_MONTH}|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*|am|pm|t)"
_WITH_MONTH = rf"(?i)^(?=.*{_MONTH})(?:[\d\s,.:/-]|(?<![a-z]){_WORD}(?![a-z]))+$"
_OFFSET_AT_END = r"(?<=:\d\d)\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})$"
# It may be the hour: a date without a clock time needs no offset.
_DATE_AND_NUMBER = (
    r"^(?:\d{4}([-/.]?)\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|(\d{2})))"
    r"(\s*)(?:(-)\d{2}(:?)(\d{2})?|\+\d{2})$"
)
_CLOCK_ONLY = r"^\d{1,2}:\d{2}(?::\d{2})?$"

EMPTY = ("", "nan", "nat", "na", "n/a", "null", "none", "<na>", "-")


@dataclass(frozen=True)
class Texts:
    """Times of U texts.

    Attributes:
        times: datetime64[ms] [U] as written, without the offset; NaT where a text cannot be read.
        offsets: minutes from UTC, float64 [U]; NaN where a text has none.
        either: the times with day and month exchanged, if both readings are possible; else None.
    """

    times: np.ndarray
    offsets: np.ndarray
    either: Optional[np.ndarray] = None


def is_number(texts: Any) -> bool:
    """Whether all of a series of texts are numbers."""
    return bool(texts.str.match(_NUMBER).all())


def parse_texts(texts: Any, time_format: Optional[str]) -> Texts:
    """The times of a pandas series of texts, stripped.

    Args:
        time_format: of `datetime.strptime`; None: the texts decide.
    Raises: UserError if the format is not one, or the texts have no date.
    """
    if time_format is not None:
        return _by_format(texts, time_format)
    _refuse_hours(texts)
    times = np.full(len(texts), np.datetime64("NaT"), "datetime64[ms]")
    offsets = np.full(len(texts), np.nan)
    either = None
    for pattern, order in ((_YEAR_FIRST, (0, 1, 2)), (_COMPACT, (0, 1, 2)), (_YEAR_LAST, None)):
        open_ = np.isnat(times)
        fields = texts[open_].str.extract(pattern)
        fits = fields[0].notna().to_numpy()
        if not fits.any():
            continue
        fields, place = fields[fits], np.flatnonzero(open_)[fits]
        offsets[place] = _minutes(fields[8])
        if order is not None:
            times[place] = _times(fields, *order)
            continue
        # 31/12 and 12/31: what fits only one way decides for all.
        day_first, month_first = _times(fields, 2, 1, 0), _times(fields, 2, 0, 1)
        bad = np.isnat(day_first).sum(), np.isnat(month_first).sum()
        times[place] = day_first if bad[0] <= bad[1] else month_first
        if bad == (0, 0) and (day_first != month_first).any():
            either = times.copy()
            either[place] = month_first
    if np.isnat(times).all():
        if texts.str.match(_CLOCK_ONLY).any():
            found = f"times without a date, such as {texts.iloc[0]!r}"
            raise UserError(
                "file", found, "date and time in one column", "join the two columns, or name another --time"
            )
        offsets = _minutes(texts.str.extract(_OFFSET_AT_END)[0])
        bare = texts.str.replace(_OFFSET_AT_END, "", regex=True)
        named = bare.str.match(_WITH_MONTH).to_numpy()
        times[named] = _by_library(bare[named])
    return Texts(times, offsets, either)


def _refuse_hours(texts: Any) -> None:
    """Raises: UserError for dates such as 2024-03-04-05, whose end may be an hour or an offset."""
    doubtful = texts.str.match(_DATE_AND_NUMBER).to_numpy()
    if not doubtful.any():
        return
    text = texts[doubtful].iloc[0]
    parts = re.match(_DATE_AND_NUMBER, text)
    assert parts is not None, "matched above"
    first, last, year, space, minus, colon, minutes = parts.groups()
    date = f"%Y{first}%m{first}%d" if last is None else f"%d{last}%m{last}%{'y' if year else 'Y'}"
    clock = f"{space}{minus or '+'}%H" + (f"{colon}%M" if minutes else "")
    found = f"dates with a number behind, such as {text!r}"
    fix = f"give --time-format {repr(date + clock) if space else date + clock} if it is the hour"
    raise UserError("file", found, "a date, or a date and a clock time such as '2024-03-04 05:00'", fix)


def _minutes(texts: Any) -> np.ndarray:
    """Minutes from UTC, float64 [U], of Z, +01:00, +0100, +01; NaN where there is none."""
    parts = texts.str.extract(r"^([+-])(\d{2}):?(\d{2})?$")
    sign = np.where(parts[0] == "-", -1, 1)
    found = sign * (60 * parts[1].astype(float) + parts[2].fillna("0").astype(float))
    return np.where(texts.isin(["Z", "UTC", "GMT"]), 0.0, found.to_numpy())


def _times(fields: Any, year: int, month: int, day: int) -> np.ndarray:
    """datetime64[ms] [U] of the columns of a pattern; NaT where they are no time."""
    years, months, days = (fields[column].astype(np.int64).to_numpy() for column in (year, month, day))
    years = np.where(fields[year].str.len() == 2, years + 2000, years)
    hours, minutes, seconds = (fields[column].fillna("0").astype(np.int64).to_numpy() for column in (3, 4, 5))
    millis = fields[6].fillna("").str.ljust(3, "0").str[:3].astype(np.int64).to_numpy()
    half = fields[7].fillna("").str.lower().str[:1].to_numpy()
    is_half = half != ""
    valid = np.where(is_half, (hours >= 1) & (hours <= 12), hours < 24) & (minutes < 60) & (seconds < 60)
    # midnight at the end of a day
    valid |= ~is_half & (hours == 24) & (minutes == 0) & (seconds == 0)
    valid &= (months >= 1) & (months <= 12)
    hours = np.where(is_half, hours % 12 + 12 * (half == "p"), hours)
    first = (years - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (np.where(valid, months, 1) - 1)
    dates = first.astype("datetime64[D]") + (days - 1)
    valid &= (days >= 1) & (dates.astype("datetime64[M]") == first)
    clock = ((60 * hours + minutes) * 60 + seconds) * 1000 + millis
    return np.where(valid, dates.astype("datetime64[ms]") + clock, np.datetime64("NaT"))


def _by_format(texts: Any, time_format: str) -> Texts:
    import pandas as pd

    has_offset = "%z" in time_format
    try:
        found = pd.to_datetime(texts, format=time_format, errors="coerce", utc=has_offset)
    except Exception as error:
        # A text that is no format fails in any way.
        expected = "a format of strptime, such as %d/%m/%Y %H:%M"
        raise UserError("time_format", f"{time_format!r} ({one_line(error)})", expected, "correct it") from error
    if found.isna().all():
        raise UserError("time_format", repr(time_format), f"the format of {texts.iloc[0]!r}", "correct --time-format")
    times = found.dt.tz_localize(None).to_numpy() if has_offset else found.to_numpy()
    times = times.astype("datetime64[ms]")
    if not has_offset:
        return Texts(times, np.full(len(texts), np.nan))
    offsets = _minutes(texts.str.extract(r"(Z|UTC|GMT|[+-]\d{2}:?\d{2})\s*$")[0])
    return Texts(times + np.nan_to_num(offsets * 60_000).astype("timedelta64[ms]"), np.nan_to_num(offsets))


def _by_library(texts: Any) -> np.ndarray:
    """Times with the name of a month, datetime64[ms] [U]: nothing but these may be guessed."""
    import pandas as pd

    found = pd.to_datetime(texts, format="mixed", errors="coerce", utc=True)
    return found.dt.tz_localize(None).to_numpy().astype("datetime64[ms]")

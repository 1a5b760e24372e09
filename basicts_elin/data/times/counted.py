"""Rows of a file without times. T: rows."""

from typing import Optional

import numpy as np

from ...errors import UserError
from ..catalog import MINUTES_PER_DAY, steps_per_day
from ..io.raw import RawSeries
from .calendars import stated_calendar
from .clock import is_second_of_two
from .dates import agree, check_timestamps, format_time
from .options import Placement, TimeOptions, check_interval, length, parse_freq
from .stamps import read_stamps
from .timeline import Timeline
from .zones import never_shown, to_utc

_MINUTE = np.timedelta64(1, "m")


def place_counted(series: RawSeries, options: TimeOptions, after: Optional[np.datetime64]) -> Placement:
    """As `placing.place`, of rows that are one step apart, from `options.start` on if it is given.

    Raises: UserError if the interval is not given, or options do not fit each other.
    """
    if series.sensors is not None:
        raise UserError("file", "a long table without times", "a time in each row", "name its column by --time")
    for name in ("time_format", "align", "duplicates"):
        if getattr(options, name) is not None:
            option = name.replace("_", "-")
            raise UserError(name, getattr(options, name), "none: the file has no times", f"omit --{option}")
    if options.start is None and (options.tz is not None or options.weekdays is not None):
        name = "tz" if options.tz is not None else "weekdays"
        fix = "give --start '2024-01-01 00:00', the local time of the first row"
        raise UserError(name, getattr(options, name), "a file with times, or --start", fix)
    timeline = _timeline(series, options, after)
    if timeline.start is None:
        notes = (_counted_note(timeline),)
    else:
        dates = timeline.dates()
        assert dates is not None, "a timeline with a start"
        _check_stamps(series, dates, timeline.interval_minutes)
        notes = (
            f"times: the file has none; rows are counted from {format_time(dates[0])} to {format_time(dates[-1])}",
        )
    return Placement(timeline, np.arange(len(series.values)), None, [], notes)


def _timeline(series: RawSeries, options: TimeOptions, after: Optional[np.datetime64]) -> Timeline:
    num_rows = len(series.values)
    if options.freq is not None:
        interval = parse_freq(options.freq)
    elif series.timestamps is not None:
        interval = _interval_of(series.timestamps)
    else:
        fix = "give --freq 15min, for example, and --start '2024-01-01 00:00' if the date of the first row is known"
        raise UserError("freq", "missing, and the file has no times", "the time between two rows", fix)
    calendar = stated_calendar(options.hours, options.weekdays)
    if options.start is None:
        if series.timestamps is not None:
            check_timestamps(
                series.timestamps,
                steps_per_day(interval),
                "file",
                is_regular=options.freq is not None,
                is_ordered=False,
            )
            return Timeline(None, num_rows, interval, stamps=series.timestamps)
        return _checked(Timeline(None, num_rows, interval, None, calendar), options)
    zone = options.tz if interval < MINUTES_PER_DAY else None
    local = _start(options.start)
    if zone is not None and never_shown(local, zone).any():
        raise UserError("start", options.start, f"a time that the clock of {zone} shows", "correct --start")
    start = local[0]
    if zone is not None:
        start = to_utc(local, zone, second=bool(is_second_of_two(local, zone, after)[0]))[0]
    if calendar is not None and not calendar.contains(local)[0]:
        raise UserError("start", options.start, f"a time of {calendar}", "correct --start, --hours or --weekdays")
    return _checked(Timeline(start, num_rows, interval, zone, calendar), options)


def _start(text: str) -> np.ndarray:
    """datetime64[m] [1] of the option."""
    try:
        found = read_stamps(np.array([text], object), None, None)
    except UserError:
        found = None
    if found is None or found.offset is not None or (found.times.astype("datetime64[m]") != found.times).any():
        raise UserError("start", repr(text), "a local time such as '2024-01-01 00:00'", "correct --start")
    return found.times.astype("datetime64[m]")


def _checked(timeline: Timeline, options: TimeOptions) -> Timeline:
    try:
        timeline.timestamps()
    except (ValueError, OverflowError) as error:
        expected = f"times of day with a row every {length(timeline.interval_minutes)}"
        raise UserError("hours", f"{options.hours!r} ({error})", expected, "correct --hours or --freq") from error
    return timeline


def _interval_of(stamps: np.ndarray) -> int:
    """The minutes between rows, from the times of day."""
    advances = np.diff(stamps[:, 0].astype(np.float64))
    advances = advances[advances > 0]
    minutes = round(float(np.median(advances)) * MINUTES_PER_DAY) if len(advances) else MINUTES_PER_DAY
    return check_interval(max(1, minutes), "file")


def _check_stamps(series: RawSeries, dates: np.ndarray, interval: int) -> None:
    if series.timestamps is not None and not agree(dates, series.timestamps, interval, [0]):
        found = "times of day in the file that are not those of rows counted from --start"
        raise UserError("start", found, "the local time of the first row", "correct --start, or omit it")


def _counted_note(timeline: Timeline) -> str:
    stamps = timeline.timestamps()
    minute = round(float(stamps[0, 0]) * MINUTES_PER_DAY) if len(stamps) else 0
    clock = f"{minute // 60:02d}:{minute % 60:02d}"
    if timeline.stamps is not None:
        return f"times: the file has times of day without dates; the first row is at {clock}"
    return (
        f"times: the file has none; rows are counted every {length(timeline.interval_minutes)} from {clock} of day 0, "
        "whatever weekday that was; give --start if the date of the first row is known"
    )

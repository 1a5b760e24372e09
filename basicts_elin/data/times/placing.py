"""Places the rows of a file on a regular grid. T: rows of the grid, R: rows of the file."""

from dataclasses import replace
from datetime import datetime
from typing import Optional

import numpy as np

from ...errors import UserError
from ..catalog import MINUTES_PER_DAY
from ..io.raw import RawSeries
from ..zone_names import is_zone
from .calendars import Calendar, find_calendar, stated_calendar
from .clock import real_times, runs_by_clock
from .counted import place_counted
from .dates import Gap, format_time
from .duplicates import check_duplicates
from .options import Placement, TimeOptions, check_choices, length, parse_freq
from .regular import check_not_finer, find_interval, on_steps
from .stamps import read_stamps
from .timeline import Timeline
from .zones import check_zone, to_local

_MINUTE = np.timedelta64(1, "m")
# No calendar keeps fewer steps than one in so many: one hour of a week, and some gaps.
_SPARSEST = 500
# A grid may have so many missing rows for each one that is there.
_MOST_MISSING = 3


def place(series: RawSeries, options: TimeOptions, after: Optional[np.datetime64] = None) -> Placement:
    """The grid of a file's rows.

    The interval is the most frequent difference between times, if the others are multiples of it. Times of day and
    weekdays that the whole file lacks are its calendar; other absent times are gaps, rows of missing values.

    Args:
        after: UTC time of the last row that is there already, to which the file adds rows. A time that the clock shows
            twice in autumn, and that the file has once, is the second if only the second is later.
    Raises: UserError if a time cannot be read, lies between two steps or comes twice, and no option says what to do; if
        the interval cannot be found; or if far more rows are missing than there are.
    """
    check_choices(options)
    if options.tz is not None:
        check_zone(options.tz)
    if series.times is None:
        return place_counted(series, options, after)
    if options.start is not None:
        raise UserError("start", options.start, "none: the file has times", "omit --start")
    stamps = read_stamps(series.times, series.zone, options.time_format)
    # A file may name its own zone, or only have times in UTC.
    own_zone = series.zone if is_zone(series.zone) else None
    times, zone, notes = real_times(stamps, series.sensors, options.tz or own_zone, after)
    interval = find_interval(times, series.sensors) if options.freq is None else parse_freq(options.freq)
    if interval >= MINUTES_PER_DAY and zone is not None:
        # Days have 23 or 25 hours in real time. They are counted by the calendar.
        times, zone = to_local(times, zone), None
        notes = (*notes, "time zone: used to find the days; rows of whole days have no clock change")
        interval = find_interval(times, series.sensors) if options.freq is None else interval
    elif zone is not None and runs_by_clock(times, zone, interval, stamps.offset is None):
        times, zone = to_local(times, zone), None
        changing = "; the steps over its changes are longer or shorter in real time"
        notes = (*notes, f"time zone: rows every {length(interval)} are counted by the clock{changing}")
    offset = 0 if zone is None else int((to_local(times[:1], zone) - times[:1])[0] // _MINUTE)
    exact, moved = on_steps(times, interval, options.align, offset, stamps.texts)
    disorder = _disorder(series, exact, stamps.texts)
    calendar = stated_calendar(options.hours, options.weekdays)
    if options.freq is not None and calendar is None:
        check_not_finer(exact, interval)

    start = exact.min()
    steps = (exact - start) // (interval * _MINUTE)
    _check_span(steps, exact, interval, _SPARSEST)
    present = np.zeros(int(steps.max()) + 1, bool)
    present[steps] = True
    grid = start + np.arange(len(present)) * interval * _MINUTE
    local = grid if zone is None else to_local(grid, zone)
    if calendar is None:
        calendar = find_calendar(local, present)
    exists = _existing(calendar, local, present)
    rows = (np.cumsum(exists) - 1)[steps] if calendar is not None else steps
    _check_span(rows, exact, interval, _MOST_MISSING)
    present, local = present[exists], local[exists]
    timeline = Timeline(start, len(present), interval, zone, calendar)
    gaps = _gaps(local, present, interval, is_plain=zone is None and calendar is None)
    placement = Placement(timeline, rows, options.duplicates, gaps, ())
    doubles = check_duplicates(series, placement, stamps.texts, clock_changes=zone is None)
    found = (*stamps.notes, *notes, *moved, *disorder, *doubles, *_clock_change_note(gaps, zone))
    return replace(placement, notes=found)


def _disorder(series: RawSeries, times: np.ndarray, texts: np.ndarray) -> tuple[str, ...]:
    back = np.flatnonzero(np.diff(times) < np.timedelta64(0))
    # A long table has no order.
    if series.sensors is not None or not len(back):
        return ()
    row = int(back[0]) + 1
    found = f"{len(back)} rows are earlier than the row before, such as row {row} ({texts[row - 1]}, then {texts[row]})"
    return (f"order: {found}; the rows are sorted",)


def _check_span(rows: np.ndarray, times: np.ndarray, interval: int, most: int) -> None:
    """The rows of the grid may not be far more than those of the file."""
    unique = np.unique(times)
    total = int(rows.max()) + 1
    if total - len(unique) <= most * len(unique):
        return
    gaps = np.diff(unique)
    widest = int(gaps.argmax())
    found = (
        f"{len(unique)} times from {format_time(unique[0])} to {format_time(unique[-1])}, {total} every "
        f"{length(interval)}; the widest gap is from {format_time(unique[widest])} to {format_time(unique[widest + 1])}"
    )
    fix = "correct a wrong date or year, give another --freq, or prepare the parts as datasets of their own"
    raise UserError("file", found, "most of the times between the first and the last", fix)


def _existing(calendar: Optional[Calendar], local: np.ndarray, present: np.ndarray) -> np.ndarray:
    """bool [T], where the grid has a row. Raises: UserError if a row of the file is outside a stated calendar."""
    if calendar is None:
        return np.ones(len(local), bool)
    exists = calendar.contains(local)
    outside = present & ~exists
    if outside.any():
        found = f"{outside.sum()} times outside {calendar}, such as {format_time(local[outside.argmax()])}"
        raise UserError("file", found, f"times of {calendar}", "correct --hours or --weekdays, or omit them")
    return exists


def _gaps(local: np.ndarray, present: np.ndarray, interval: int, is_plain: bool) -> list[Gap]:
    """The runs of absent rows. The first and the last row are there."""
    edges = np.diff(present.astype(np.int8))
    return [
        Gap(
            local[before],
            int(after - before),
            interval,
            None if is_plain else (local[before + 1], local[after]),
        )
        for before, after in zip(np.flatnonzero(edges == -1), np.flatnonzero(edges == 1), strict=True)
    ]


def _clock_change_note(gaps: list[Gap], zone: Optional[str]) -> tuple[str, ...]:
    changes = [gap for gap in gaps if zone is None and _may_be_clock_change(gap)]
    hint = "looks like a change to summer time; name the time zone by --tz, and no row is missing there"
    return (f"gaps: {changes[0]} {hint}",) if changes else ()


def _may_be_clock_change(gap: Gap) -> bool:
    """Whether it is an hour of a Sunday night in spring, in the north or the south."""
    first = datetime.fromisoformat(str(gap.first))
    return gap.length == 60 * _MINUTE and first.weekday() == 6 and first.hour <= 3 and first.month in (3, 4, 9, 10, 11)

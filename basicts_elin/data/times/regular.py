"""The interval between rows, and times that are between two steps of it. R: rows of a file."""

from typing import Optional

import numpy as np

from ...errors import UserError
from ..catalog import MINUTES_PER_DAY
from .options import check_interval, freq_text, length

_MS_PER_MINUTE = 60_000
_SHOWN = 4
# Weeks begin on a Monday, 1970 on a Thursday: in minutes.
_FIRST_MONDAY = 4 * MINUTES_PER_DAY
# In days. So many months are the same number of days, or a few more or less.
_MONTH, _MORE_OR_LESS = 365.2425 / 12, 3
_PERIODS = {1: "month", 3: "quarter", 12: "year"}
# Fewer rows may be two steps apart by chance.
_MANY = 10


def find_interval(times: np.ndarray, sensors: Optional[np.ndarray] = None) -> int:
    """The minutes between rows: the most frequent difference of the times.

    Args:
        times: datetime64[ms] [R].
        sensors: [R] of a long table, whose sensors may report at different times.
    Raises: UserError unless it is regular: all other differences are multiples of it, or it is that of most rows.
    """
    steps = np.diff(np.unique(times)).astype(np.int64)
    if not len(steps):
        raise UserError("file", "rows of only one time", "two times or more", "give --freq, or more rows")
    _refuse_periods(steps)
    values, counts = np.unique(steps, return_counts=True)
    step = int(values[counts.argmax()])
    if sensors is not None and (steps % step).any():
        _refuse_phases(times, sensors, step)
    likely = _likely_interval(float(np.median(steps)))
    if (steps % step).any() and 2 * counts.max() <= len(steps):
        order = np.argsort(-counts, kind="stable")[:_SHOWN]
        shown = ", ".join(f"{counts[which]} x {length(values[which] / _MS_PER_MINUTE)}" for which in order)
        more = f" and {len(values) - _SHOWN} others" if len(values) > _SHOWN else ""
        fix = f"give --freq, such as --freq {likely or 15}min, and --align floor or nearest for times between two steps"
        raise UserError("file", f"rows at irregular intervals ({shown}{more})", "one interval between rows", fix)
    if step % _MS_PER_MINUTE:
        fix = "give --freq 1min with --align floor and --duplicates mean"
        if likely is not None:
            fix = f"give --freq {likely}min with --align floor or --align nearest"
        raise UserError("file", f"rows every {length(step / _MS_PER_MINUTE)}", "whole minutes between rows", fix)
    return check_interval(step // _MS_PER_MINUTE, "file")


def _refuse_periods(steps: np.ndarray) -> None:
    """Raises: UserError if differences in milliseconds are those of months, quarters or years."""
    days = steps / (MINUTES_PER_DAY * _MS_PER_MINUTE)
    months = np.rint(days / _MONTH)
    # Multiples of 31 days, for example, are an interval.
    is_interval = not (steps % steps.min()).any()
    if is_interval or (months < 1).any() or (np.abs(days - months * _MONTH) > _MORE_OR_LESS).any():
        return
    values, counts = np.unique(months, return_counts=True)
    period = int(values[counts.argmax()])
    shown = days[months == period]
    found = f"a row every {_PERIODS.get(period, f'{period} months')}, {shown.min():g} to {shown.max():g} days apart"
    raise UserError("file", found, "one interval between rows", "give rows of days or weeks")


def _refuse_phases(times: np.ndarray, sensors: np.ndarray, step: int) -> None:
    """Raises: UserError if most rows of each sensor are further apart than those of all together, by one interval."""
    order = np.lexsort((times, sensors))
    own = np.diff(times[order]).astype(np.int64)[np.diff(sensors[order]) == 0]
    values, counts = np.unique(own[own > 0], return_counts=True)
    if not len(counts) or 2 * counts.max() <= counts.sum():
        return
    likely = _likely_interval(float(values[counts.argmax()]))
    if likely is None or likely * _MS_PER_MINUTE <= step:
        return
    found = f"sensors that each have a row every {length(likely)}, but at different times"
    fix = f"give --freq {freq_text(likely)} --align floor"
    raise UserError("file", found, "rows of all sensors at the same times", fix)


def check_not_finer(times: np.ndarray, interval_minutes: int) -> None:
    """Check that rows are not all further apart than a given interval.

    Args:
        times: datetime64[m] [R], at steps of the interval.
    Raises: UserError if most rows are a multiple of the interval apart, and all others multiples of that.
    """
    steps = np.diff(np.unique(times)).astype(np.int64)
    if len(steps) < _MANY:
        return
    values, counts = np.unique(steps, return_counts=True)
    step = int(values[counts.argmax()])
    divides = MINUTES_PER_DAY % step == 0 or step % MINUTES_PER_DAY == 0
    if step > interval_minutes and divides and 2 * counts.max() > len(steps) and not (steps % step).any():
        raise UserError(
            "freq",
            f"rows every {length(step)}",
            f"rows every {length(interval_minutes)}",
            f"give --freq {freq_text(step)}",
        )


def _likely_interval(step: float) -> Optional[int]:
    """The minutes, a divisor of the day, of which a step in milliseconds is within 5 %; None if there are none."""
    divisors = [minutes for minutes in range(1, MINUTES_PER_DAY + 1) if MINUTES_PER_DAY % minutes == 0]
    nearest = min(divisors, key=lambda minutes: abs(minutes * _MS_PER_MINUTE - step))
    return nearest if abs(nearest * _MS_PER_MINUTE - step) <= 0.05 * step else None


def on_steps(
    times: np.ndarray, interval_minutes: int, align: Optional[str], offset_minutes: int, texts: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Times at whole steps, datetime64[m] [R], and what was moved.

    Args:
        times: datetime64[ms] [R].
        align: see `TimeOptions`; the steps are then those from the clock's midnight.
        offset_minutes: the clock's distance from the times.
        texts: [R], for messages.
    Raises: UserError if some are between two steps, and `align` is None.
    """
    step = interval_minutes * _MS_PER_MINUTE
    millis = times.astype(np.int64) + (offset_minutes - _FIRST_MONDAY) * _MS_PER_MINUTE
    phases, counts = np.unique(millis % step, return_counts=True)
    phase = 0 if align is not None else int(phases[counts.argmax()])
    past = (millis - phase) % step
    moved = past != 0
    if align is None and phase % _MS_PER_MINUTE:
        found = f"times with seconds, such as {texts[0]}"
        raise UserError("file", found, "whole minutes", "give --align floor or --align nearest")
    notes: tuple[str, ...] = ()
    if moved.any():
        row = int(moved.argmax())
        found = f"{moved.sum()} of {len(times)} times between two steps of {length(interval_minutes)}"
        example = f"such as {texts[row]} in row {row}"
        if align is None:
            many = ", with --duplicates mean if several rows fall on one step" if 5 * moved.sum() > len(times) else ""
            fix = f"give --align floor or --align nearest{many}, or another --freq"
            raise UserError("file", f"{found}, {example}", f"times every {length(interval_minutes)}", fix)
        notes = (f"times: {found} are moved to {_MOVED[align]}, {example}",)
        up = (align == "nearest") & (2 * past >= step)
        times = times + np.where(up, step - past, -past).astype("timedelta64[ms]")
    return times.astype("datetime64[m]"), notes


_MOVED = {"floor": "the step before", "nearest": "the nearest step"}

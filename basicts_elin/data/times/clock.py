"""Local times become real ones. R: rows of a file."""

from typing import Optional

import numpy as np

from ...errors import UserError
from ..zone_names import offset_name
from .duplicates import occurrences
from .stamps import Stamps
from .zones import never_shown, shown_twice, to_local, to_utc

_MS_PER_MINUTE = 60_000
# Clocks change by an hour or less: longer intervals are not kept.
_HOUR = 60


def real_times(
    stamps: Stamps, sensors: Optional[np.ndarray], zone: Optional[str], after: Optional[np.datetime64] = None
) -> tuple[np.ndarray, Optional[str], tuple[str, ...]]:
    """The times of the rows, datetime64[ms] [R], the time zone if they are UTC, and what was decided.

    Args:
        sensors: [R] of a long table; None if the rows are of different times.
        zone: of the clock; None: the clock stays as it is written.
        after: UTC time of the last row that is there already, see `placing.place`.
    Raises: UserError if the times need a time zone, or the clock of the zone never shows some of them.
    """
    offset = stamps.offset
    if zone is not None:
        if offset is not None:
            return stamps.times, zone, ()
        times, notes = _localised(stamps, sensors, zone, after)
        return times, zone, notes
    if offset is None:
        return stamps.times, None, ()
    if np.isnan(offset):
        found = f"times with different offsets from UTC, such as {stamps.texts[0]!r}"
        raise UserError("file", found, "one clock", "name the time zone by --tz, such as --tz Europe/Berlin")
    if offset == 0:
        return stamps.times, "UTC", ("clock: UTC, as in the file; --tz reads the clock of a time zone",)
    written = offset_name(int(offset))
    note = f"times: all have the offset {written} and are taken by that clock; --tz reads the clock of a time zone"
    return stamps.times + np.timedelta64(int(offset) * _MS_PER_MINUTE, "ms"), None, (note,)


def _localised(
    stamps: Stamps, sensors: Optional[np.ndarray], zone: str, after: Optional[np.datetime64]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """UTC times. The first of two equal times in autumn is summer time, in the order in which the file runs."""
    times, texts = stamps.times, stamps.texts
    wrong = never_shown(times, zone)
    if wrong.any():
        row = int(wrong.argmax())
        found = f"{wrong.sum()} of {len(times)} times that the clock of {zone} skips, such as {texts[row]} in row {row}"
        offset = (to_local(to_utc(times[:1], zone), zone) - to_utc(times[:1], zone))[0] / np.timedelta64(1, "h")
        winter = f" (a clock without summer time: --tz Etc/GMT{-int(offset):+d})" if offset == int(offset) else ""
        raise UserError("file", found, f"times of {zone}", f"correct --tz{winter}, or the times")
    utc = to_utc(times, zone)
    twice = np.flatnonzero(shown_twice(times, zone))
    if not len(twice):
        return utc, ()
    # The newest row may come first.
    steps = np.diff(times).astype(np.int64)
    if (steps < 0).sum() > (steps > 0).sum():
        twice = twice[::-1]
    places, owners = times[twice].astype(np.int64), None if sensors is None else sensors[twice]
    before = occurrences(places, owners)
    behind = occurrences(places[::-1], None if owners is None else owners[::-1])[::-1]
    later, is_single = twice[before > 0], (before == 0) & (behind == 0)
    utc[later] = to_utc(times[later], zone, second=True)
    notes = []
    pairs, alone = int((before == 1).sum()), twice[is_single]
    if pairs:
        notes.append(f"clock: {pairs} times come twice in autumn, such as {texts[later[0]]}; both are kept")
    is_second = is_second_of_two(times[alone], zone, after)
    utc[alone[is_second]] = to_utc(times[alone[is_second]], zone, second=True)
    for rows, which in (
        (alone[~is_second], "the first"),
        (alone[is_second], "the second, because the first is not later than the rows that are there already"),
    ):
        if len(rows):
            notes.append(
                f"clock: {len(rows)} times of the hour that comes twice in autumn come only once, such as "
                f"{texts[rows[0]]}; they are taken as {which}"
            )
    return utc, tuple(notes)


def is_second_of_two(times: np.ndarray, zone: str, after: Optional[np.datetime64]) -> np.ndarray:
    """bool [T]: the clock shows a local time twice, and only the second is later than the UTC time `after`."""
    if after is None:
        return np.zeros(len(times), bool)
    return shown_twice(times, zone) & (to_utc(times, zone) <= after) & (to_utc(times, zone, second=True) > after)


def runs_by_clock(times: np.ndarray, zone: str, interval_minutes: int, is_local: bool) -> bool:
    """Whether rows are at equal distances by the clock of a zone, and not in real time. Rows every 3 hours mostly are.

    Args:
        times: UTC, datetime64[ms] [R].
        is_local: whether the file has local times. Those of more than an hour are then taken by the clock if both fit.
    """
    step = interval_minutes * _MS_PER_MINUTE
    local = to_local(times, zone)
    real, clock = (not ((found - found[0]).astype(np.int64) % step).any() for found in (times, local))
    return clock if real != clock else is_local and interval_minutes > _HOUR

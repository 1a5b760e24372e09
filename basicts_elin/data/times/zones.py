"""Local clock time and real time (UTC) of a time zone, for whole arrays. K: changes of the clock, T: times."""

import functools
import zoneinfo
from datetime import datetime, timedelta, timezone

import numpy as np

from ...errors import UserError, nearest
from ..zone_names import known_zones

_MINUTE = np.timedelta64(1, "m")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def check_zone(name: str, field: object = "tz") -> str:
    """The name of a time zone. Raises: UserError if the system and the package `tzdata` do not know it."""
    try:
        zoneinfo.ZoneInfo(name)
    except Exception as error:
        # The name of a folder of zones, or of no file at all, can fail in any way.
        known = nearest(name, known_zones())
        expected = f"a time zone of the IANA, such as Europe/Berlin{known}"
        raise UserError(field, repr(name), expected, "correct the name") from error
    return name


def to_local(instants: np.ndarray, zone: str) -> np.ndarray:
    """The clock's times of UTC times, in their unit."""
    changes, offsets = _changes(zone)
    return instants + offsets[np.searchsorted(changes, instants, side="right")]


def to_utc(times: np.ndarray, zone: str, second: bool = False) -> np.ndarray:
    """The UTC times of local times, in their unit.

    Args:
        second: of a time that the clock shows twice in autumn, take the second.
    """
    changes, offsets = _changes(zone)
    return times - offsets[_periods(times, changes, offsets, second)]


def shown_twice(times: np.ndarray, zone: str) -> np.ndarray:
    """True where the clock shows a local time twice."""
    return _differ(times, zone) & (to_utc(times, zone) < to_utc(times, zone, second=True))


def never_shown(times: np.ndarray, zone: str) -> np.ndarray:
    """True where the clock skips a local time."""
    return _differ(times, zone) & (to_utc(times, zone) > to_utc(times, zone, second=True))


def _differ(times: np.ndarray, zone: str) -> np.ndarray:
    changes, offsets = _changes(zone)
    return _periods(times, changes, offsets, False) != _periods(times, changes, offsets, True)


def _periods(times: np.ndarray, changes: np.ndarray, offsets: np.ndarray, second: bool) -> np.ndarray:
    """Number of the period between two changes, by the clock before a change or after it."""
    pick = np.minimum if second else np.maximum
    return np.searchsorted(changes + pick(offsets[:-1], offsets[1:]), times, side="right")


@functools.lru_cache(maxsize=8)
def _changes(name: str) -> tuple[np.ndarray, np.ndarray]:
    """UTC times of the changes, datetime64[m] [K], and the offsets before and after them, timedelta64[m] [K + 1]."""
    zone = zoneinfo.ZoneInfo(check_zone(name))
    days = (datetime(_FIRST_YEAR, 1, 1, tzinfo=timezone.utc) - _EPOCH).days
    last = (datetime(_LAST_YEAR, 1, 1, tzinfo=timezone.utc) - _EPOCH).days
    changes, offsets = [], [_offset(zone, days * 1440)]
    # No zone has changed its clock twice within a week, and kept the offset.
    for low in range(days * 1440, last * 1440, 7 * 1440):
        high = low + 7 * 1440
        while _offset(zone, high) != offsets[-1]:
            end = high
            while end - low > 1:
                middle = (low + end) // 2
                low, end = (middle, end) if _offset(zone, middle) == offsets[-1] else (low, middle)
            changes.append(end)
            offsets.append(_offset(zone, end))
            low = end
    return np.array(changes, "int64").astype("datetime64[m]"), np.array(offsets, "int64") * _MINUTE


def _offset(zone: zoneinfo.ZoneInfo, minutes: int) -> int:
    """Minutes from UTC, at a UTC time in minutes since 1970."""
    found = (_EPOCH + timedelta(minutes=minutes)).astimezone(zone).utcoffset()
    assert found is not None, "a zone has an offset"
    return round(found.total_seconds() / 60)

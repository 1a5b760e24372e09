"""What the name of a time zone stands for: a zone of the IANA, UTC, or an offset from it such as "+05:30"."""

import functools
import re
import zoneinfo
from typing import Optional

_OFFSET = re.compile(r"(?:UTC)?([+-])(\d{2}):?(\d{2})")


def is_zone(name: Optional[str]) -> bool:
    """Whether a name is that of a time zone, and not only an offset or UTC."""
    return name not in (None, "UTC") and name in known_zones()


def fixed_offset(name: str) -> int:
    """Minutes from UTC of a zone whose name is an offset, such as "+05:30"; 0 of any other name."""
    found = _OFFSET.fullmatch(name)
    if found is None:
        return 0
    sign, hours, minutes = found.groups()
    return (60 * int(hours) + int(minutes)) * (-1 if sign == "-" else 1)


def offset_name(minutes: int) -> str:
    """Such as "+05:30"."""
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    return f"{sign}{size // 60:02d}:{size % 60:02d}"


@functools.cache
def known_zones() -> frozenset[str]:
    """The names of all time zones."""
    # zoneinfo searches its folders at every call, which takes longer than a forecast
    return frozenset(zoneinfo.available_timezones())

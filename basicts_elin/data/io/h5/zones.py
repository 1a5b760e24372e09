"""The time zone that pandas stores with dates, read without executing anything."""

import pickletools
from typing import Optional

from .slices import text

# What may follow the text "tz" that is not the beginning of a zone: no zone, another dictionary, or the end of its own.
_NO_ZONE = ("NONE", "MARK", "EMPTY_DICT", "DICT", "SETITEM", "SETITEMS")


def zone_name(value: object) -> Optional[str]:
    """The IANA name in an attribute `tz`; "UTC" if it is something else, None if there is no zone."""
    return None if value is None else _known(text(value))


def pickled_zone(info: bytes) -> Optional[str]:
    """The zone in the pickle `info` of a frame in the table format, as `zone_name` has it.

    The pickle is parsed and not executed: a zone is an object of a library, which is made of its name.
    """
    kept: set[object] = set()
    zones: list[str] = []
    is_key = is_value = False
    for code, value, _ in pickletools.genops(info) if info else ():
        if code.name.endswith("PUT"):
            # The text before is kept under a number, by which it comes again.
            kept |= {value} if is_key else set()
            continue
        if is_key and code.name not in _NO_ZONE:
            is_value = True
            zones.append("UTC")
        if is_value and isinstance(value, str) and zones[-1] == "UTC":
            zones[-1] = _known(value)
        is_value = is_value and not code.name.startswith("SETITEM")
        is_key = not is_value and (value == "tz" or (code.name.endswith("GET") and value in kept))
    if not zones:
        return None
    return zones[0] if len(set(zones)) == 1 else "UTC"


def _known(name: str) -> str:
    from zoneinfo import available_timezones

    return name if name in available_timezones() else "UTC"

"""A column of a table, before its role is known."""

import functools
import re
from dataclasses import dataclass
from typing import Optional

NUMBER, TIME, CLOCK, TEXT = "number", "time", "clock", "text"
_IDS = {
    *("uniqueid", "sensor", "sensorid", "station", "stationid", "detector", "detectorid", "detid", "node", "nodeid"),
    *("segment", "segmentid", "location", "locationid", "siteid", "site", "linkid", "roadid", "deviceid", "seriesid"),
    "itemid",
}


# Row numbers and unix times are recognised by their cells: those of the first column, and of a table with few columns.
_FEW = 16


@dataclass(frozen=True)
class Column:
    """A column of which only the beginning is known.

    Attributes:
        name: "" if it has none.
        kind: NUMBER, TIME (dates), CLOCK (clock times without a date) or TEXT.
        sample: its first cells that are not empty, as text.
        zone: the time zone, if it is datetime64 in UTC.
    """

    name: str
    kind: str
    sample: tuple[str, ...] = ()
    zone: Optional[str] = None


def needs_sample(number: int, name: str, width: int) -> bool:
    """Whether the role of a column of numbers may depend on its cells. width: number of columns of the table."""
    return number == 0 or not name or width <= _FEW


@functools.lru_cache(maxsize=2**14)
def letters(name: str) -> str:
    """The letters of a column's name, in lower case. Kept, because a service reads the same names again and again."""
    return re.sub(r"[^a-z]", "", name.lower())


@functools.lru_cache(maxsize=2**14)
def is_id_name(name: str) -> bool:
    """Whether a column of this name holds sensor ids, by custom. One of "sensor1" holds the values of a sensor."""
    return re.sub(r"[\W_]", "", name.lower()) in _IDS

"""A column of a table, before its role is known."""

import re
from dataclasses import dataclass
from typing import Optional

NUMBER, TIME, CLOCK, TEXT = "number", "time", "clock", "text"
_IDS = {
    *("uniqueid", "sensor", "sensorid", "station", "stationid", "detector", "detectorid", "detid", "node", "nodeid"),
    *("segment", "segmentid", "location", "locationid", "siteid", "site", "linkid", "roadid", "deviceid", "seriesid"),
    "itemid",
}


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


def is_id_name(name: str) -> bool:
    """Whether a column of this name holds sensor ids, by custom. One of "sensor1" holds the values of a sensor."""
    return re.sub(r"[\W_]", "", name.lower()) in _IDS

"""A column of a table, before its role is known."""

from dataclasses import dataclass
from typing import Optional

NUMBER, TIME, CLOCK, TEXT = "number", "time", "clock", "text"


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

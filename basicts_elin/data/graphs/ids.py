"""Sensor ids: lists of them, and finding a sensor by the way a file writes its id."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Optional

from ...errors import UserError, one_line
from ..io.tables.column import is_id_name
from .text import read_text

_REAL = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
# what to do about a graph of others
SAME_SENSORS = "give the graph of the same sensors"
# Up to here a float64 holds every whole number.
_EXACT = 2.0**53


def read_ids(path: Path, field: str) -> list[str]:
    """Sensor ids, one per line, or separated by commas. On a single line without commas, blanks separate them.

    Of a table whose first line names a column of sensor ids, that column.

    Raises: UserError if the file is missing or empty, or names a sensor twice.
    """
    lines = [line.replace(";", ",").replace("\t", ",") for line in read_text(path, field).splitlines() if line.strip()]
    if len(lines) == 1 and "," not in lines[0]:
        lines = lines[0].split()
    try:
        rows = [[cell.strip() for cell in line] for line in csv.reader(lines)]
    except csv.Error as error:
        raise UserError(field, f"{path} cannot be read ({one_line(error)})", "sensor ids, one per line") from error
    ids = _column(rows) or [cell for row in rows for cell in row if cell]
    if not ids:
        raise UserError(field, f"{path} is empty", "sensor ids, one per line", "name another file")
    duplicate = repeated(ids)
    if duplicate is not None:
        raise UserError(field, f"{duplicate} twice in {path}", "each sensor once", "remove the duplicates")
    return ids


def _column(rows: list[list[str]]) -> list[str]:
    """The ids below a name such as sensor_id in the first line; none if that line has no such name."""
    named = [place for place, cell in enumerate(rows[0]) if is_id_name(cell)] if len(rows) > 1 else []
    if len(named) != 1 or any(len(row) != len(rows[0]) for row in rows):
        return []
    return [row[named[0]] for row in rows[1:] if row[named[0]]]


def repeated(ids: Sequence[str]) -> Optional[str]:
    """The first id that occurs twice; None if each occurs once."""
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            return name
        seen.add(name)
    return None


def plain_id(text: str) -> str:
    """The id without what programs add to whole numbers: "400001.0" and "4.00001e+05" are "400001"."""
    if not _REAL.fullmatch(text) or text.lstrip("+-").isdigit():
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() and abs(number) < _EXACT else text


class Places:
    """The place of each sensor by its id, as the data or another program writes it."""

    def __init__(self, names: Iterable[str]):
        self._exact = {name: place for place, name in enumerate(names)}
        plain = {name: plain_id(name) for name in self._exact}
        counts = Counter(plain.values())
        self._plain = {plain[name]: place for name, place in self._exact.items() if counts[plain[name]] == 1}

    def get(self, text: str) -> Optional[int]:
        """The place of the sensor; None if there is none of that id."""
        place = self._exact.get(text)
        return self._plain.get(plain_id(text)) if place is None else place

    def __contains__(self, text: str) -> bool:
        return self.get(text) is not None


def numbers(count: int) -> list[str]:
    """The ids of nodes without names: 0, 1, 2, ..."""
    return [str(number) for number in range(count)]

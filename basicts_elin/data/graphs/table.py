"""A table of cells: an edge list, or a matrix with or without ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import UserError
from ..io.kinds import FEATHER, PARQUET, TEXT
from .text import read_rows

SUFFIXES = (*TEXT, *PARQUET, *FEATHER)


@dataclass(frozen=True)
class Table:
    """Rows of cells, all of the same width.

    Attributes:
        path: the file.
        rows: the cells, "" where one is empty; one row or more. The first may be a header.
        lines: the line of each row in the file, counted from 1.
    """

    path: Path
    rows: list[list[str]]
    lines: Sequence[int]

    @property
    def width(self) -> int:
        return len(self.rows[0])

    def where(self, row: int) -> str:
        return f"line {self.lines[row]} of {self.path}"


def read_table(path: Path, field: str) -> Table:
    """A table from text, Parquet or Feather.

    Raises: UserError if the file cannot be read, is empty or ragged.
    """
    if path.suffix.lower() not in TEXT:
        rows = _columnar_rows(path, field)
        return Table(path, rows, range(1, len(rows) + 1))
    rows, lines = read_rows(path, field)
    # programs that end each line with a separator
    while rows and len(rows[0]) > 1 and not any(row[-1] for row in rows if len(row) == len(rows[0])):
        rows = [row[: len(rows[0]) - 1] for row in rows]
    if not rows:
        raise UserError(field, f"{path} is empty", "a list of edges, or a matrix", "save it again")
    width = len(rows[0])
    for place, row in enumerate(rows):
        if len(row) > width and not any(row[width:]):
            del row[width:]
        if len(row) != width:
            found = f"{','.join(row)!r} in line {lines[place]} of {path}, {len(row)} cells"
            expected = f"{width} cells, as in line {lines[0]}, such as from,to,cost"
            raise UserError(field, found, expected, "correct the line")
    return Table(path, rows, lines)


def array_table(array: np.ndarray, path: Path) -> Table:
    """The table of an array of numbers [rows, columns]."""
    rows = [[_cell(value) for value in row] for row in array.tolist()]
    return Table(path, rows, range(1, len(rows) + 1))


def _columnar_rows(path: Path, field: str) -> list[list[str]]:
    # imported here because text needs no pyarrow
    from ..io.tables.arrow import plain_name, read_columns

    columns = read_columns(path, "Parquet" if path.suffix.lower() in PARQUET else "Feather", field)
    rows = zip(*columns.values(), strict=True)
    return [[plain_name(name) for name in columns], *([_cell(cell) for cell in row] for row in rows)]


def is_real(cell: str) -> bool:
    """Whether the cell is a number, also NaN or infinity."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def are_counted(cells: Sequence[str]) -> bool:
    """Whether the cells count the rows, from 0 or 1 on."""
    return any(list(cells) == [str(number) for number in range(first, first + len(cells))] for first in (0, 1))


def _cell(value: object) -> str:
    """A cell as text: the shortest number that reads back the same."""
    return "" if value is None else str(value).strip()

"""A table of cells: an edge list, or a matrix with or without ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import UserError, one_line
from .text import read_rows

TEXT = (".csv", ".txt", ".tsv", ".dat")
COLUMNAR = (".parquet", ".feather")
# the index of a pandas frame without a name, as Parquet and Feather files keep it
_NO_NAME = "__index_level_"


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
    if path.suffix.lower() in COLUMNAR:
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
    rows = [[_number(value) for value in row] for row in array.tolist()]
    return Table(path, rows, range(1, len(rows) + 1))


def _columnar_rows(path: Path, field: str) -> list[list[str]]:
    try:
        from pyarrow import feather, parquet
    except ImportError as error:
        fix = "pip install 'basicts-elin[parquet]', or save the file as CSV"
        raise UserError(field, f"{path} cannot be read without pyarrow", fix=fix) from error
    try:
        read = parquet.read_table if path.suffix.lower() == ".parquet" else feather.read_table
        found = read(path)
        # Damaged offsets of text would be read outside of the file's memory, and end the process.
        found.validate(full=True)
        index = (found.schema.pandas_metadata or {}).get("index_columns", [])
        # the index of a frame comes first, as in a text file
        names = sorted(found.column_names, key=lambda name: name not in index)
        columns = [found.column(name).to_pylist() for name in names]
    except Exception as error:
        # A damaged file can fail in any way.
        found = f"{path} cannot be read ({one_line(error)})"
        raise UserError(field, found, f"a {path.suffix} file", "save it again, or as CSV") from error
    header = ["" if name.startswith(_NO_NAME) else name for name in names]
    return [header, *([_number(cell) for cell in row] for row in zip(*columns, strict=True))]


def _number(value: object) -> str:
    """A cell as text: the shortest number that reads back the same."""
    return "" if value is None else str(value).strip()

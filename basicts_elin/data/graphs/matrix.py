"""Adjacency matrices as tables, with or without ids in the first row and column."""

from typing import Optional

import numpy as np

from ...errors import UserError
from .graph import Graph, checked_graph
from .ids import Places, repeated
from .table import Table, are_counted, is_real

_EXPECTED = "a square matrix of numbers [nodes, nodes], with or without a row and a column of ids"
_EDGES = "give an edge list by --distances"


def square_size(table: Table) -> Optional[int]:
    """The number of sensors if the table has the shape of a matrix, with or without ids; else None."""
    height = len(table.rows)
    if height == table.width:
        return height - _has_corner(table)
    return min(height, table.width) if abs(height - table.width) == 1 else None


def table_graph(table: Table, names: Places, field: str) -> Graph:
    """The graph of a table. The ids of the rows decide over their order, and those of the columns over theirs.

    Args:
        table: numbers, 0 without an edge; ids in the first row, in the first column, or in both.
        names: the ids of the data, by which numbers are known to be ids.
        field: the argument that named the file, for the message.
    Raises: UserError if the table is not such a matrix.
    """
    height, width, path = len(table.rows), table.width, table.path
    size = square_size(table)
    if not size:
        found = f"{height} rows x {width} columns in {path}"
        fix = _EDGES if 2 <= width <= 4 else "save the matrix as .npy, .csv or .pkl"
        raise UserError(field, found, _EXPECTED, fix)
    skipped_rows, skipped_columns = height - size, width - size
    cells = [row[skipped_columns:] for row in table.rows[skipped_rows:]]
    values = _values(cells, table, skipped_rows, skipped_columns, field)
    columns = table.rows[0][skipped_columns:] if skipped_rows else None
    rows = [row[0] for row in table.rows[skipped_rows:]] if skipped_columns else None
    for ids in (columns, rows):
        if ids is not None and not (skipped_rows and skipped_columns) and not _are_ids(ids, values, names):
            found = f"{height} rows x {width} columns in {path}"
            raise UserError(field, found, _EXPECTED, "correct the matrix")
        if ids is not None and repeated(ids) is not None:
            raise UserError(field, f"{repeated(ids)} twice in {path}", "each node once", "correct the ids")
    rows, columns = (None if ids is None or _only_counts(ids, names) else ids for ids in (rows, columns))
    if rows is None or columns is None:
        return checked_graph(values, columns if rows is None else rows, path, field)
    places = [Places(columns).get(name) for name in rows]
    if None in places:
        name = rows[places.index(None)]
        raise UserError(field, f"row {name!r} in {path}, but no column", "the same ids in both", "correct the ids")
    return checked_graph(values[:, np.array(places)], rows, path, field)


def _values(cells: list[list[str]], table: Table, first_row: int, first_column: int, field: str) -> np.ndarray:
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError:
        row, column = next(
            (row, column) for row, line in enumerate(cells) for column, cell in enumerate(line) if not is_real(cell)
        )
        found = f"{cells[row][column]!r} in {table.where(row + first_row)}, column {column + first_column + 1}"
        raise UserError(field, found, _EXPECTED, "write a number there, 0 without an edge") from None


def _has_corner(table: Table) -> bool:
    """Whether the first cell stands above ids and beside ids: it is empty, or a word."""
    return not is_real(table.rows[0][0])


def _are_ids(ids: list[str], values: np.ndarray, names: Places) -> bool:
    """Whether a row or column beside a square holds ids: words, a count, known ones, or numbers above all weights."""
    if repeated(ids) is not None:
        return False
    if are_counted(ids) or all(name in names for name in ids) or not any(map(is_real, ids)):
        return True
    numbers = [float(name) for name in ids if is_real(name)]
    return all(number.is_integer() and number > values.max() for number in numbers)


def _only_counts(ids: list[str], names: Places) -> bool:
    """Whether the ids say no more than the order of the nodes."""
    return are_counted(ids) and not all(name in names for name in ids)

"""Edge lists: which rows are edges between the sensors of the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Optional

import numpy as np

from ...errors import UserError
from .columns import Columns, find_columns
from .ids import SAME_SENSORS, Places, numbers
from .table import Table, is_real

_NAMES = "name the sensors as the data do, and the columns from, to, cost in the first line"


@dataclass(frozen=True)
class Network:
    """The sensors between which edges count.

    Attributes:
        num_nodes: how many there are.
        names: their ids; None if they are numbered from 0.
    """

    num_nodes: int
    names: Optional[Sequence[str]] = None

    @cached_property
    def places(self) -> Places:
        return self.by_number if self.names is None else Places(self.names)

    @cached_property
    def by_number(self) -> Places:
        return Places(numbers(self.num_nodes))

    @property
    def is_counted(self) -> bool:
        """Whether the sensors have the numbers 0 to N - 1, with which those of any other network could be confused."""
        return self.names is None or set(self.names) == set(numbers(self.num_nodes))


@dataclass(frozen=True)
class Edges:
    """The E rows of a list that lie between sensors of the network.

    Attributes:
        ends: int64 [E, 2], the places of their two sensors in the network.
        costs: float64 [E], NaN where a cell is no number; None if the list has no column of costs.
        rows: int64 [E], the row of the table that each comes from.
        notes: what was read, and what was skipped.
        cost_name: the name of the column of costs; "" if it has none.
    """

    ends: np.ndarray
    costs: Optional[np.ndarray]
    rows: np.ndarray
    notes: tuple[str, ...]
    cost_name: str = ""


def find_edges(table: Table, network: Network, field: str) -> Edges:
    """The edges between the sensors of the network.

    Rows of other sensors are skipped, if the list names sensors by ids that no numbering explains. Sensors that have
    ids may also be named by number, if no id occurs and the numbers are those from 0 to N - 1.

    Args:
        table: the list, with or without a header.
        network: the sensors.
        field: the argument that named the file, for the message.
    Raises: UserError if the columns cannot be told apart, a sensor is not of the network, or no row is.
    """
    if table.width < 2:
        raise UserError(field, f"{table.rows[0][0]!r} in {table.where(0)}", "from,to,cost", "correct the line")
    columns = find_columns(table, network.places, field)
    if network.names is not None and _are_numbers(_ids(table, columns), network):
        last = network.num_nodes - 1
        note = f"no sensor by its id: the numbers 0 to {last} are taken for the columns of the data, in their order"
        numbered = Network(network.num_nodes)
        return _edges(table, numbered, find_columns(table, numbered.places, field), field, (note,))
    return _edges(table, network, columns, field)


def _edges(table: Table, network: Network, columns: Columns, field: str, notes: tuple[str, ...] = ()) -> Edges:
    count = len(table.rows) - columns.first
    find, rows, ends = network.places.get, [], []
    for row in range(columns.first, len(table.rows)):
        cells = table.rows[row]
        start, end = find(cells[columns.start]), find(cells[columns.end])
        if start is not None and end is not None:
            rows.append(row)
            ends.append((start, end))
    if len(rows) < count:
        foreign = [name for name in dict.fromkeys(_ids(table, columns)) if name not in network.places]
        _check_foreign(foreign, bool(rows), table, network, columns, field)
        skipped = f"{count - len(rows)} of {count} rows are skipped"
        notes = (f"{skipped}: {len(foreign)} sensors are not in the data, such as {foreign[0]}", *notes)
    costs = None
    if columns.cost is not None:
        cells = [table.rows[row][columns.cost] for row in rows]
        costs = np.array([float(cell) if is_real(cell) else np.nan for cell in cells], dtype=np.float64)
    notes = (f"{count} rows, {columns.note}", *notes)
    name = table.rows[0][columns.cost] if columns.first and columns.cost is not None else ""
    return Edges(np.array(ends, dtype=np.int64).reshape(-1, 2), costs, np.array(rows, dtype=np.int64), notes, name)


def _check_foreign(
    foreign: list[str], has_common: bool, table: Table, network: Network, columns: Columns, field: str
) -> None:
    """Raise UserError unless the list certainly names its sensors by ids, and is of a larger network."""
    first = "" if "" in foreign else foreign[0]
    row = next(row for row, cells in enumerate(table.rows) if first in (cells[columns.start], cells[columns.end]))
    found, last = f"node {first!r} in {table.where(row)}", network.num_nodes - 1
    ids = set(_ids(table, columns))
    if network.names is None:
        one_based = str(last + 1) in ids and ids <= {str(number + 1) for number in range(last + 1)}
        fix = "its numbers seem to start at 1: subtract 1" if one_based else SAME_SENSORS
        raise UserError(field, found, f"0 to {last}, or sensor ids with --ids FILE", fix)
    expected = f"one of the {network.num_nodes} sensor ids, such as {network.names[0]}"
    if first == "":
        raise UserError(field, found, expected, "correct the line")
    if network.is_counted:
        raise UserError(field, found, expected, SAME_SENSORS)
    if not has_common:
        found += ", and no row between two sensors of the data"
        raise UserError(field, found, expected, _NAMES)
    if all(name in network.by_number for name in ids):
        found += ", in a list whose sensors may be ids or numbers from 0"
        raise UserError(field, found, expected, "name the sensors by their ids")


def _ids(table: Table, columns: Columns) -> list[str]:
    return [row[place] for row in table.rows[columns.first :] for place in (columns.start, columns.end)]


def _are_numbers(ids: list[str], network: Network) -> bool:
    """Whether no id is of the network, and the lowest and highest show that they count its sensors from 0."""
    if any(name in network.places for name in ids):
        return False
    places = {network.by_number.get(name) for name in ids}
    return None not in places and {0, network.num_nodes - 1} <= places

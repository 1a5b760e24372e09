"""Which columns of an edge list are from, to and cost."""

import re
from dataclasses import dataclass
from typing import Optional

from ...errors import UserError
from .ids import Places
from .table import Table, are_counted, is_real

_NODE = r"(?:node|sensor|station|segment|detector|vertex|link|stop|point|id|idx|index|name|nr|no)"
_FROM = re.compile(rf"{_NODE}*(?:from|source|src|start|origin|orig|u|i){_NODE}*|{_NODE}+1")
_TO = re.compile(rf"{_NODE}*(?:to|target|tgt|dst|dest|destination|end|v|j){_NODE}*|{_NODE}+2")
_COST = re.compile(r".*(?:cost|distance|dist|length|meter|metre|mile|weight)s?.*|w|d|m|km|len|value")
_INDEX = re.compile(r"|id|index|idx|row|rowid|no|nr|unnamed\d*|edge|edgeid|level0|indexlevel0")
_FIX = "name the columns from, to, cost in the first line"
# fewer consecutive numbers are no counter
_MIN_COUNTER = 3


@dataclass(frozen=True)
class Columns:
    """The places of the columns of an edge list.

    Attributes:
        start, end: of the sensors of an edge.
        cost: of its cost; None if the list has none.
        first: the first row that is an edge: 1 below a header, else 0.
        note: how they were found.
    """

    start: int
    end: int
    cost: Optional[int]
    first: int
    note: str


def named_columns(table: Table, field: str) -> Optional[Columns]:
    """The columns by the names in the first row; None if it does not name the two ends of an edge.

    Raises: UserError if two columns have the names of one end.
    """
    words = [_word(cell) for cell in table.rows[0]]
    starts, ends = ([place for place, word in enumerate(words) if role.fullmatch(word)] for role in (_FROM, _TO))
    if not starts or not ends:
        return None
    for places in (starts, ends):
        if len(places) > 1:
            found = " and ".join(repr(table.rows[0][place]) for place in places) + f" in {table.where(0)}"
            raise UserError(field, f"columns {found}", "one column for each end of an edge", _FIX)
    others = [place for place in range(table.width) if place not in (starts[0], ends[0])]
    costs = [place for place in others if _COST.fullmatch(words[place])]
    if not costs:
        costs = [place for place in others if not _INDEX.fullmatch(words[place])]
    return _columns(table, starts[0], ends[0], costs[0] if len(costs) == 1 else None, 1, "by the header")


def find_columns(table: Table, nodes: Places, field: str) -> Columns:
    """The columns by the header, or else by what their cells can be.

    Args:
        table: with two columns or more.
        nodes: the known ids.
        field: the argument that named the file, for the message.
    Raises: UserError if the cells can be read in two ways.
    """
    named = named_columns(table, field)
    if named is not None and not any(table.rows[0][place] in nodes for place in (named.start, named.end)):
        return named
    first = _has_header(table, nodes, field)
    candidates = [
        place for place in range(table.width) if not (first and _INDEX.fullmatch(_word(table.rows[0][place])))
    ]
    if len(candidates) < 2:
        found = f"columns {', '.join(map(repr, table.rows[0]))} in {table.path}"
        raise UserError(field, found, "from,to,cost", _FIX)
    body = table.rows[first:]
    plain = candidates[:3]
    layouts = [plain]
    if len(candidates) >= 3 and len(body) >= _MIN_COUNTER and are_counted([row[candidates[0]] for row in body]):
        layouts.append(candidates[1:4])
    for check in (all, any):
        # every row first, so that a counter with a few numbers of sensors is none
        fitting = [
            layout for layout in layouts if check(row[layout[0]] in nodes and row[layout[1]] in nodes for row in body)
        ]
        if len(fitting) == 2:
            shown = ",".join(body[0])
            found = f"{shown!r} in {table.where(int(first))}, where the first column may be a sensor or a row number"
            raise UserError(field, found, "columns that are told apart by a header", _FIX)
        if fitting:
            plain = fitting[0]
            break
    note = "by the order from, to, cost" if plain[0] == 0 else "by their cells"
    return _columns(table, plain[0], plain[1], plain[2] if len(plain) > 2 else None, int(first), note)


def _columns(table: Table, start: int, end: int, cost: Optional[int], first: int, note: str) -> Columns:
    places = [start, end] if cost is None else [start, end, cost]
    shown = ", ".join(repr(table.rows[0][place]) if first else str(place + 1) for place in places)
    return Columns(start, end, cost, first, f"columns {shown} {note}")


def _has_header(table: Table, nodes: Places, field: str) -> bool:
    head = table.rows[0]
    counted = [str(place) for place in range(table.width)]
    if head == ["", *counted[:-1]] and table.width > 2:
        # the header that pandas writes for columns without names, and its index
        return True
    if head == counted and table.width > 2 and len(table.rows) > 1:
        last = [row[-1] for row in table.rows[1:]]
        if not ("0" in nodes and "1" in nodes) or all("." in cell for cell in last):
            return True
        found = f"{','.join(head)!r} in {table.where(0)}, which is an edge or the numbers of the columns"
        raise UserError(field, found, "columns that are told apart by a header", _FIX)
    return not any(cell in nodes or is_real(cell) for cell in head)


def _word(cell: str) -> str:
    """The letters and digits of a column's name in lower case."""
    return re.sub(r"[\W_]", "", cell.lower())

"""A table, whatever its file, and the series that it gives. T rows, N sensors, C channels, R rows of a long table."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Protocol

import numpy as np

from ....errors import UserError
from ..channels import target_first
from ..options import ReadOptions
from ..raw import RawSeries
from .column import CLOCK, Column
from .day_parts import joined_times
from .labels import Label
from .roles import Roles, find_roles, refuse_decorated
from .times_text import is_day, one_text, time_array


@dataclass(frozen=True)
class Content:
    """What was read of a table: the `labels` asked for, by the numbers of their columns, and `values` [T, columns]."""

    labels: dict[int, Label]
    values: np.ndarray
    notes: tuple[str, ...] = ()


class Table(Protocol):
    """A table of which only the beginning has been read."""

    path: Path
    columns: list[Column]
    notes: tuple[str, ...]

    def read(self, labels: list[int], values: list[int]) -> Content:
        """The columns with these numbers."""


def read_table(table: Table, options: ReadOptions) -> RawSeries:
    """The series of a table: wide (a time column, and a column for each sensor) or long (time, sensor id, value).

    Raises: UserError if it is not certain which column is what, or a cell is not what its column needs.
    """
    roles = find_roles(table.columns, table.path, options)
    labels = [*roles.times, *roles.row_numbers, *([] if roles.sensor is None else [roles.sensor])]
    content = table.read(labels, roles.values)
    if not len(content.values):
        raise UserError("file", f"{table.path} has no rows", "a row for each time", "name another file")
    names = [table.columns[number].name for number in roles.values]
    notes = [*table.notes, *roles.notes, *content.notes]
    for number in roles.row_numbers:
        _check_row_numbers(content.labels[number], table.columns[number], table.path)
    # Labels are taken out once they are used: those of a long table are as large as its values.
    is_once = bool(roles.times) and content.labels[roles.times[0]].count() == len(content.values)
    if roles.sensor is None and roles.times:
        _refuse_repeated_times(content.labels[roles.times[0]], names, table.path, len(roles.times))
    times, time_notes = _times(table, roles, content)
    notes += time_notes
    zone = table.columns[roles.times[0]].zone if roles.times else None
    if roles.sensor is None:
        node_names = names if roles.has_names else None
        headers = (table.columns[roles.times[0]].name if roles.times else "", "")
        return RawSeries(content.values, times, zone, node_names=node_names, headers=headers, notes=tuple(notes))
    if times is None:
        fix = "name the time column by --time"
        raise UserError("file", f"{table.path} is a long table without times", "a time in each row", fix)
    sensors, ids = _ids(content.labels.pop(roles.sensor), table.columns[roles.sensor].name, table.path)
    if roles.sensor_is_guessed and is_once:
        refuse_decorated([table.columns[roles.sensor]], table.path)
        name = table.columns[roles.sensor].name
        found = f"column {name!r} of {table.path} holds text ({ids[0]!r}), and no time is there twice"
        fix = "remove the column, or name it by --sensor if it holds the sensor ids"
        raise UserError("file", found, "numbers for each sensor", fix)
    return RawSeries(
        content.values[:, 0].copy() if content.values.shape[1] > 1 else content.values[:, 0],
        times,
        zone,
        sensors=sensors,
        node_names=ids,
        covariates=np.ascontiguousarray(content.values[:, 1:]) if content.values.shape[1] > 1 else None,
        channel_names=target_first(names, 0, options) if len(names) > 1 else None,
        headers=(table.columns[roles.times[0]].name, table.columns[roles.sensor].name),
        notes=tuple(notes),
    )


def _times(table: Table, roles: Roles, content: Content) -> tuple[Optional[np.ndarray], list[str]]:
    if not roles.times:
        return None, []
    parts = [content.labels.pop(number) for number in roles.times]
    if len(parts) == 2 and table.columns[roles.times[1]].kind == CLOCK:
        return one_text(parts[0].array(), parts[1].array()), []
    if len(parts) == 2:
        names = (table.columns[roles.times[0]].name, table.columns[roles.times[1]].name)
        times, note = joined_times(parts[0], parts[1], names, table.path)
        return times, [note]
    label = parts.pop()
    return Label(time_array(label.distinct), label.codes).array(), []


def _check_row_numbers(label: Label, column: Column, path: Path) -> None:
    cells = label.array()
    numbers = np.arange(len(cells))
    try:
        found = np.array([-1 if cell is None else cell for cell in cells.tolist()], dtype=np.float64)
    except ValueError:
        found = np.full(len(cells), -1.0)
    # pandas counts rows from 0, other programs from 1; files that were cut or joined count on.
    if (np.diff(found) != 1).any() and not np.isin(found, numbers).all():
        row = int((np.diff(found) != 1).argmax()) + 1
        name = column.name or "without name"
        text = f"column {name} of {path} counts rows, until {cells[row]} follows {cells[row - 1]} in row {row}"
        raise UserError("file", text, "times, row numbers or sensors' values", "name the column, or remove it")


def _refuse_repeated_times(label: Label, names: list[str], path: Path, num_columns: int) -> None:
    """A table with the same time in most rows has its sensors below each other, not beside."""
    if len(names) > 12 or len(label) < 4 or num_columns > 1:
        return
    distinct = label.count()
    if 2 * distinct <= len(label):
        found = f"{len(label)} rows of {path} have {distinct} different times"
        expected = f"one row for each time, or a column of sensor ids (the columns are {', '.join(names)})"
        fix = "if it is a long table, name that column by --sensor"
        if all(is_day(str(cell)) for cell in label.distinct[:100].tolist()):
            fix += "; if another column is the time of day, join the two in one column"
        raise UserError("file", found, expected, fix)


def _ids(label: Label, name: str, path: Path) -> tuple[np.ndarray, list[str]]:
    """The sensor of each row, int64 [R], and the N ids in the order of their first row."""
    import pandas as pd

    codes, distinct = (label.codes, label.distinct) if label.codes is not None else pd.factorize(label.distinct)
    is_empty = codes < 0
    if is_empty.any():
        found = (
            f"{is_empty.sum()} rows of {path} without a sensor id in column {name!r}, such as row {is_empty.argmax()}"
        )
        raise UserError("file", found, "a sensor id in each row", "complete the ids, or remove the rows")
    ids = [str(one) for one in distinct.tolist()]
    if all(one.endswith(".0") and one[:-2].isdecimal() for one in ids):
        # Whole numbers that pandas made floats, because some were missing once.
        ids = [one[:-2] for one in ids]
    return codes.astype(np.int64), ids

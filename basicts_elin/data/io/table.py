"""Tables, whatever their file: the columns, and the series that they give. T rows, N sensors, C channels, R long rows."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from ...errors import UserError
from .channels import target_first
from .options import ReadOptions
from .raw import RawSeries
from .roles import Column, Roles, find_roles
from .times_text import one_text, time_array


@dataclass(frozen=True)
class Content:
    """What was read of a table: `labels` of the columns asked for, each [T], and `values` float32 [T, columns].

    A label is datetime64, a number, or a string in an object array (None where the cell is empty).
    """

    labels: dict[int, np.ndarray]
    values: np.ndarray
    notes: tuple[str, ...] = ()


class Table(Protocol):
    """A table of which only the beginning has been read."""

    path: Path
    columns: list[Column]
    notes: tuple[str, ...]

    def read(self, labels: list[int], values: list[int]) -> Content:
        """The columns with these numbers."""


@dataclass
class _Notes:
    lines: list[str] = field(default_factory=list)


def read_table(table: Table, options: ReadOptions) -> RawSeries:
    """The series of a table: wide (a time column, and a column for each sensor) or long (time, sensor id, value).

    Raises: UserError if it is not certain which column is what, or a cell is not what its column needs.
    """
    roles = find_roles(table.columns, table.path, options)
    labels = [*roles.times, *roles.row_numbers, *([] if roles.sensor is None else [roles.sensor])]
    content = table.read(labels, roles.values)
    if not len(content.values):
        raise UserError("file", f"{table.path} has no rows", "a row for each time", "name another file")
    notes = [*table.notes, *roles.notes, *content.notes]
    for number in roles.row_numbers:
        _check_row_numbers(content.labels[number], table.columns[number], table.path)
    times = _times(table, roles, content)
    zone = table.columns[roles.times[0]].zone if roles.times else None
    names = [table.columns[number].name for number in roles.values]
    if roles.sensor is None:
        _refuse_repeated_times(times, names, table.path)
        node_names = names if roles.has_names else None
        return RawSeries(content.values, times, zone, node_names=node_names, notes=tuple(notes))
    if times is None:
        fix = "name the time column by --time"
        raise UserError("file", f"{table.path} is a long table without times", "a time in each row", fix)
    sensors, ids = _ids(content.labels[roles.sensor], table.columns[roles.sensor].name, table.path)
    if roles.sensor_is_guessed and len(ids) > 1 and len(set(times.tolist())) == len(times):
        found = f"column {table.columns[roles.sensor].name!r} of {table.path} holds text ({ids[0]!r}), and each time is once"
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
        notes=tuple(notes),
    )


def _times(table: Table, roles: Roles, content: Content) -> np.ndarray | None:
    if not roles.times:
        return None
    parts = [content.labels[number] for number in roles.times]
    if len(parts) == 2:
        return one_text(parts[0], parts[1])
    return time_array(parts[0])


def _check_row_numbers(cells: np.ndarray, column: Column, path: Path) -> None:
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


def _refuse_repeated_times(times: np.ndarray | None, names: list[str], path: Path) -> None:
    """A table with the same time in most rows has its sensors below each other, not beside."""
    if times is None or len(names) > 12 or len(times) < 4:
        return
    distinct = len(np.unique(times)) if times.dtype != object else len(set(times.tolist()))
    if 2 * distinct <= len(times):
        found = f"{len(times)} rows of {path} have {distinct} different times"
        expected = f"one row for each time, or a column of sensor ids (the columns are {', '.join(names)})"
        raise UserError("file", found, expected, "if it is a long table, name that column by --sensor")


def _ids(cells: np.ndarray, name: str, path: Path) -> tuple[np.ndarray, list[str]]:
    """The sensor of each row, int64 [R], and the N ids in the order of their first row."""
    import pandas as pd

    if cells.dtype.kind == "f" and not np.isnan(cells).any() and (cells == np.rint(cells)).all():
        # Numbers that pandas made floats, because some were missing once.
        cells = cells.astype(np.int64)
    codes, distinct = pd.factorize(cells)
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        found = f"{(codes < 0).sum()} rows of {path} without a sensor id in column {name!r}, the first row {row}"
        raise UserError("file", found, "a sensor id in each row", "complete the ids, or remove the rows")
    ids = [str(one).strip() for one in distinct.tolist()]
    if all(one.endswith(".0") and one[:-2].isdecimal() for one in ids):
        ids = [one[:-2] for one in ids]
    if len(set(ids)) != len(ids):
        # Ids that differ in blanks only.
        distinct_ids = list(dict.fromkeys(ids))
        place = {one: number for number, one in enumerate(distinct_ids)}
        codes, ids = np.array([place[one] for one in ids])[codes], distinct_ids
    return codes.astype(np.int64, copy=False), ids

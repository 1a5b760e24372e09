"""Frames in pandas's table format: one dataset `table` of compound rows. T rows, N columns.

Its fields are the index, blocks of columns of one type, and single columns that can be queried.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional

import h5py
import numpy as np

from ....errors import UserError
from ..batches import BATCH_VALUES
from ..pickles import parse_arrays
from ..tables.column import NUMBER, TEXT, TIME, Column
from ..tables.labels import Label
from ..tables.table import Content
from ..tables.times_text import is_time
from .fixed import dates
from .slices import text
from .zones import pickled_zone

_SAMPLE = 100
_INDEX = "index"


class AppendableFrame:
    """A frame, see `table.Table`. Column 0 is its index.

    Raises: UserError if a field is neither numbers, nor dates, nor texts, or if its attributes are damaged.
    """

    def __init__(self, path: Path, key: str, group: h5py.Group):
        self.path, self.where = path, f"{key!r} of {path}"
        self.notes: tuple[str, ...] = ()
        self._table = group["table"]
        self.index_kind = text(self._table.attrs.get("index_kind"))
        zone = pickled_zone(bytes(group.attrs.get("info", b"")))
        self._places: list[tuple[str, int]] = [(_INDEX, 0)]
        self.columns = [self._column("", _INDEX, 0, self.index_kind, zone)]
        for field in self._table.dtype.names:
            if field == _INDEX:
                continue
            kind = text(self._table.attrs.get(f"{field}_dtype"))
            for place, name in enumerate(self._names(field)):
                self._places.append((field, place))
                self.columns.append(self._column(name, field, place, kind, zone))
        self._order(group)

    def read(self, labels: list[int], values: list[int]) -> Content:
        """The label columns as dates, numbers or strings, the value columns as float32 [T, values]."""
        num_rows = len(self._table)
        out = np.empty((num_rows, len(values)), np.float32)
        chunk = (self._table.chunks or (1,))[0]
        step = max(1, BATCH_VALUES // max(1, self._table.dtype.itemsize // 8) // chunk) * chunk
        parts: dict[int, list[np.ndarray]] = {number: [] for number in labels}
        by_field = self._by_field(values)
        for start in range(0, num_rows, step):
            rows = self._table[start : start + step]
            for field, (targets, places) in by_field.items():
                with np.errstate(over="ignore"):
                    out[start : start + len(rows), targets] = _two_dimensional(rows[field])[:, places]
            for number in labels:
                field, place = self._places[number]
                parts[number].append(_two_dimensional(rows[field])[:, place].copy())
        cells = {number: np.concatenate(part) for number, part in parts.items() if part}
        return Content({number: self._label(number, part) for number, part in cells.items()}, out)

    def parts(self, values: list[int], rows: Sequence[slice]) -> Iterator[np.ndarray]:
        """The value columns in each slice of rows, float64 [rows, values]."""
        by_field = self._by_field(values)
        for part in rows:
            out = np.empty((part.stop - part.start, len(values)))
            cells = self._table[part]
            for field, (targets, places) in by_field.items():
                out[:, targets] = _two_dimensional(cells[field])[:, places]
            yield out

    def _by_field(self, values: list[int]) -> dict[str, tuple[list[int], list[int]]]:
        """For each field that holds some of the columns: their places among `values`, and their places in it."""
        found: dict[str, tuple[list[int], list[int]]] = {}
        for target, number in enumerate(values):
            field, place = self._places[number]
            targets, places = found.setdefault(field, ([], []))
            targets.append(target)
            places.append(place)
        return found

    def _label(self, number: int, cells: np.ndarray) -> Label:
        field, _ = self._places[number]
        if cells.dtype.kind == "S":
            return Label.of_texts([text(cell) for cell in cells.tolist()], missing=("nan", ""))
        kind = self.index_kind if field == _INDEX else text(self._table.attrs.get(f"{field}_dtype"))
        return Label(dates(cells, kind) if kind.startswith("datetime64") else cells)

    def _names(self, field: str) -> list[str]:
        pickled = self._table.attrs.get(f"{field}_kind")
        names = parse_arrays(bytes(pickled), self.path, "file") if pickled is not None else None
        width = self._table.dtype[field].shape[0] if self._table.dtype[field].shape else 1
        if not isinstance(names, (list, tuple)) or len(names) != width:
            found = f"the names of field {field!r} in {self.where} are {names!r:.80}"
            raise UserError("file", found, f"{width} column names", "save it again")
        return [str(name) for name in names]

    def _column(self, name: str, field: str, place: int, kind: str, zone: Optional[str]) -> Column:
        base = self._table.dtype[field].base
        if kind.startswith("datetime64") and base.kind == "i":
            return Column(name, TIME, zone=zone)
        if base.kind not in "iufbS" or "time" in kind or kind == "date":
            found = f"column {name or '(index)'} of {self.where} is {kind or base}"
            raise UserError("file", found, "numbers, dates or texts", "remove the column, or convert it")
        is_sampled = field == _INDEX or base.kind == "S" or self._table.dtype[field].shape == ()
        cells = _two_dimensional(self._table[:_SAMPLE][field])[:, place].tolist() if is_sampled else []
        sample = tuple(text(cell) for cell in cells)
        if base.kind == "S":
            return Column(name, TIME if 2 * sum(map(is_time, sample)) > len(sample) else TEXT, sample)
        return Column(name, NUMBER, sample)

    def _order(self, group: h5py.Group) -> None:
        """Columns in the order of the frame: blocks gather those of one type."""
        pickled = group.attrs.get("non_index_axes")
        axes = parse_arrays(bytes(pickled), self.path, "file") if pickled is not None else []
        names = [str(name) for name in axes[0][1]] if axes else []
        place = {column.name: number for number, column in enumerate(self.columns) if number}
        if len(place) == len(self.columns) - 1 and set(names) == set(place) and len(names) == len(place):
            numbers = [0, *(place[name] for name in names)]
            self.columns = [self.columns[number] for number in numbers]
            self._places = [self._places[number] for number in numbers]


def _two_dimensional(cells: np.ndarray) -> np.ndarray:
    return cells if cells.ndim == 2 else cells[:, None]

"""Frames in pandas's fixed format. T rows, N columns.

The axes are datasets of their own; the columns of each type are one block.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np

from ....errors import UserError
from ..tables.column import NUMBER, TEXT, TIME, Column
from ..tables.labels import Label
from ..tables.table import Content
from ..tables.times_text import is_time
from .slices import slices, text
from .zones import zone_name

_SAMPLE = 100
_UNITS = {"ns": 10**9, "us": 10**6, "ms": 1000, "s": 1}
_YEAR = 365 * 24 * 3600


class FixedFrame:
    """A frame, see `table.Table`. Column 0 is its index.

    Raises: UserError if it is empty, its column names repeat, or a column holds neither numbers nor dates.
    """

    def __init__(self, path: Path, key: str, frame: h5py.Group):
        self.path, self.where, self._key, self._frame = path, f"{key!r} of {path}", key, frame
        self.notes: tuple[str, ...] = ()
        names = _names(frame["axis0"], path)
        # Pandas writes an empty axis as one value with an attribute for its shape.
        is_empty = any("shape" in frame[axis].attrs for axis in ("axis0", "axis1"))
        if len(set(names)) != len(names) or is_empty:
            found = f"{key!r} in {path} is empty, or two of its columns have the same name"
            raise UserError("file", found, "dates x sensors", "save the frame again")
        self.index_kind = " ".join(text(frame["axis1"].attrs.get("kind")).split())
        self._num_rows = len(frame["axis1"])
        place = {name: column for column, name in enumerate(names, start=1)}
        columns = {0: _index_column(frame["axis1"], self.index_kind)}
        self._blocks = []
        for number in range(int(frame.attrs["nblocks"])):
            block, items = frame[f"block{number}_values"], _names(frame[f"block{number}_items"], path)
            kind = self._kind(block, items)
            zone = zone_name(block.attrs.get("tz")) if kind == TIME else None
            is_transposed = bool(block.attrs.get("transposed"))
            self._check_shape(number, block.shape if is_transposed else block.shape[::-1], len(items))
            self._blocks.append((block, is_transposed, [place[item] for item in items]))
            columns |= {place[item]: Column(item, kind, zone=zone) for item in items}
        # Of no block: pandas fills such a column with missing values.
        self.columns = [columns.get(number, Column(name, NUMBER)) for number, name in enumerate(["", *names])]

    def read(self, labels: list[int], values: list[int]) -> Content:
        """The label columns as dates, numbers or strings, the value columns as float32 [T, values]."""
        texts = {number: self._label(number) for number in labels}
        out = np.full((self._num_rows, len(values)), np.nan, np.float32)
        for block, is_transposed, numbers, chosen, into in self._chosen(values):
            whole = chosen == list(range(len(numbers)))
            for axis, part in slices(block):
                is_rows = (axis == 0) == is_transposed
                with np.errstate(over="ignore"):
                    if is_rows:
                        cells = block[part] if is_transposed else block[:, part].T
                        self._put(out, part, into, cells if whole else cells[:, chosen])
                    else:
                        cells = block[part].T if not is_transposed else block[:, part]
                        here = [place for place, at in enumerate(chosen) if part.start <= at < part.stop]
                        columns = [chosen[place] - part.start for place in here]
                        out[:, into[here]] = cells[:, columns]
        return Content(texts, out)

    def parts(self, values: list[int], rows: Sequence[slice]) -> Iterator[np.ndarray]:
        """The value columns in each slice of rows, float64 [rows, values]."""
        blocks = self._chosen(values)
        for part in rows:
            out = np.full((part.stop - part.start, len(values)), np.nan)
            for block, is_transposed, _, chosen, into in blocks:
                # Picking columns while reading would read the file in pieces of a few bytes.
                cells = block[part] if is_transposed else block[:, part].T
                out[:, into] = cells[:, chosen]
            yield out

    def _chosen(self, values: list[int]) -> list[tuple[h5py.Dataset, bool, list[int], list[int], np.ndarray]]:
        """The blocks that hold some of the columns, whether rows come first, their columns, which of them, and where
        those come among `values`."""
        target = {number: place for place, number in enumerate(values)}
        found = []
        for block, is_transposed, numbers in self._blocks:
            chosen = [place for place, number in enumerate(numbers) if number in target]
            if chosen:
                into = np.array([target[numbers[place]] for place in chosen])
                found.append((block, is_transposed, numbers, chosen, into))
        return found

    @staticmethod
    def _put(out: np.ndarray, rows: slice, into: np.ndarray, cells: np.ndarray) -> None:
        if len(into) == out.shape[1] and (into == np.arange(len(into))).all():
            out[rows] = cells
        else:
            out[rows, into] = cells

    def _label(self, number: int) -> Label:
        column = self.columns[number]
        if number == 0:
            axis = self._frame["axis1"]
            if column.kind == TIME and self.index_kind.startswith("datetime64"):
                return Label(dates(np.asarray(axis), self.index_kind))
            cells = np.asarray(axis)
            if cells.dtype.kind in "iuf":
                return Label(cells)
            return Label.of_texts([text(cell) for cell in cells.tolist()], missing=("nan", ""))
        for block, is_transposed, numbers in self._blocks:
            if number in numbers:
                place = numbers.index(number)
                cells = block[:, place] if is_transposed else block[place]
                return Label(dates(cells, text(block.attrs.get("value_type"))) if column.kind == TIME else cells)
        return Label(np.full(self._num_rows, np.nan))

    def _kind(self, block: h5py.Dataset, items: list[str]) -> str:
        # Dates and durations are written as integers.
        written = text(block.attrs.get("value_type")) or str(block.dtype)
        if written.startswith("datetime64") and block.dtype.kind == "i":
            return TIME
        if np.dtype(block.dtype).kind not in "iufb" or "time" in written:
            found = f"column {items[0] if items else '?'} of {self.path} is {written}"
            fix = "remove the column, or convert it; a long table with texts: format='table', Parquet or CSV"
            raise UserError("file", found, "numbers in every column", fix)
        return NUMBER

    def _check_shape(self, number: int, shape: tuple[int, ...], num_items: int) -> None:
        if shape != (self._num_rows, num_items):
            found = f"block {number} of {self._key!r} in {self.path} has the shape {list(shape)}"
            raise UserError("file", found, [self._num_rows, num_items], "download or save it again")


def dates(cells: np.ndarray, kind: str) -> np.ndarray:
    """datetime64 of integers since 1970, in the unit that `kind` names, such as "datetime64[us]".

    Without a unit they are nanoseconds; but pandas 2.0 and 2.1 leave out every unit, and then read 1970 themselves. So
    it is the first unit in which the dates are a year or more from 1970.
    """
    numbers = np.ascontiguousarray(cells).astype("int64")
    unit = kind.removeprefix("datetime64").strip("[]")
    if not unit:
        # NaT is the smallest number.
        known = numbers[numbers != np.iinfo(np.int64).min]
        farthest = int(np.abs(known).max()) if known.size else 0
        fitting = (unit for unit, a_second in _UNITS.items() if farthest >= _YEAR * a_second)
        unit = next(fitting, "ns")
    return numbers.view(f"datetime64[{unit}]")


def _index_column(axis: h5py.Dataset, kind: str) -> Column:
    sample = tuple(text(cell) for cell in np.asarray(axis[:_SAMPLE]).tolist())
    if kind.startswith("datetime64"):
        return Column("", TIME, zone=zone_name(axis.attrs.get("tz")))
    if kind.startswith("timedelta64"):
        return Column("", TEXT, ("durations",))
    if axis.dtype.kind in "iuf":
        return Column("", NUMBER, sample)
    return Column("", TIME if 2 * sum(map(is_time, sample)) > len(sample) else TEXT, sample)


def _names(axis: h5py.Dataset, path: Path) -> list[str]:
    if "PSEUDOATOM" in axis.attrs:
        found = f"{path} with column names of several types, which pandas pickles"
        raise UserError("file", found, "texts or numbers as names", "frame.columns = frame.columns.map(str)")
    return [text(name) for name in np.asarray(axis)]

"""Parquet and Feather tables, read by groups of columns straight into float32. R rows, K columns."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Union

import numpy as np

from ....errors import UserError
from ..batches import BATCH_VALUES
from ..damage import refusing_damage
from .column import NUMBER, TEXT, TIME, Column, needs_sample
from .labels import Coder, Label
from .table import Content
from .times_text import is_time

_SAMPLE = 100
_TEXTS = ("string", "large_string", "string_view")


class ArrowTable:
    """A Parquet or Feather file, see `table.Table`.

    Raises: UserError if pyarrow is missing, or the file is damaged.
    """

    def __init__(self, path: Path, kind: str):
        self.path, self._kind = path, kind
        self.notes: tuple[str, ...] = ()
        with reading_arrow(path, kind):
            self._file = _FILES[kind](path)
            self._schema, self._num_rows = self._file.schema, self._file.num_rows
            self.columns = self._columns()

    def read(self, labels: list[int], values: list[int]) -> Content:
        """The label columns as they are, the value columns as float32 [R, K].

        Raises: UserError if a value column holds something other than numbers, or the file is damaged.
        """
        with reading_arrow(self.path, self._kind):
            return self._read(labels, values)

    def _columns(self) -> list[Column]:
        import pyarrow as pa

        types = pa.types
        columns = []
        for number, column in enumerate(self._schema):
            name = plain_name(column.name)
            kind = column.type.value_type if types.is_dictionary(column.type) else column.type
            sample: tuple[str, ...] = ()
            is_text = str(kind) in _TEXTS
            if is_text or (types.is_integer(kind) and needs_sample(number, name, len(self._schema))):
                cells = self._file.head(number, _SAMPLE)
                sample = tuple(str(cell) for cell in cells if cell is not None)
            if types.is_timestamp(kind) or types.is_date(kind):
                zone = kind.tz if types.is_timestamp(kind) else None
                columns.append(Column(name, TIME, zone=zone))
            elif is_text:
                dates = sample and 2 * sum(map(is_time, sample)) > len(sample)
                columns.append(Column(name, TIME if dates else TEXT, sample))
            elif _is_number(kind):
                columns.append(Column(name, NUMBER, sample))
            else:
                columns.append(Column(name, TEXT, (str(kind),)))
        return columns

    def _read(self, labels: list[int], values: list[int]) -> Content:
        texts = {number: _label(self._take([number]).column(0)) for number in labels}
        out = np.empty((self._num_rows, len(values)), np.float32)
        step = max(1, BATCH_VALUES // max(1, self._num_rows))
        for start in range(0, len(values), step):
            numbers = values[start : start + step]
            table = self._take(numbers)
            block = np.empty((len(numbers), self._num_rows), np.float32)
            for place, number in enumerate(numbers):
                self._fill(block[place], table.column(place), self.columns[number])
            out[:, start : start + step] = block.T
        return Content(texts, out)

    def _take(self, numbers: list[int]) -> Any:
        table = self._file.take(numbers)
        if table.num_rows != self._num_rows or table.num_columns != len(numbers):
            raise ValueError(f"{table.num_rows} rows where {self._num_rows} are announced")
        return table

    def _fill(self, out: np.ndarray, cells: Any, column: Column) -> None:
        import pyarrow as pa

        if pa.types.is_dictionary(cells.type) or pa.types.is_decimal(cells.type) or pa.types.is_null(cells.type):
            cells = cells.cast(pa.float64())
        row = 0
        with np.errstate(over="ignore"):
            for chunk in cells.chunks:
                # A whole number that is missing makes its chunk float64, with NaN.
                part = chunk.to_numpy(zero_copy_only=False)
                out[row : row + len(part)] = (
                    [np.nan if one is None else one for one in part] if part.dtype == object else part
                )
                row += len(part)


def read_columns(path: Path, kind: str, field: str) -> dict[str, list]:
    """All cells of a small table by the names of its columns, those of a frame's index first, as in a text file.

    Args:
        field: the argument that named the file, for the message.
    Raises: UserError if pyarrow is missing, or the file is damaged.
    """
    with reading_arrow(path, kind, field):
        file = _FILES[kind](path)
        table = file.take(list(range(len(file.schema))))
        index = (table.schema.pandas_metadata or {}).get("index_columns", [])
        names = sorted(table.column_names, key=lambda name: name not in index)
        return {name: table.column(name).to_pylist() for name in names}


def plain_name(name: str) -> str:
    """The name of a column; "" of the index of a frame that has none."""
    return "" if name.startswith("__index_level_") else name


@contextmanager
def reading_arrow(path: Path, kind: str, field: str = "file") -> Iterator[None]:
    """Raises: UserError if pyarrow is missing, or if the block fails because the file is damaged."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        found = f"{path} needs pyarrow, which is not installed"
        fix = "pip install 'basicts-elin[parquet]', or save it as CSV"
        raise UserError(field, found, "pyarrow 14.0.1 or newer", fix) from error
    with refusing_damage(path, f"a {kind} file", "save or copy it again", field):
        yield


def _is_number(kind: Any) -> bool:
    from pyarrow import types

    tests = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
    return any(test(kind) for test in tests)


class _Parquet:
    def __init__(self, path: Path):
        from pyarrow import parquet

        with parquet.ParquetFile(path) as file:
            texts = [column.name for column in file.schema_arrow if str(column.type) in _TEXTS]
        # A text that many rows have in common is read once.
        self._file = parquet.ParquetFile(path, read_dictionary=texts)
        self.schema, self.num_rows = list(self._file.schema_arrow), self._file.metadata.num_rows

    def head(self, number: int, count: int) -> list:
        batches = self._file.iter_batches(count, columns=[self.schema[number].name], use_threads=False)
        batch = next(batches, None)
        return [] if batch is None else batch.column(self.schema[number].name).to_pylist()

    def take(self, numbers: list[int]) -> Any:
        names = [self.schema[number].name for number in numbers]
        # A name with a dot also stands for a part of a column.
        return self._file.read(columns=names, use_threads=False).select(names)


class _Feather:
    def __init__(self, path: Path):
        import pyarrow as pa
        from pyarrow import ipc

        self._source = pa.memory_map(str(path))
        file = ipc.open_file(self._source)
        self.schema = list(file.schema)
        self.num_rows = self._read([0]).num_rows if self.schema else 0

    def head(self, number: int, count: int) -> list:
        return self._read([number]).column(0)[:count].to_pylist()

    def take(self, numbers: list[int]) -> Any:
        return self._read(sorted(numbers)).select([self.schema[number].name for number in numbers])

    def _read(self, numbers: list[int]) -> Any:
        from pyarrow import ipc

        options = ipc.IpcReadOptions(included_fields=numbers, use_threads=False)
        table = ipc.open_file(self._source, options=options).read_all()
        # Damaged offsets of texts would be read outside of the file's memory, and end the process.
        table.validate(full=True)
        return table


_FILES: dict[str, Union[type[_Parquet], type[_Feather]]] = {"Parquet": _Parquet, "Feather": _Feather}


def _label(cells: Any) -> Label:
    """Dates as datetime64, in UTC if they have a time zone; numbers; texts."""
    import pyarrow as pa

    types = pa.types
    if types.is_timestamp(cells.type) or types.is_date(cells.type):
        parts = [chunk.to_numpy(zero_copy_only=False) for chunk in cells.chunks]
        return Label(np.concatenate(parts or [np.empty(0, "M8[s]")]))
    if _is_number(cells.type):
        return Label(cells.to_numpy())
    coder = Coder()
    coded = cells if types.is_dictionary(cells.type) else cells.dictionary_encode()
    for chunk in coded.chunks:
        codes = chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        coder.add(codes, ["" if text is None else str(text) for text in chunk.dictionary.to_pylist()])
    return coder.label()

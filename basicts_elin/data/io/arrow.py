"""Parquet and Feather tables, read by groups of columns straight into float32. R rows, K columns."""

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserError, one_line
from .batches import BATCH_VALUES
from .roles import NUMBER, TEXT, TIME, Column
from .table import Content
from .times_text import is_time

_AGAIN = "save or copy it again"
_SAMPLE = 100


class ArrowTable:
    """A Parquet or Feather file, see `table.Table`.

    Raises: UserError if pyarrow is missing, or the file is damaged.
    """

    def __init__(self, path: Path, kind: str):
        _import_arrow(path)
        self.path, self._kind, self.notes = path, kind, ()
        self._schema, self._num_rows = self._guarded(_SCHEMAS[kind], path)
        self.columns = self._guarded(self._columns)

    def read(self, labels: list[int], values: list[int]) -> Content:
        """The label columns as they are, the value columns as float32 [R, K].

        Raises: UserError if a value column holds something other than numbers, or the file is damaged.
        """
        return self._guarded(self._read, labels, values)

    def _guarded(self, function: Any, *arguments: object) -> Any:
        try:
            return function(*arguments)
        except UserError:
            raise
        except Exception as error:
            # A damaged file can fail in any way.
            found = f"{self.path} cannot be read ({one_line(error)})"
            raise UserError("file", found, f"a {self._kind} file", _AGAIN) from error

    def _columns(self) -> list[Column]:
        import pyarrow as pa

        types = pa.types
        columns = []
        for number, column in enumerate(self._schema):
            name = "" if column.name.startswith("__index_level_") else column.name
            kind = column.type.value_type if types.is_dictionary(column.type) else column.type
            sample: tuple[str, ...] = ()
            is_text = types.is_string(kind) or types.is_large_string(kind) or _is_view(kind)
            if is_text or (types.is_integer(kind) and (number == 0 or not name or len(self._schema) <= _FEW)):
                cells = self._take([number]).column(0)[:_SAMPLE].to_pylist()
                sample = tuple(str(cell) for cell in cells if cell is not None)
            if types.is_timestamp(kind) or types.is_date(kind):
                zone = "UTC" if types.is_timestamp(kind) and kind.tz is not None else None
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
        table = _READERS[self._kind](self.path, [self._schema[number].name for number in numbers], numbers)
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


# Row numbers and unix times are recognised by their cells: those of the first column, and of a table with few columns.
_FEW = 16


def _import_arrow(path: Path) -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        fix = "pip install 'basicts-elin[parquet]', or save it as CSV"
        raise UserError(
            "file", f"{path} needs pyarrow, which is not installed", "pyarrow 14.0.1 or newer", fix
        ) from error


def _is_view(kind: Any) -> bool:
    return str(kind) == "string_view"


def _is_number(kind: Any) -> bool:
    from pyarrow import types

    tests = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
    return any(test(kind) for test in tests)


def _parquet_schema(path: Path) -> tuple[list, int]:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        return list(file.schema_arrow), file.metadata.num_rows


def _feather_schema(path: Path) -> tuple[list, int]:
    import pyarrow as pa
    from pyarrow import ipc

    with pa.memory_map(str(path)) as source:
        schema = list(ipc.open_file(source).schema)
        if not schema:
            return schema, 0
        options = ipc.IpcReadOptions(included_fields=[0], use_threads=False)
        return schema, ipc.open_file(source, options=options).read_all().num_rows


def _parquet_columns(path: Path, names: list[str], numbers: list[int]) -> Any:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        table = file.read(columns=names, use_threads=False)
    # A name with a dot also stands for a part of a column.
    return table.select(names)


def _feather_columns(path: Path, names: list[str], numbers: list[int]) -> Any:
    import pyarrow as pa
    from pyarrow import ipc

    options = ipc.IpcReadOptions(included_fields=sorted(numbers), use_threads=False)
    with pa.memory_map(str(path)) as source:
        return ipc.open_file(source, options=options).read_all().select(names)


def _label(cells: Any) -> np.ndarray:
    """Dates as datetime64, in UTC if they have a time zone; numbers; texts as objects, equal ones being one object."""
    import pyarrow as pa

    types = pa.types
    if types.is_timestamp(cells.type) or types.is_date(cells.type):
        return np.concatenate(
            [chunk.to_numpy(zero_copy_only=False) for chunk in cells.chunks] or [np.empty(0, "M8[s]")]
        )
    if _is_number(cells.type):
        return cells.to_numpy()
    coded = cells if types.is_dictionary(cells.type) else cells.dictionary_encode()
    shared: dict[str, str] = {}
    parts = [np.empty(0, object)]
    for chunk in coded.chunks:
        texts = [
            None if text is None else shared.setdefault(str(text), str(text)) for text in chunk.dictionary.to_pylist()
        ]
        codes = chunk.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
        parts.append(np.array([*texts, None], dtype=object)[codes])
    return np.concatenate(parts)


_SCHEMAS = {"Parquet": _parquet_schema, "Feather": _feather_schema}
_READERS = {"Parquet": _parquet_columns, "Feather": _feather_columns}

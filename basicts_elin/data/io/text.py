"""Tables of text: CSV and its relatives."""

from pathlib import Path
from typing import Any, Optional

import numpy as np
import pandas as pd

from ...errors import UserError, one_line
from .dialect import MISSING, Dialect, find_dialect
from .layout import Layout, find_layout
from .opening import open_bytes, open_text
from .options import ReadOptions
from .raw import RawSeries

# cells that are parsed at a time
_CELLS = 2**22


def read_text(path: Path, options: ReadOptions) -> RawSeries:
    """The series in a table of text, wide or long.

    Raises: UserError if the file is damaged, a line has too few or too many cells, or a cell is not a number.
    """
    options.refuse_key(path)
    try:
        dialect = find_dialect(path)
        layout = find_layout(dialect.names, dialect.kinds, path, options)
        _check_widths(path, dialect)
        return _series(path, dialect, layout)
    except UserError:
        raise
    except Exception as error:
        # A damaged file can fail in any way, from a decoder's to a parser's error.
        found = f"{path} cannot be read ({one_line(error)})"
        raise UserError("file", found, "a table of text", "correct or save it again") from error


def _series(path: Path, dialect: Dialect, layout: Layout) -> RawSeries:
    times: list[np.ndarray] = []
    values: list[np.ndarray] = []
    sensors = _Codes(path)
    columns = list(layout.values)
    row = 0
    for chunk in _chunks(path, dialect, layout):
        if layout.time is not None:
            times.append(chunk[layout.time].to_numpy(object))
        if layout.sensor is not None:
            sensors.add(chunk[layout.sensor])
        values.append(_numbers(chunk[columns], path, dialect, row))
        row += len(chunk)
    if not row:
        raise UserError("file", f"{path} has no rows", "a table", "save it again")
    found = _joined(values)
    notes = () if layout.index is None else ("columns: the first counts the rows, and is left out",)
    all_times = np.concatenate(times) if times else None
    if layout.sensor is None:
        names = [dialect.names[column] or "(no name)" for column in columns]
        return RawSeries(found, all_times, node_names=names, notes=notes)
    channels = [dialect.names[column] for column in columns]
    covariates = found[:, 1:] if len(columns) > 1 else None
    return RawSeries(
        np.ascontiguousarray(found[:, 0]),
        all_times,
        sensors=sensors.codes(),
        node_names=sensors.names,
        covariates=covariates,
        channel_names=channels,
        notes=notes,
    )


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """The parts as one array. They are released one by one."""
    if len(parts) == 1:
        return parts[0]
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), np.float32)
    row = 0
    while parts:
        part = parts.pop(0)
        whole[row : row + len(part)] = part
        row += len(part)
    return whole


def _chunks(path: Path, dialect: Dialect, layout: Layout) -> Any:
    """Frames of some rows, with the numbers of the columns as names and every cell as text."""
    used = [column for column in (layout.time, layout.sensor, *layout.values) if column is not None]
    names = range(len(dialect.names))
    kinds = {column: (np.float32 if column in layout.values else object) for column in used}
    how: dict[str, Any] = {
        "sep": dialect.separator,
        "decimal": dialect.decimal,
        "header": None,
        "names": list(names),
        "usecols": used,
        "skiprows": dialect.skipped,
        "na_values": list(MISSING),
        "skipinitialspace": True,
        "chunksize": max(1, _CELLS // len(used)),
        "engine": "c",
    }
    try:
        with open_text(path, dialect.encoding) as text, pd.read_csv(text, dtype=kinds, **how) as reader:
            yield from reader
    except ValueError as error:
        place = _first_bad_cell(path, dialect, layout, how)
        if place is None:
            raise
        raise place from error


def _numbers(frame: pd.DataFrame, path: Path, dialect: Dialect, row: int) -> np.ndarray:
    return np.ascontiguousarray(frame.to_numpy(np.float32))


def _first_bad_cell(path: Path, dialect: Dialect, layout: Layout, how: dict[str, Any]) -> Optional[UserError]:
    """The error for the first cell that is not a number; None if there is none."""
    row = 0
    with open_text(path, dialect.encoding) as text, pd.read_csv(text, dtype=object, **how) as reader:
        for chunk in reader:
            for column in layout.values:
                cells = chunk[column]
                texts = cells.str.replace(dialect.decimal, ".", regex=False) if dialect.decimal != "." else cells
                bad = cells.notna() & pd.to_numeric(texts, errors="coerce").isna()
                if bad.any():
                    place = int(bad.to_numpy().argmax())
                    found = f"{cells.iloc[place]!r} in row {row + place}, column {dialect.names[column]!r} of {path}"
                    fix = "correct the cell, or leave it empty if the value is missing"
                    raise UserError("file", found, "a number without separators of thousands", fix)
            row += len(chunk)
    return None


class _Codes:
    """The sensor of each row of a long table, as the number of its id."""

    def __init__(self, path: Path):
        self._path = path
        self._numbers: dict[str, int] = {}
        self._codes: list[np.ndarray] = []

    def add(self, ids: pd.Series) -> None:
        if ids.isna().any():
            row = sum(map(len, self._codes)) + int(ids.isna().to_numpy().argmax())
            raise UserError("file", f"no sensor in row {row} of {self._path}", "a sensor in each row", "correct the row")
        codes, unique = pd.factorize(ids.to_numpy(object))
        numbers = [self._numbers.setdefault(str(name).strip(), len(self._numbers)) for name in unique]
        self._codes.append(np.array(numbers, np.int64)[codes])

    def codes(self) -> np.ndarray:
        return np.concatenate(self._codes)

    @property
    def names(self) -> list[str]:
        return list(self._numbers)


def _check_widths(path: Path, dialect: Dialect) -> None:
    """Raises: UserError for the first line with another number of cells than the header: pandas fills short lines."""
    encoded = dialect.encoding in ("utf-8", "utf-8-sig", "cp1252")
    separator = dialect.separator.encode()
    expected = len(dialect.names) - 1
    if not encoded:
        return
    with open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            if number <= dialect.skipped or line.count(separator) == expected or b'"' in line or not line.strip():
                continue
            found = f"{line.count(separator) + 1} cells in line {number} of {path}"
            raise UserError("file", found, f"{expected + 1}, as in its header", "correct the line, or copy the file again")

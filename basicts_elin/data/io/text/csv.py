"""Text tables, read in batches of lines straight into float32."""

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional, Union

import numpy as np

from ....errors import UserError, one_line
from ..batches import joined
from ..tables.labels import Coder
from ..tables.table import Content
from .layout import BLANKS, MISSING, Layout, find_layout, is_missing
from .lines import OTHER_ENCODING, find_encoding, read_blocks
from .thousands import Thousands

_HEAD_LINES = 100
_HEAD_CHARACTERS = 1 << 20
_FEWEST_LINES = 5
# Each block costs pandas time for each column, so that wide tables are read in larger ones.
_BLOCK_CHARACTERS, _BLOCK_LINES, _MOST_CHARACTERS = 1 << 22, 500, 1 << 25
_FEW = 32
_MARKS = re.compile(r"[.,'\s]")
_TRUE_OR_FALSE = {"true": 1.0, "false": 0.0}


class CsvTable:
    """A text table, see `table.Table`. R rows of K columns.

    Raises: UserError if the file is no text table.
    """

    def __init__(self, path: Path):
        self.path = path
        self._encoding = find_encoding(path)
        try:
            head = self._head()
        except UnicodeDecodeError:
            if self._encoding != "utf-8":
                raise
            self._encoding = OTHER_ENCODING
            head = self._head()
        self._layout = find_layout(head, path)
        line = sum(len(line) for _, line in head) // len(head)
        self._block_size = min(max(_BLOCK_CHARACTERS, _BLOCK_LINES * line), _MOST_CHARACTERS)
        self.columns = self._layout.columns
        self.notes = self._layout.notes

    def read(self, labels: list[int], values: list[int]) -> Content:
        """The label columns as strings (None where empty), the value columns as float32 [R, K].

        Raises: UserError for a line with more or fewer cells than columns, or a cell that is no number.
        """
        try:
            content = self._read(labels, values)
        except UnicodeDecodeError:
            if self._encoding != "utf-8":
                raise
            # Letters of another encoding, far below.
            self._encoding = OTHER_ENCODING
            content = self._read(labels, values)
        if self._encoding == OTHER_ENCODING:
            note = f"the text is not UTF-8; read as {OTHER_ENCODING} (Latin letters)"
            return Content(content.labels, content.values, (*content.notes, note))
        return content

    def _head(self) -> list[tuple[int, str]]:
        head: list[tuple[int, str]] = []
        size = 0
        for numbers, lines in read_blocks(self.path, self._encoding, _HEAD_CHARACTERS):
            head += zip(numbers, lines, strict=True)
            size += sum(map(len, lines))
            if len(head) >= _HEAD_LINES or (size >= _HEAD_CHARACTERS and len(head) > _FEWEST_LINES):
                break
        return head[:_HEAD_LINES]

    def _read(self, labels: list[int], values: list[int]) -> Content:
        parts: list[np.ndarray] = []
        coders = {number: Coder() for number in labels}
        parser = _Parser(self.path, self._layout, labels, values)
        thousands = Thousands(self.path, self._layout, values)
        for numbers, lines in self._batches():
            thousands.see(lines)
            frame = parser.frame(lines, numbers)
            parts.append(parser.numbers(frame, numbers))
            for label, coder in coders.items():
                coder.add(*parser.texts(frame, label))
        notes = thousands.notes()
        if not parts:
            return Content({}, np.empty((0, len(values)), np.float32))
        return Content({number: coder.label() for number, coder in coders.items()}, joined(parts), notes)

    def _batches(self) -> Iterator[tuple[Sequence[int], list[str]]]:
        skip = 1 if self._layout.has_header else 0
        width, separator = len(self.columns), self._layout.separator
        for numbers, lines in read_blocks(self.path, self._encoding, self._block_size):
            numbers, lines, skip = numbers[skip:], lines[skip:], 0
            # Only the lines that look wrong are taken apart.
            doubtful = [
                place
                for place, line in enumerate(lines)
                if line.count(separator) != width - 1 or '"' in line or separator == BLANKS
            ]
            for place in doubtful:
                self._check_width(numbers[place], lines[place])
            if lines:
                yield numbers, lines

    def _check_width(self, number: int, line: str) -> None:
        width, cells = len(self.columns), self._layout.count(line)
        ends_empty = cells == width + 1 and line.rstrip(" ").endswith(self._layout.separator)
        if cells != width and not ends_empty:
            found = f"line {number} of {self.path} has {cells} cells"
            fix = "complete or remove the line (a cell that holds the separator needs quotes)"
            raise UserError("file", found, f"{width}, one for each column", fix)


class _Parser:
    """Reads lines by pandas, and what pandas does not understand cell by cell."""

    def __init__(self, path: Path, layout: Layout, labels: list[int], values: list[int]):
        self._path, self._columns, self._decimal, self._values = path, layout.columns, layout.decimal, values
        width = len(layout.columns)
        self._how = {
            "sep": layout.separator,
            "header": None,
            "names": range(width),
            "usecols": sorted({*labels, *values}),
            # "category" would make the ids 001 and 01 one number.
            "dtype": dict.fromkeys(labels, str),
            "decimal": layout.decimal,
            "na_values": _missing(labels, values),
            "keep_default_na": False,
            "skipinitialspace": True,
            "skip_blank_lines": False,
            "index_col": False,
            "low_memory": False,
            "engine": "c",
        }
        self._is_blanks = layout.separator == BLANKS

    def frame(self, lines: list[str], numbers: Sequence[int]):  # type: ignore[no-untyped-def]  # pandas has no types here
        """A DataFrame of the lines, its columns named by their numbers."""
        import pandas as pd

        text = "\n".join(map(str.strip, lines) if self._is_blanks else lines)
        try:
            frame = pd.read_csv(io.BytesIO(text.encode()), encoding="utf-8", **self._how)
        except Exception as error:
            # A damaged line can fail in any way.
            found = f"lines {numbers[0]} to {numbers[-1]} of {self._path} cannot be read ({one_line(error)})"
            raise UserError("file", found, "a table", "correct the lines") from error
        if len(frame) != len(lines):
            found = f"lines {numbers[0]} to {numbers[-1]} of {self._path} give {len(frame)} rows"
            raise UserError("file", found, f"{len(lines)}, one for each line", "correct the lines")
        return frame

    @staticmethod
    def texts(frame, label: int) -> tuple[np.ndarray, list[str]]:  # type: ignore[no-untyped-def]
        """The cells of a column as codes, -1 where empty, and the texts that they stand for."""
        import pandas as pd

        codes, texts = pd.factorize(frame[label])
        return codes, [str(text) for text in texts]

    def numbers(self, frame, numbers: Sequence[int]) -> np.ndarray:  # type: ignore[no-untyped-def]
        """float32 [rows, K] of the value columns."""
        out = np.empty((len(frame), len(self._values)), np.float32)
        kinds = [getattr(kind, "kind", "O") for kind in frame.dtypes]
        kind_of = dict(zip(frame.columns, kinds, strict=True))
        plain = [place for place, column in enumerate(self._values) if kind_of[column] in "iufb"]
        with np.errstate(over="ignore"):
            out[:, plain] = frame[[self._values[place] for place in plain]].to_numpy()
        for place, column in enumerate(self._values):
            if kind_of[column] not in "iufb":
                out[:, place] = self._cells(frame[column].to_numpy(object), column, numbers)
        return out

    def _cells(self, cells: np.ndarray, column: int, numbers: Sequence[int]) -> np.ndarray:
        out = np.empty(len(cells), np.float64)
        for row, cell in enumerate(cells.tolist()):
            number = _number(cell, self._decimal)
            if number is None:
                name = self._columns[column].name or f"{column} (counted from 0)"
                found = f"{cell!r} in column {name}, line {numbers[row]} of {self._path}"
                is_grouped = isinstance(cell, str) and _MARKS.sub("", cell).lstrip("+-").isdecimal()
                fix = "write numbers with a decimal point and without thousands separators" if is_grouped else ""
                fix = fix or "correct the cell, or leave it empty if the value is missing"
                raise UserError("file", found, "a number", fix)
            out[row] = number
        return out


def _missing(labels: list[int], values: list[int]) -> Union[list[str], dict[int, list[str]]]:
    """What stands for a missing value. In a long table an id may be NA; for each column of a wide one it takes long."""
    if len(values) > _FEW:
        return list(MISSING)
    return {**dict.fromkeys(values, list(MISSING)), **dict.fromkeys(labels, [""])}


def _number(cell: object, decimal: str) -> Optional[float]:
    """The number in a cell, NaN if it is missing; None if it holds something else."""
    if not isinstance(cell, str):
        return float(cell) if isinstance(cell, (int, float)) else None
    text = cell.strip()
    if is_missing(text):
        return float("nan")
    if text.lower() in _TRUE_OR_FALSE:
        return _TRUE_OR_FALSE[text.lower()]
    if "_" in text:
        # Python's own way to group digits
        return None
    try:
        return float(text if decimal == "." else text.replace(".", "x").replace(",", "."))
    except ValueError:
        return None

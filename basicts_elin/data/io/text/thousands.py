"""1.234 beside 987: a number of four digits in some countries, and of three decimals in others."""

import re
from collections.abc import Sequence
from pathlib import Path

from ....errors import UserError
from .layout import BLANKS, Layout

_FIX = "write numbers with a decimal point and without thousands separators; if they are decimals, write all: 987.000"


class Thousands:
    """Looks at the marks in the cells of values, until one can only be a decimal mark.

    A table that commas or blanks separate is judged by its head alone: there the point is the decimal mark.
    """

    def __init__(self, path: Path, layout: Layout, values: list[int]):
        mark, separator = re.escape(layout.decimal), re.escape(layout.separator)
        self._path, self._layout, self._values = path, layout, values
        self._is_open = layout.separator not in (",", BLANKS)
        self._marked = self._whole = ""
        self._cell = re.compile(rf"(?:^|{separator})[ \"]*([+-]?\d*{mark}\d*)[ \"]*(?={separator}|$)", re.MULTILINE)
        self._grouped = re.compile(rf"[+-]?[1-9]\d{{0,2}}{mark}\d{{3}}")

    def see(self, lines: Sequence[str]) -> None:
        """More lines of the table."""
        if not self._is_open:
            return
        text = "\n".join(lines) if any(self._layout.decimal in line for line in lines) else ""
        is_marked = False
        for match in self._cell.finditer(text):
            is_marked = True
            if not self._grouped.fullmatch(match[1]):
                self._is_open = False
                return
        if not self._whole or (is_marked and not self._marked):
            self._find(lines)

    def notes(self) -> tuple[str, ...]:
        """What was decided, after the last line.

        Raises: UserError if every mark stands before three digits, and other cells of values have none.
        """
        if not (self._is_open and self._marked):
            return ()
        if self._whole:
            found = f"{self._marked!r} and {self._whole!r} in {self._path}"
            raise UserError("file", found, f"numbers in which {self._layout.decimal!r} has one meaning", _FIX)
        mark = self._layout.decimal
        return (f"{mark!r} stands before three digits in every number, such as {self._marked}: the decimal mark",)

    def _find(self, lines: Sequence[str]) -> None:
        for line in lines:
            cells = self._layout.cells(line)
            for number in self._values:
                cell = cells[number].strip() if number < len(cells) else ""
                if not self._whole and len(cell) < 4 and cell.isdecimal():
                    self._whole = cell
                elif not self._marked and self._grouped.fullmatch(cell):
                    self._marked = cell
            if self._whole and self._marked:
                return

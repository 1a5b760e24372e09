"""How a file of text writes a table: separator, decimal mark, header, and what its columns hold."""

import csv
import itertools
import re
from dataclasses import dataclass
from pathlib import Path

from ...errors import UserError
from .layout import NUMBER, TEXT, TIME, looks_like_a_time
from .opening import encoding_of, open_text

# a comma last, because it may be a decimal mark
_SEPARATORS = (";", "\t", "|", ",")
_SAMPLE = 200
MISSING = ("", "NA", "N/A", "n/a", "na", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "-", "--", "?", "#N/A", "<NA>")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


@dataclass(frozen=True)
class Dialect:
    """Attributes:
    encoding, separator, decimal: of the text.
    skipped: lines before the first row.
    names: of the columns; their numbers if there is no header.
    kinds: TIME, NUMBER or TEXT, by the first rows.
    """

    encoding: str
    separator: str
    decimal: str
    skipped: int
    names: tuple[str, ...]
    kinds: tuple[str, ...]


def find_dialect(path: Path) -> Dialect:
    """The dialect of a table of text. Raises: UserError if the file is not one."""
    encoding = encoding_of(path)
    with open_text(path, encoding) as text:
        lines = [line.rstrip("\r\n") for line in itertools.islice(text, _SAMPLE)]
    first = next(number for number, line in enumerate(lines) if line.strip())
    lines = [line for line in lines[first:] if line.strip()]
    separator = _separator(lines, path)
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]
    decimal = "," if separator != "," and _has_decimal_commas(rows) else "."
    has_header = _is_header(rows, decimal)
    width = len(rows[1]) if has_header and len(rows) > 1 else len(rows[0])
    names = rows[0] if has_header else [str(number) for number in range(width)]
    if len(names) == width - 1:
        # the header of an index without a name
        names = ["", *names]
    cells = rows[1:] if has_header else rows
    if not cells:
        raise UserError("file", f"{path} has a header and no rows", "a table", "save it again")
    kinds = [_kind([row[column] for row in cells if column < len(row)], decimal) for column in range(len(names))]
    return Dialect(encoding, separator, decimal, first + has_header, tuple(names), tuple(kinds))


def _separator(lines: list[str], path: Path) -> str:
    for separator in _SEPARATORS:
        widths = [len(row) for row in csv.reader(lines[:20], delimiter=separator)]
        body = widths[1:] or widths
        usual = max(set(body), key=body.count)
        if usual > 1 and widths[0] in (usual, usual - 1) and widths[0] > 1:
            return separator
    found = f"{path} with the first line {lines[0][:60]!r}"
    raise UserError("file", found, "cells separated by one of , ; tab |", "save it as CSV")


def _has_decimal_commas(rows: list[list[str]]) -> bool:
    cells = [cell for row in rows[1:] for cell in row if _DECIMAL_COMMA.fullmatch(cell)]
    return bool(cells)


def _is_header(rows: list[list[str]], decimal: str) -> bool:
    """Whether the first line names the columns: it has text that is no number, no time and not missing."""
    first = rows[0]
    if any(_what(cell, decimal) == TEXT for cell in first):
        return True
    if len(rows) < 2:
        return False
    # an index without a name, and sensors with numbers
    if first[0] == "" and rows[1][0] != "":
        return True
    return first == [str(number) for number in range(len(first))]


def _kind(cells: list[str], decimal: str) -> str:
    """What most cells of a column are. The others are found when they are read."""
    found = [_what(cell, decimal) for cell in cells if cell not in MISSING]
    return max((NUMBER, TIME, TEXT), key=found.count) if found else NUMBER


def _what(cell: str, decimal: str) -> str:
    if cell in MISSING:
        return NUMBER
    try:
        float(cell.replace(decimal, ".") if decimal != "." else cell)
    except ValueError:
        return TIME if looks_like_a_time(cell) else TEXT
    return NUMBER

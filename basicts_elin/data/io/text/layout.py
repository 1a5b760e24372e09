"""How the lines of a text table are to be read: separator, header, decimal mark, columns."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ....errors import UserError
from ..tables.column import CLOCK, NUMBER, TEXT, TIME, Column
from ..tables.times_text import is_clock, is_day, is_time

# Separators in the order of their certainty: a comma may also be the decimal mark.
SEPARATORS = "\t;|,"
BLANKS = r"\s+"
# What programs write where there is no value.
MISSING = (
    *("", "NA", "N/A", "n/a", "na", "<NA>", "#N/A", "#NA", "NaN", "nan", "-nan", "-NaN", "NAN", "null", "NULL", "Null"),
    *("None", "none", "NONE", "-", "--", "---", "?", ".", "missing", "NaT"),
)
_IS_MISSING = frozenset(MISSING)
_NUMBER = re.compile(r"[+-]?[\d.,']*\d[\d.,']*([eE][+-]?\d+)?|[+-]?inf(inity)?|true|false", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Layout:
    """How to read a text table.

    Attributes:
        separator: one character, or BLANKS.
        decimal: "." or ",".
        has_header: whether the first line names the columns.
        columns: the columns.
        notes: what was decided.
    """

    separator: str
    decimal: str
    has_header: bool
    columns: list[Column]
    notes: tuple[str, ...] = ()

    def cells(self, line: str) -> list[str]:
        """The cells of one line."""
        return _split(line, self.separator)

    def count(self, line: str) -> int:
        """The number of cells of one line, in less time than it takes to find them."""
        if self.separator == BLANKS or '"' in line:
            return len(self.cells(line))
        return line.count(self.separator) + 1


def find_layout(head: Sequence[tuple[int, str]], path: Path) -> Layout:
    """The layout of a table of which the first lines, with their numbers, are `head`.

    Raises: UserError if it has no lines, two lines of names, or lines that begin as no table does.
    """
    if not head:
        raise UserError("file", f"{path} is empty", "a row for each time", "name another file")
    lines = [line for _, line in head]
    separator = _separator(lines)
    rows = [_split(line, separator) for line in lines]
    has_header = _has_header(rows)
    notes: list[str] = []
    body = rows[1:] if has_header else rows
    width = Counter(map(len, body)).most_common(1)[0][0] if body else len(rows[0])
    names = _names(rows[0], width, body, path, head[0][0], separator == BLANKS) if has_header else [""] * width
    if has_header and len(body) > 1 and _is_second_header(body):
        found = f"lines {head[0][0]} and {head[1][0]} of {path} both hold names"
        raise UserError("file", found, "one line of names", "join the two lines into one, or remove one")
    cells = [[row[number].strip() for row in body if number < len(row)] for number in range(len(names))]
    decimal = _decimal([column for column in cells], separator)
    for name, column in zip(names, cells, strict=True):
        _refuse_groups(name, column, decimal, path)
    words = sorted({cell for column in cells for cell in column if cell and is_missing(cell)})
    if words:
        notes.append(f"cells such as {', '.join(map(repr, words))} are missing values")
    if any(cell.lower() in ("true", "false") for column in cells for cell in column):
        notes.append("true and false are read as 1 and 0")
    if decimal == ",":
        notes.append("the decimal mark is a comma")
    if has_header and _is_number_line(rows[0]):
        notes.append(f"line {head[0][0]} is the header: its numbers, such as {rows[0][-1]}, are sensor ids")
    elif not has_header and len(rows[0]) > 1 and _is_number_line(rows[0]):
        notes.append(f"line {head[0][0]}, which begins {', '.join(rows[0][:3])}, is read as values: no line of names")
    columns = [_column(name, column) for name, column in zip(names, cells, strict=True)]
    return Layout(separator, decimal, has_header, columns, tuple(notes))


def is_missing(cell: str) -> bool:
    """Whether the cell holds no value, or a word that says so."""
    return cell.strip() in _IS_MISSING


def _is_number(cell: str) -> bool:
    return is_missing(cell) or bool(_NUMBER.fullmatch(cell.strip()))


def _split(line: str, separator: str) -> list[str]:
    if separator == BLANKS:
        # Blanks within quotes are no separators.
        return next(csv.reader([" ".join(line.split())], delimiter=" ")) if '"' in line else line.split()
    return next(csv.reader([line], delimiter=separator, skipinitialspace=True))


def find_separator(lines: Sequence[str]) -> Optional[str]:
    """The first character that divides most of the lines, one or more, into the same number of cells, more than one."""
    for separator in SEPARATORS:
        counts = Counter(len(_split(line, separator)) for line in lines)
        width, frequency = counts.most_common(1)[0]
        if width > 1 and frequency > len(lines) / 2:
            return separator
    return None


def _separator(lines: Sequence[str]) -> str:
    found = find_separator(lines)
    if found is not None:
        return found
    blanks = [_split(line, BLANKS) for line in lines]
    width, frequency = Counter(map(len, blanks)).most_common(1)[0]
    body = blanks[1:] or blanks
    # In prose, most words are neither numbers nor times.
    values = sum(_is_value(cell) for row in body for cell in row)
    is_table = width > 1 and frequency > len(lines) / 2 and 2 * values > sum(map(len, body))
    return BLANKS if is_table else ","


def _is_value(cell: str) -> bool:
    return _is_number(cell) or is_time(cell) or is_clock(cell)


def _has_header(rows: list[list[str]]) -> bool:
    first = [cell.strip() for cell in rows[0]]
    if len(rows) > 1 and not first[0] and any(row[0].strip() for row in rows[1:]) and any(first):
        # as pandas writes a table with an index
        return True
    if len(first) > 2 and not is_time(first[0]) and all(map(is_time, first[1:])):
        # a table on its side
        return True
    if any(is_time(cell) for cell in first):
        return False
    if any(not _is_number(cell) and not is_clock(cell) for cell in first):
        return True
    return len(rows) > 1 and _are_ids(first, rows[1:])


def _are_ids(first: list[str], body: list[list[str]]) -> bool:
    """Whether a first line of numbers names the sensors."""
    if len(first) < 2 or not all(cell.isdecimal() for cell in first) or len(set(first)) != len(first):
        return False
    numbers = [int(cell) for cell in first]
    cells = [cell.strip() for row in body for cell in row if not is_missing(cell)]
    if numbers in ([*range(len(first))], [*range(1, len(first) + 1)]):
        return bool(cells)
    if not cells or not all(map(_is_number, cells)):
        return False
    if len(cells) > len(first) and 10 * sum(cell.isdecimal() for cell in cells) < len(cells):
        # Hardly a whole number below: a line of nothing else holds names.
        return True
    try:
        return min(numbers) > 10 * max(abs(float(cell)) for cell in cells)
    except ValueError:
        return False


def _names(first: list[str], width: int, body: list[list[str]], path: Path, line: int, is_blanks: bool) -> list[str]:
    """The names of the columns. A separator at the end of each line, or an index without a name, is understood."""
    names = ["" if _is_of_pandas(name.strip(), place, body) else name.strip() for place, name in enumerate(first)]
    if len(names) == width + 1 and not names[-1]:
        return names[:-1]
    if len(names) == width - 1 and all(not row[-1].strip() for row in body if len(row) == width):
        return names
    if len(names) == width - 1 and is_blanks and all(is_day(row[0]) and is_clock(row[1]) for row in body if row[1:]):
        # one name for a date and a clock time that a blank divides
        return [names[0], f"{names[0]} (clock)", *names[1:]]
    if len(names) == width - 1 and all(is_time(row[0]) for row in body):
        # as R writes a table with row names
        return ["", *names]
    if len(names) == width and len(names) > 1 and not names[-1] and all(not row[-1].strip() for row in body):
        return names[:-1]
    if len(names) != width:
        found = f"line {line} of {path} has {len(names)} names, the lines below it {width} cells"
        raise UserError("file", found, "a name for each column", "complete the header")
    return names


def _is_of_pandas(name: str, place: int, body: list[list[str]]) -> bool:
    """Whether pandas gave this name to a column without one: with its number, or to row numbers that have moved."""
    number = re.fullmatch(r"Unnamed: (\d+)", name)
    cells = [row[place].strip() for row in body if place < len(row)]
    return number is not None and (int(number[1]) == place or all(cell.isdecimal() for cell in cells))


def _is_second_header(body: list[list[str]]) -> bool:
    """Whether the first row of `body` holds names or units, as two levels of columns give."""
    first, last = body[0], body[-1]
    if any(is_time(cell) or (_is_number(cell) and not is_missing(cell)) for cell in first):
        return False
    texts = [number for number, cell in enumerate(first) if not is_missing(cell)]
    return bool(texts) and all(_is_number(cell) or is_time(cell) for cell in last)


def _is_number_line(row: list[str]) -> bool:
    return all(cell.strip().isdecimal() for cell in row)


def _decimal(columns: list[list[str]], separator: str) -> str:
    """ "," if cells have one comma each and no point, and the comma does not separate the cells."""
    if separator == ",":
        return "."
    commas = sum(bool(_DECIMAL_COMMA.fullmatch(cell)) for column in columns for cell in column)
    points = sum(bool(_DECIMAL_POINT.fullmatch(cell)) for column in columns for cell in column)
    return "," if commas > points else "."


def _refuse_groups(name: str, cells: list[str], decimal: str, path: Path) -> None:
    """1.234 beside 987 is a number of four digits in some countries, and of three decimals in others."""
    marked = [cell for cell in cells if decimal in cell]
    grouped = re.compile(rf"[+-]?[1-9]\d{{0,2}}{re.escape(decimal)}\d{{3}}")
    small = next((cell for cell in cells if cell.isdecimal() and len(cell) < 4), None)
    is_mixed = small is not None and all(cell.isdecimal() and len(cell) < 4 for cell in cells if cell not in marked)
    if len(marked) > 2 and is_mixed and all(map(grouped.fullmatch, marked)):
        found = f"column {name or 'without name'} of {path} holds {marked[0]!r} and {small!r}"
        fix = "write numbers with a decimal point and without thousands separators"
        raise UserError("file", found, f"numbers in which {decimal!r} has one meaning", fix)


def _column(name: str, cells: list[str]) -> Column:
    present = [cell for cell in cells if not is_missing(cell)]
    sample = tuple(present[:100])
    for kind, fits in ((TIME, is_time), (CLOCK, is_clock), (NUMBER, _NUMBER.fullmatch)):
        # A single cell of another kind is an error in the file, and named as such later.
        if 2 * sum(bool(fits(cell)) for cell in sample) > len(sample):
            return Column(name, kind, sample)
    return Column(name, TEXT if sample else NUMBER, sample)

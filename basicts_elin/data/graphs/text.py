"""Lists and matrices as text, in the encodings and with the separators that spreadsheets and programs write."""

import csv
import io
import re
from pathlib import Path

from ...errors import UserError, one_line
from ..io.damage import refusing_damage
from ..io.text.layout import SEPARATORS, find_separator
from ..io.text.lines import encoding_of

# enough to tell the separator
_HEAD = 20
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")


def read_text(path: Path, field: str) -> str:
    """The text of a file, see `encoding_of`.

    Raises: UserError if it cannot be read.
    """
    with refusing_damage(path, "a text file", "name another file", field):
        content = path.read_bytes()
        return content.decode(encoding_of(content, path, field))


def read_rows(path: Path, field: str) -> tuple[list[list[str]], list[int]]:
    """The rows of a table, each a list of cells without surrounding blanks, and the line number of each row.

    Cells are separated by tab, ;, | or comma, else by blanks. Blank rows and lines that start with "# " are left out.
    Where the comma does not separate cells, it is the decimal comma of numbers.

    Raises: UserError if the file cannot be read.
    """
    lines = list(io.StringIO(read_text(path, field), newline=None))
    try:
        separator = _separator([line for line in lines if line.strip() and not _is_comment(line)][:_HEAD])
        if separator == " ":
            lines = [line.strip() for line in lines]
        reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
        rows, numbers = [], []
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells) and not _is_comment(lines[reader.line_num - 1]):
                rows.append(cells if separator == "," else [_with_point(cell) for cell in cells])
                numbers.append(reader.line_num)
    except csv.Error as error:
        found = f"{path} cannot be read ({one_line(error)})"
        raise UserError(field, found, "a table as text, such as CSV", "save it again") from error
    return rows, numbers


def _separator(lines: list[str]) -> str:
    """That of most lines; else the first in the first line; else a blank."""
    found = find_separator(lines) if lines else None
    return found or next((separator for separator in SEPARATORS if lines and separator in lines[0]), " ")


def _is_comment(line: str) -> bool:
    # "#12" is a sensor's id
    return line.startswith("# ") or line.strip() == "#"


def _with_point(cell: str) -> str:
    return cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell

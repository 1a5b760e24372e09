"""Text files in the encodings, and with the separators, that spreadsheets and programs write."""

import codecs
import csv
import io
import re
from pathlib import Path

from ...errors import UserError, one_line

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEPARATORS = "\t;|,"
# enough to tell the separator
_HEAD = 20
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")


def read_text(path: Path, field: str) -> str:
    """The text of a file in UTF-8 or UTF-16, with or without byte order mark, or else in Latin-1.

    Raises: UserError if it cannot be read.
    """
    try:
        content = path.read_bytes()
        return _decode(content)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            field, f"{path} cannot be read ({one_line(error)})", "a text file", "name another file"
        ) from error


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


def _decode(content: bytes) -> str:
    if content.startswith(_UTF16):
        return content.decode("utf-16")
    if b"\0" in content[:100]:
        return content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-16-be")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _separator(lines: list[str]) -> str:
    """The first that cuts every line; else the first in the first line; else a blank."""
    for separator in _SEPARATORS:
        if lines and min(len(row) for row in csv.reader(lines, delimiter=separator)) > 1:
            return separator
    return next((separator for separator in _SEPARATORS if lines and separator in lines[0]), " ")


def _is_comment(line: str) -> bool:
    # "#12" is a sensor's id
    return line.startswith("# ") or line.strip() == "#"


def _with_point(cell: str) -> str:
    return cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell

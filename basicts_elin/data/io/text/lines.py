"""The lines of a text file, whatever its compression and encoding."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ....errors import UserError

_HEAD_BYTES = 1 << 16
# A cell may contain line breaks, but a quote that is never closed must not take the rest of the file.
_LINES_IN_A_CELL = 20
_LONGEST_LINE = 1 << 26
_OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
OTHER_ENCODING = "cp1252"


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The content of the file, unpacked if it is .gz, .bz2, .xz, or a .zip of one file.

    Raises: UserError if a .zip holds more than one file.
    """
    with path.open("rb") as file:
        start = file.read(6)
    opener = next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), None)
    if opener is not None:
        with opener(path, "rb") as content:
            yield content
    elif start.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
            if len(names) != 1:
                found = f"{path} with {len(names)} files, such as {', '.join(names[:3])}"
                raise UserError("file", found, "a .zip of one file", "unpack it, and give the folder")
            with archive.open(names[0]) as content:
                yield content
    else:
        with path.open("rb") as content:
            yield content


def find_encoding(path: Path) -> str:
    """The encoding of the text in a file, by its first bytes.

    Raises: UserError if it is no text.
    """
    with open_bytes(path) as content:
        head = content.read(_HEAD_BYTES)
    return encoding_of(head, path, is_whole=len(head) < _HEAD_BYTES)


def encoding_of(content: bytes, path: Path, field: str = "file", *, is_whole: bool = True) -> str:
    """The encoding of a text, or of its beginning.

    Raises: UserError if it is no text.
    """
    marked = next((encoding for mark, encoding in _MARKS.items() if content.startswith(mark)), None)
    if marked is not None:
        return marked
    if b"\0" in content:
        # Digits, separators and Latin letters in UTF-16 have a zero as every other byte.
        zeros = content[::2].count(0), content[1::2].count(0)
        for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            if zeros[first] > max(len(content) / 8, 10 * zeros[1 - first]):
                return encoding
        raise UserError(field, f"{path} is not text", "a text table", "save it as CSV in UTF-8")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        # A letter that is cut by the end of the beginning is none of another encoding.
        return "utf-8" if not is_whole and error.start > len(content) - 4 else OTHER_ENCODING
    return "utf-8"


def read_blocks(path: Path, encoding: str, size: int) -> Iterator[tuple[Sequence[int], list[str]]]:
    """The lines that are not blank and no comment (#), without line ends, and their numbers from 1.

    A line with an open quote goes on in the next one. The line `sep=;` that Excel writes is left out.

    Args:
        size: characters of a block.
    Raises: UserError if a quote is not closed. UnicodeDecodeError if the encoding is another one.
    """
    with open_bytes(path) as content, io.TextIOWrapper(content, encoding=encoding, newline=None) as text:
        rest, first = "", 1
        while True:
            new = text.read(size)
            block = rest + new
            cut = block.rfind("\n") + 1 if new else len(block)
            if not block:
                return
            if len(block) - cut > _LONGEST_LINE:
                raise UserError("file", f"line {first} of {path} is too long", "a text table", "save it as CSV")
            lines = block[:cut].removesuffix("\n").split("\n") if cut else []
            if first > 1 and not any(map(str.isspace, lines)) and all(lines) and not set(block).intersection('"#'):
                numbers: Sequence[int] = range(first, first + len(lines))
                first, rest = first + len(lines), block[cut:]
            else:
                numbers, kept, used = _kept(lines, first, path, is_end=not new)
                rest = "".join(f"{line}\n" for line in lines[used:]) + block[cut:]
                lines, first = kept, first + used
            if lines:
                yield numbers, lines


def _kept(lines: list[str], first: int, path: Path, is_end: bool) -> tuple[list[int], list[str], int]:
    """The lines that count, with their numbers, and how many were used: not the last ones, in an open quote."""
    numbers: list[int] = []
    kept: list[str] = []
    waiting: list[str] = []
    for place, line in enumerate(lines):
        number = first + place
        turns = line.count('"') % 2 == 1
        if waiting or turns:
            waiting.append(line)
            number -= len(waiting) - 1
            if len(waiting) > _LINES_IN_A_CELL:
                raise _open_quote(path, number)
            if not turns or len(waiting) == 1:
                continue
            line, waiting = " ".join(waiting), []
        if line and not line.isspace() and not line.startswith("#") and not (number == 1 and _is_excel_mark(line)):
            numbers.append(number)
            kept.append(line)
    if waiting and is_end:
        raise _open_quote(path, first + len(lines) - len(waiting))
    return numbers, kept, len(lines) - len(waiting)


def _open_quote(path: Path, line: int) -> UserError:
    return UserError("file", f"a quote that opens in line {line} of {path} is not closed", fix="correct the line")


def _is_excel_mark(line: str) -> bool:
    return line.lower().startswith("sep=") and len(line) == 5

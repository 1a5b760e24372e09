"""The text of a file, whatever its compression and encoding."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from ...errors import UserError, one_line

_HEAD = 2**18
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def encoding_of(path: Path) -> str:
    """The encoding of a file of text: by its byte order mark, else UTF-8, else that of Windows for western Europe.

    Raises: UserError for a file that is empty or not text.
    """
    with open_bytes(path) as file:
        head = file.read(_HEAD)
    if not head.strip():
        raise UserError("file", f"{path} is empty", "a table", "save it again")
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        raise UserError("file", f"{path} is not text", "a table of text", "name the file by the ending of its format")
    try:
        # the last character may be cut
        head.decode("utf-8") if len(head) < _HEAD else head[: head.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    with open_bytes(path) as file, io.TextIOWrapper(file, encoding, newline="") as text:
        yield text


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The content of a file, decompressed. Raises: UserError for an archive without exactly one file."""
    suffix = path.suffix.lower()
    if suffix == ".zip":
        with _archive(path) as archive:
            yield archive
    else:
        with _OPENERS.get(suffix, open)(path, "rb") as file:
            yield file


@contextmanager
def _archive(path: Path) -> Iterator[Any]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise UserError("file", f"{path} cannot be read ({one_line(error)})", "a zip archive", "copy it again") from error
    with archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
        if len(names) != 1:
            found = f"{path} with {len(names)} files"
            raise UserError("file", found, "one file", "unpack it, and name the file or the folder")
        with archive.open(names[0]) as file:
            yield file

"""Damaged files. Libraries fail on them in any way, from zlib.error to MemoryError."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import UserError, one_line


@contextmanager
def refusing_damage(
    path: Path, expected: str, fix: str = "download or copy it again", field: str = "file"
) -> Iterator[None]:
    """Every error of the block, other than a UserError, becomes a UserError: the file cannot be read.

    Args:
        path: the file.
        expected: what it should be.
        fix: how to get a sound one.
        field: the argument that named the file.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(field, f"{path} cannot be read ({one_line(error)})", expected, fix) from error

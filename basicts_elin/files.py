"""Files are written whole or not at all, even if the process dies."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import UserError, one_line

# of the temporary files that a process may leave behind if it dies; see `remove_leftovers`
_SUFFIX = ".unfinished"
_OBJECT = "a JSON object"


def check_place(path: Path, option: str) -> None:
    """Raises: UserError unless a file can be at `path`, which `option` gives: a folder may not, and must hold it."""
    if path.is_dir():
        raise UserError(option, f"{path}, a folder", "a file", "give the name of a file")
    if not path.parent.is_dir():
        raise UserError(option, f"the folder {path.parent} does not exist", "an existing folder", "create it")


@contextmanager
def replacing(path: Path, suffix: str = "") -> Iterator[Path]:
    """A file beside `path` for the block to write. It takes the name `path` if the block succeeds.

    `path` always holds the old or the new content, whole, also on the disk.

    suffix: of that file, for writers that insist on one.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{_SUFFIX}{suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` as `replacing` does."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, content: Any) -> None:
    """`write_atomically` of JSON."""
    write_atomically(path, json.dumps(content, indent=4).encode())


def read_json(path: Path, fix: str) -> dict[str, Any]:
    """The object in a JSON file. Raises: UserError, with this fix, if the file does not hold one."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(path, f"not JSON ({one_line(error)})", _OBJECT, fix) from error
    if not isinstance(content, dict):
        raise UserError(path, f"a {type(content).__name__}", _OBJECT, fix)
    return content


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Create `folder` and its parents. If the block fails, those that were created and are empty are removed again."""
    absent = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for path in absent:
            # it is not empty, or was never created
            with suppress(OSError):
                path.rmdir()
        raise


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of killed writers from `folder`, which nobody else may be writing to."""
    for file in Path(folder).glob(f".*{_SUFFIX}"):
        file.unlink()


def _sync_folder(folder: Path) -> None:
    """A renamed file is safe once its folder is on the disk. Windows cannot open folders, and need not."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

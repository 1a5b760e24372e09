"""Files are written whole or not at all, whenever the process dies."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import UserError, one_line

# what a process that died left behind; see `remove_leftovers`
_SUFFIX = ".unfinished"


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` so that `path` holds the old or the new content, on the disk too, and never a part of it."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{_SUFFIX}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_json(path: Path, content: Any) -> None:
    """`write_atomically` of JSON."""
    write_atomically(path, json.dumps(content, indent=4).encode())


def read_json(path: Path, fix: str) -> dict[str, Any]:
    """The object in a JSON file. Raises: UserError, which ends with `fix`, where it holds none."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is no JSON ({one_line(error)}); {fix}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} holds a {type(content).__name__}; expected an object: {fix}")
    return content


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make `folder` and those above it; where the block fails, what is empty of them goes again."""
    absent = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for path in absent:
            # it is not empty, or was never made
            with suppress(OSError):
                path.rmdir()
        raise


def remove_leftovers(folder: Path) -> None:
    """Remove what writers that were killed left in `folder`; nobody else may be writing there."""
    for file in Path(folder).glob(f".*{_SUFFIX}"):
        file.unlink()


def _sync_folder(folder: Path) -> None:
    """A renamed file is safe once its folder is; Windows cannot open folders, and does not need it."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

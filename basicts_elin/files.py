"""Files are written whole or not at all, whenever the process dies."""

import json
import os
from pathlib import Path
from typing import Any

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

"""Dataset folders are written whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UserError

GRAPH_FILE = "adj_mx.pkl"


def check_destination(folder: Path, *, force: bool) -> None:
    """Refuse what is already there, with `UserError`, unless `force` allows to replace it."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"out: {folder} is a file; expected a folder: remove it or name another --out")
    if folder.exists() and not force:
        raise UserError(f"out: {folder} exists already; --force replaces it, --out names another place")


@contextmanager
def fresh_folder(folder: Path, *, force: bool) -> Iterator[Path]:
    """A temporary folder that becomes `folder` when the block ends without an error.

    With `force` an existing `folder` gives way only then. Whatever it held and the block did not write anew (a graph,
    the raw file, notes) is carried over. After an error it is as it was, and nothing temporary is left.

    Raises:
        UserError: see `check_destination`.
    """
    check_destination(folder, force=force)
    # a link keeps pointing where the user put it, and renaming never crosses file systems
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    new, old = staging / "new", staging / "old"
    try:
        # a folder inside mkdtemp's, because that one is closed to other users
        new.mkdir()
        yield new
        if folder.exists():
            _carry_over(folder, new)
        try:
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
        except BaseException:
            if old.exists() and not folder.exists():
                old.rename(folder)
            raise
    finally:
        # should even the way back fail, the old data are in here
        if folder.exists() or not old.exists():
            shutil.rmtree(staging)


def _carry_over(folder: Path, new: Path) -> None:
    for entry in folder.iterdir():
        target = new / entry.name
        if target.exists():
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, target, symlinks=True)
        else:
            shutil.copy2(entry, target, follow_symlinks=False)

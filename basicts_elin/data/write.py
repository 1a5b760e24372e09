"""Dataset folders are written whole or not at all, also where the process is killed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import UserError
from ..files import made_folder

GRAPH_FILE = "adj_mx.pkl"

# within a temporary folder: that its process is alive
_LOCK = ".preparing"


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
    the raw file, notes) is carried over. After an error it is as it was, and nothing temporary is left. What a process
    that was killed left is put in order by the next one.

    Raises:
        UserError: see `check_destination`.
    """
    # a link keeps pointing where the user put it, and renaming never crosses file systems
    folder = folder.resolve()
    with made_folder(folder.parent):
        _put_in_order(folder)
        check_destination(folder, force=force)
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        new, old = staging / "new", staging / "old"
        try:
            with FileLock(staging / _LOCK):
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


def _put_in_order(folder: Path) -> None:
    """What a process left that was killed: the old data come back if it was about to replace them, the rest goes."""
    for lock in folder.parent.glob(f".{folder.name}-*/{_LOCK}"):
        staging, old = lock.parent, lock.parent / "old"
        try:
            with FileLock(lock, timeout=0):
                if old.exists() and not folder.exists():
                    old.rename(folder)
        except Timeout:
            # it is alive
            continue
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

"""Dataset folders are written whole or not at all, also where the process is killed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ...errors import UserError
from ...files import made_folder

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
    the raw file, notes) is carried over. After an error it is as it was, and nothing temporary is left. What a process
    that was killed left is put in order by the next one.

    Raises:
        UserError: see `check_destination`; or where another process is writing the same dataset.
    """
    # a link keeps pointing where the user put it, and renaming never crosses file systems
    folder = folder.resolve()
    staging = folder.parent / f".{folder.name}-preparing"
    new, old = staging / "new", staging / "old"
    with made_folder(staging), _locked(staging):
        _put_back(old, folder)
        for left in (new, old):
            if left.exists():
                shutil.rmtree(left)
        try:
            check_destination(folder, force=force)
            new.mkdir()
            yield new
            if folder.exists():
                _carry_over(folder, new)
                folder.rename(old)
            new.rename(folder)
        finally:
            _put_back(old, folder)
            # should even the way back fail, the old data are in here
            if folder.exists() or not old.exists():
                shutil.rmtree(staging)


@contextmanager
def _locked(staging: Path) -> Iterator[None]:
    try:
        with FileLock(staging / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise UserError(f"out: another process is writing {staging.parent}; wait for it") from error


def _put_back(old: Path, folder: Path) -> None:
    """The old data, where nothing has taken their place."""
    if old.exists() and not folder.exists():
        old.rename(folder)


def _carry_over(folder: Path, new: Path) -> None:
    for entry in folder.iterdir():
        target = new / entry.name
        if target.exists():
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, target, symlinks=True)
        else:
            shutil.copy2(entry, target, follow_symlinks=False)

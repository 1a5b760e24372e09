"""A folder is replaced as a whole or not at all, even if the process is killed."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ...errors import UserError
from ...files import made_folder


def check_destination(
    folder: Path, *, force: bool, fix: str = "--force replaces it, --out names another place"
) -> None:
    """Raises: UserError if `folder` exists, unless it is a folder and `force` is set. `fix`: for an existing folder."""
    if folder.exists() and not folder.is_dir():
        raise UserError("out", f"{folder} is a file", "a folder", "remove it, or name another --out")
    if folder.exists() and not force:
        raise UserError("out", f"{folder} exists", "a new folder", fix)


@contextmanager
def staged_folder(folder: Path, *, force: bool, stale: Collection[str] = ()) -> Iterator[Path]:
    """A temporary folder that becomes `folder` when the block ends without an error.

    With `force`, this replaces an existing `folder`. Files in it that the block did not write (a graph, the raw
    file, notes) are carried over, except those named in `stale`. After an error `folder` is as it was and nothing
    temporary remains. The next call cleans up after a process that was killed.

    Raises: UserError as `check_destination`, or if another process is writing the same folder.
    """
    # A link keeps its target, and renaming never crosses file systems.
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
                _carry_over(folder, new, stale)
                folder.rename(old)
            new.rename(folder)
        finally:
            _put_back(old, folder)
            # If putting it back failed, the old files are still in here.
            if folder.exists() or not old.exists():
                shutil.rmtree(staging)


@contextmanager
def _locked(staging: Path) -> Iterator[None]:
    try:
        with FileLock(staging / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise UserError(
            "out", f"{staging.parent} is being written", "one process at a time", "wait for the other one"
        ) from error


def _put_back(old: Path, folder: Path) -> None:
    """Restore the old folder unless a new one has taken its place."""
    if old.exists() and not folder.exists():
        old.rename(folder)


def _carry_over(folder: Path, new: Path, stale: Collection[str]) -> None:
    for entry in folder.iterdir():
        target = new / entry.name
        if target.exists() or entry.name in stale:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, target, symlinks=True)
        else:
            shutil.copy2(entry, target, follow_symlinks=False)

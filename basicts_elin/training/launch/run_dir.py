"""The folder of a run: which one it is, what it holds, and that one process has it to itself."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from basicts.configs import BasicTSForecastingConfig
from filelock import FileLock, Timeout

from ...errors import UserError
from ...files import made_folder, read_json, remove_leftovers
from ...record import RECORD_FILE
from ..runner.checkpoints import epoch_checkpoints

_LOCK = ".lock"


def run_folder(config: BasicTSForecastingConfig) -> Path:
    """Where a run's checkpoints, log and metrics are: BasicTS's folder, or the latest that --fresh made beside it."""
    return max(_folders(config), default=(1, _folder(config, 1)))[1]


def fresh_folder(config: BasicTSForecastingConfig) -> Path:
    """One that is not there yet, beside the others of this run."""
    return _folder(config, max((number for number, _ in _folders(config)), default=0) + 1)


def progress(config: BasicTSForecastingConfig) -> tuple[Path, int, bool]:
    """The folder of a run, the epoch that it can go on after (0 where there is none), and whether it is finished."""
    folder = run_folder(config)
    checkpoints = _checkpoints(config, folder)
    return folder, checkpoints[0][0] if checkpoints else 0, (folder / "test_metrics.json").is_file()


def intent(config: BasicTSForecastingConfig, folder: Path, *, resume: bool) -> str:
    """What training in `folder` will do, in words; "" where it starts.

    Raises: UserError where there is nothing to resume although `resume` says so.
    """
    checkpoints = _checkpoints(config, folder)
    if not checkpoints:
        if resume:
            raise UserError(f"--resume: {folder} holds no checkpoint of this run; leave --resume away to start it")
        return ""
    epoch = checkpoints[0][0]
    if (folder / "test_metrics.json").is_file() or epoch >= config.num_epochs:
        return f"{folder} holds this run, finished: it is evaluated again; --fresh trains anew and keeps this one"
    return (
        f"{folder} holds this run, interrupted after epoch {epoch} of {config.num_epochs}: it goes on; --fresh trains "
        "anew and keeps this one"
    )


class OtherDataError(UserError):
    """A run was trained on other data than there are now."""


def check_same_data(folder: Path, fingerprint: dict[str, str], dataset: Path) -> None:
    """Raises: OtherDataError where `folder` holds a run on other data than those of `dataset`.

    The graph is no matter here: of models that read one it is a part of the run's hash.
    """
    if not (folder / RECORD_FILE).is_file():
        return
    trained = read_json(folder / RECORD_FILE, "train.py --fresh trains anew and keeps it").get("dataset_sha256") or {}
    if any(trained.get(name, fingerprint[name]) != fingerprint[name] for name in ("data", "nodes")):
        raise OtherDataError(
            f"this run was trained on other data than are in {dataset} now: {folder}; prepare those again, or train it "
            "anew by train.py --fresh, which keeps that one"
        )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time; the system takes the lock from a process that dies.

    Raises: UserError where another process has it.
    """
    is_new = not folder.exists()
    try:
        with made_folder(folder), FileLock(folder / _LOCK, timeout=0):
            try:
                remove_leftovers(folder)
                yield
            except BaseException:
                # a run that has not begun leaves nothing
                if is_new and not any(folder.glob("*.log")):
                    shutil.rmtree(folder)
                raise
    except Timeout as error:
        raise UserError(
            f"another process is training in {folder}; wait for it, or start with --fresh in a folder of its own"
        ) from error


def _checkpoints(config: BasicTSForecastingConfig, folder: Path) -> list[tuple[int, Path]]:
    return epoch_checkpoints(folder, config.model.__name__)


def _folder(config: BasicTSForecastingConfig, number: int) -> Path:
    return Path(config.ckpt_save_dir) / (config.md5 if number == 1 else f"{config.md5}-{number}")


def _folders(config: BasicTSForecastingConfig) -> Iterator[tuple[int, Path]]:
    """Number and path of those that are there."""
    first = _folder(config, 1)
    for folder in first.parent.glob(f"{first.name}*"):
        number = folder.name.removeprefix(first.name).removeprefix("-") or "1"
        if number.isdigit():
            yield int(number), folder

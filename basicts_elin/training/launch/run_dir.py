"""The folder of a run: its place, its content, and the lock that lets one process at a time train in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from basicts.configs import BasicTSForecastingConfig
from filelock import FileLock, Timeout

from ...data.dataset import Dataset
from ...errors import UserError
from ...files import made_folder, read_json, remove_leftovers
from ...record import METRICS_FILE, RECORD_FILE
from ..runner.checkpoints import epoch_checkpoints

_LOCK = ".lock"
_ANEW = "--fresh trains anew and keeps it"


def run_folder(config: BasicTSForecastingConfig) -> Path:
    """The folder of a run's checkpoints, log and metrics: BasicTS's, or the newest that --fresh made beside it."""
    return max(_folders(config), default=(1, _folder(config, 1)))[1]


def next_run_folder(config: BasicTSForecastingConfig) -> Path:
    """A folder that does not exist yet, beside the others of this run."""
    return _folder(config, max((number for number, _ in _folders(config)), default=0) + 1)


def progress(config: BasicTSForecastingConfig) -> tuple[Path, int, bool]:
    """The folder of a run, the epoch that it can resume after (0 = none), and whether it is finished."""
    folder = run_folder(config)
    return folder, _last_epoch(config, folder), (folder / METRICS_FILE).is_file()


def describe_resumption(config: BasicTSForecastingConfig, folder: Path, *, resume: bool) -> str:
    """How training in `folder` will treat the run that it holds; "" if it holds none.

    Raises: UserError if it holds none although `resume` asks for one.
    """
    epoch = _last_epoch(config, folder)
    if not epoch:
        if resume:
            raise UserError("--resume", folder, "a folder with a checkpoint of this run", "omit --resume to start it")
        return ""
    if (folder / METRICS_FILE).is_file() or epoch >= config.num_epochs:
        return f"{folder} holds this run, finished: it is evaluated again; {_ANEW}"
    return f"{folder} holds this run, interrupted after epoch {epoch} of {config.num_epochs}: it resumes; {_ANEW}"


class OtherDataError(UserError):
    """The data in the dataset's folder have changed since the run was trained."""


def check_same_data(folder: Path, dataset: Dataset) -> None:
    """Raises: OtherDataError if `folder` holds a run on other data than `dataset` holds now.

    The graph is not compared: it is part of the run's hash if the model reads it.
    """
    if not (folder / RECORD_FILE).is_file():
        return
    trained = read_json(folder / RECORD_FILE, _ANEW).get("dataset_sha256") or {}
    found = dataset.fingerprint
    if any(trained.get(name, found[name]) != found[name] for name in ("data", "nodes")):
        raise OtherDataError(
            folder,
            f"a run on other data than those of {dataset.folder}",
            "a run on the same data",
            f"prepare those data again; {_ANEW}; --init {folder} trains on from it in a new folder",
        )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of the folder, and create the folder if needed. The system releases the lock of a dead process.

    Raises: UserError if another process holds it.
    """
    is_new = not folder.exists()
    try:
        with made_folder(folder), FileLock(folder / _LOCK, timeout=0):
            try:
                remove_leftovers(folder)
                yield
            except BaseException:
                # a run that has not started leaves nothing
                if is_new and not any(folder.glob("*.log")):
                    shutil.rmtree(folder)
                raise
    except Timeout as error:
        raise UserError(
            folder,
            "another process is training in it",
            "one process at a time",
            "wait for it, or use --fresh to train in a new folder",
        ) from error


def _last_epoch(config: BasicTSForecastingConfig, folder: Path) -> int:
    checkpoints = epoch_checkpoints(folder, config.model.__name__)
    return checkpoints[0][0] if checkpoints else 0


def _folder(config: BasicTSForecastingConfig, number: int) -> Path:
    return Path(config.ckpt_save_dir) / (config.md5 if number == 1 else f"{config.md5}-{number}")


def _folders(config: BasicTSForecastingConfig) -> Iterator[tuple[int, Path]]:
    """Number and path of the existing folders of a run."""
    first = _folder(config, 1)
    for folder in first.parent.glob(f"{first.name}*"):
        number = folder.name.removeprefix(first.name).removeprefix("-") or "1"
        if number.isdigit():
            yield int(number), folder

"""The status of planned runs. Another process finds it, because that needs torch, BasicTS and their memory."""

import contextlib
import functools
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Optional

from ..errors import UserError
from ..legacy.checkout import CHECKOUT, HOW_TO_NAME
from .plan import Run

CPU = "cpu"
# in a plan for another machine
SOME_GPU = "gpu"


@dataclass(frozen=True)
class RunStatus:
    """The status of a run.

    Attributes:
        folder: of the run; "" if it is not known.
        epoch: the last epoch that the run can be resumed after, 0 for none.
        num_epochs: None if the configuration cannot be read.
        is_finished: whether its metrics are there.
        problem: why it cannot be started; "" if it can.
        is_outdated: whether the folder holds a run on other data.
    """

    folder: str = ""
    epoch: int = 0
    num_epochs: Optional[int] = None
    is_finished: bool = False
    problem: str = ""
    is_outdated: bool = False

    def __str__(self) -> str:
        if self.is_finished:
            return "finished"
        if self.problem:
            return f"cannot run, {self.problem.partition(';')[0]}"
        return f"interrupted after epoch {self.epoch} of {self.num_epochs}" if self.epoch else "to be run"


@dataclass(frozen=True)
class PlanStatus:
    """The devices to run on, "cpu" or GPU numbers; "cpu", the first GPU's name or `SOME_GPU`; each run's status."""

    gpus: list[str]
    hardware: str
    runs: list[RunStatus]


def status_of(runs: Sequence[Run], gpus: Optional[Sequence[str]], *, elsewhere: bool = False) -> PlanStatus:
    """The status of each run, found in another process.

    Args:
        gpus: None = the first GPU, or the CPU if there is none.
        elsewhere: whether GPUs that this machine lacks are accepted, as those of another machine.
    Raises: UserError for missing devices, and for a configuration that cannot be read. A legacy
        configuration that cannot be read is the problem of its run instead.
    """
    question = {"gpus": gpus, "runs": [asdict(run) for run in runs], "elsewhere": elsewhere}
    command = [sys.executable, "-m", __name__]
    done = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise UserError("status of the runs", lines[-1], fix=f"run `{' '.join(command)}` to see more")
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise UserError(*answer["error"])
    return PlanStatus(answer["gpus"], answer["hardware"], [RunStatus(**status) for status in answer["runs"]])


def status_here(runs: Sequence[Run], gpus: Optional[Sequence[str]], *, elsewhere: bool = False) -> PlanStatus:
    """The result of `status_of`, found in this process."""
    import torch

    from ..compat import require_basicts

    require_basicts()
    from ..training.launch.devices import parse_gpus

    gpus = list(gpus or (["0"] if torch.cuda.device_count() else [CPU]))
    if CPU in gpus and gpus != [CPU]:
        raise UserError("--gpus", " ".join(gpus), "either cpu or device numbers")
    device = parse_gpus(",".join(gpus), elsewhere=elsewhere)
    is_here = device is not None and int(gpus[0]) < torch.cuda.device_count()
    hardware = CPU if device is None else torch.cuda.get_device_name(int(gpus[0])) if is_here else SOME_GPU
    return PlanStatus(gpus, hardware, [_run_status(run, gpus[0]) for run in runs])


def _run_status(run: Run, gpu: str) -> RunStatus:
    from ..data.dataset import dataset_folder
    from ..training.launch.data_checks import checked_dataset
    from ..training.launch.run_dir import OtherDataError, check_same_data, progress

    try:
        config = _config(run, None if gpu == CPU else gpu)
    except UserError as error:
        if run.is_legacy:
            return RunStatus(problem=str(error))
        raise
    folder, epoch, is_finished = progress(config)
    known = {"folder": str(folder), "num_epochs": config.num_epochs}
    try:
        config["_dataset"] = _opened(dataset_folder(config))
        dataset = checked_dataset(config)
    except UserError as error:
        return RunStatus(**known, epoch=epoch, is_finished=is_finished, problem=str(error))
    try:
        if epoch or is_finished:
            check_same_data(folder, dataset)
    except UserError as error:
        # other data, or a record that is damaged
        return RunStatus(**known, problem=str(error), is_outdated=isinstance(error, OtherDataError))
    return RunStatus(**known, epoch=epoch, is_finished=is_finished)


def _config(run: Run, gpu: Optional[str]) -> Any:
    """The configuration that the train command makes from the run's arguments."""
    from ..config.assignments import assignment
    from ..config.lengths import is_count
    from ..legacy.checkout import legacy_root
    from ..zoo.changes import with_changes
    from ..zoo.config_file import load_config

    if run.is_legacy and legacy_root() is None:
        raise UserError("legacy models", "not found", CHECKOUT, HOW_TO_NAME)
    changes = {"num_epochs": run.epochs} if run.epochs else {}
    changes |= dict(map(assignment, run.changes))
    lengths = {name: changes[name] for name in ("input_len", "output_len") if is_count(changes.get(name))}
    config = load_config(run.config, **lengths)
    try:
        return with_changes(config, {**changes, "seed": run.seed, "gpus": gpu})
    except UserError as error:
        # of several models, one may lack a field
        raise UserError(f"{run.config}, {error.field}", error.found, error.expected, error.fix) from error


@functools.cache
def _opened(folder: Path) -> Any:
    """Many runs share a dataset."""
    from ..data.dataset import open_dataset

    return open_dataset(folder)


def main() -> int:
    question = json.load(sys.stdin)
    try:
        # the output of configurations while they are read is not part of the answer
        with contextlib.redirect_stdout(sys.stderr):
            runs = [Run(**run) for run in question["runs"]]
            answer = asdict(status_here(runs, question["gpus"], elsewhere=question["elsewhere"]))
    except UserError as error:
        answer = {"error": error.args}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())

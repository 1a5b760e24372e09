"""What there is of planned runs, looked at in a process of its own: it takes torch, BasicTS and their memory."""

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
_NOT_FOUND = f"legacy models not found: expected {CHECKOUT}; {HOW_TO_NAME}"


@dataclass(frozen=True)
class State:
    """What there is of a run.

    Attributes:
        folder: of the run; "" where it is not known.
        epoch: the last epoch that it could go on after, 0 where there is none.
        num_epochs: None where the configuration cannot be read.
        is_finished: whether its metrics are there.
        problem: why it cannot be started; "" where it can.
        is_outdated: whether what there is of it was trained on other data.
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
            return f"cannot run, {self.problem.partition(':')[0]}"
        return f"interrupted after epoch {self.epoch} of {self.num_epochs}" if self.epoch else "to be run"


@dataclass(frozen=True)
class Survey:
    """The devices to run on, "cpu" or GPU numbers; "cpu" or the first GPU's name; the state of each run."""

    gpus: list[str]
    hardware: str
    states: list[State]


def survey(runs: Sequence[Run], gpus: Optional[Sequence[str]]) -> Survey:
    """The state of each run. `gpus`: None = the first GPU, or the CPU where there is none.

    Raises: UserError for devices that are not there, and for a configuration that cannot be read, unless it is one of
        the older baselines', which are then the run's problem.
    """
    question = {"gpus": gpus, "runs": [asdict(run) for run in runs]}
    command = [sys.executable, "-m", __name__]
    done = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise UserError(lines[-1].removeprefix("error: "))
    answer = json.loads(done.stdout)
    return Survey(answer["gpus"], answer["hardware"], [State(**state) for state in answer["states"]])


def answer(runs: Sequence[Run], gpus: Optional[Sequence[str]]) -> Survey:
    """What `survey` returns, here and now."""
    import torch

    from ..compat import require_basicts

    require_basicts()
    from ..training.launch.devices import parse_gpus

    gpus = list(gpus or (["0"] if torch.cuda.device_count() else [CPU]))
    if CPU in gpus and gpus != [CPU]:
        raise UserError(f"--gpus {' '.join(gpus)}: expected either cpu or device numbers")
    parse_gpus(",".join(gpus))
    hardware = CPU if gpus == [CPU] else torch.cuda.get_device_name(int(gpus[0]))
    return Survey(gpus, hardware, [_state(run, gpus[0]) for run in runs])


def _state(run: Run, gpu: str) -> State:
    from ..config.overrides import with_overrides
    from ..data.dataset import dataset_folder
    from ..legacy.checkout import legacy_root
    from ..training.launch.data_checks import checked_dataset
    from ..training.launch.devices import parse_gpus
    from ..training.launch.run_dir import OtherDataError, check_same_data, progress
    from ..zoo.config_file import load_config

    try:
        if run.is_older and legacy_root() is None:
            return State(problem=_NOT_FOUND)
        # what the train command makes of the run's arguments
        epochs = {"num_epochs": run.epochs} if run.epochs else {}
        config = with_overrides(load_config(run.config), {**epochs, "seed": run.seed, "gpus": parse_gpus(gpu)})
    except UserError as error:
        if run.is_older:
            return State(problem=str(error))
        raise
    folder, epoch, is_finished = progress(config)
    try:
        config["_dataset"] = _opened(dataset_folder(config))
        dataset = checked_dataset(config)
    except UserError as error:
        return State(str(folder), epoch, config.num_epochs, is_finished, str(error))
    try:
        if epoch or is_finished:
            check_same_data(folder, dataset)
    except UserError as error:
        # or its record is damaged
        is_outdated = isinstance(error, OtherDataError)
        return State(str(folder), 0, config.num_epochs, problem=str(error), is_outdated=is_outdated)
    return State(str(folder), epoch, config.num_epochs, is_finished)


@functools.cache
def _opened(folder: Path) -> Any:
    """Many runs share a dataset."""
    from ..data.dataset import open_dataset

    return open_dataset(folder)


def main() -> int:
    question = json.load(sys.stdin)
    try:
        # what configurations print while they are read is no part of the answer
        with contextlib.redirect_stdout(sys.stderr):
            found = answer([Run(**run) for run in question["runs"]], question["gpus"])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(asdict(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The plan of a table in words: each run, what is missing, the expected cost."""

from collections.abc import Sequence
from typing import Optional

from ..data.catalog import not_prepared
from ..data.dataset import DATASETS
from .cost import Cost, Estimator, count, duration, remaining_seconds
from .plan import Run
from .status import PlanStatus, RunStatus


def plan_lines(runs: Sequence[Run], found: PlanStatus, estimator: Estimator) -> list[str]:
    """A line for each run, a line for everything that is missing, and the sum.

    The sum includes the runs that cannot be started yet, as far as their cost is known.
    """
    width = max(len(str(run)) for run in runs)
    costs = [estimator.cost(run, status.folder) for run, status in zip(runs, found.runs, strict=True)]
    lines = []
    for run, status, cost in zip(runs, found.runs, costs, strict=True):
        lines.append(f"{str(run):<{width}}  {run.config}: {status}{_expected(status, cost)}")
    return [*lines, *_missing(runs, found), *_sum(found, costs)]


def _expected(status: RunStatus, cost: Cost) -> str:
    """The remaining part of a run, and its cost; "" if it is finished or its configuration cannot be read."""
    if status.is_finished or not status.num_epochs:
        return ""
    epochs = count(status.num_epochs - status.epoch, "epoch")
    seconds = _seconds_left(status, cost)
    if seconds is None:
        return f"; {epochs}, time and memory unknown"
    memory = "memory unknown" if cost.memory_mib is None else f"{cost.memory_mib:.0f} MiB"
    return f"; {epochs}, about {duration(seconds)}, {memory} ({cost.basis})"


def _seconds_left(status: RunStatus, cost: Cost) -> Optional[float]:
    if not status.num_epochs or cost.seconds is None:
        return None
    return (status.num_epochs - status.epoch) * cost.seconds


def _missing(runs: Sequence[Run], found: PlanStatus) -> list[str]:
    """The problems that prevent runs from starting, each once, with the fix."""
    folders = {run.dataset: DATASETS / run.dataset for run in runs}
    absent = [str(not_prepared(name, folder)) for name, folder in folders.items() if not folder.is_dir()]
    return list(dict.fromkeys([*absent, *(status.problem for status in found.runs if status.problem)]))


def _sum(found: PlanStatus, costs: Sequence[Cost]) -> list[str]:
    """The numbers of runs that are finished, can be made and cannot, and the expected cost of the unfinished ones."""
    left = [(status, cost) for status, cost in zip(found.runs, costs, strict=True) if not status.is_finished]
    blocked = sum(bool(status.problem) for status, _ in left)
    numbers = f"{len(found.runs) - len(left)} finished, {len(left) - blocked} to be made, {blocked} that cannot run yet"
    head = f"{count(len(found.runs), 'run')} on {found.hardware}: {numbers}"
    if not left:
        return [head]
    seconds = [value for status, cost in left if (value := _seconds_left(status, cost)) is not None]
    time = f"about {duration(remaining_seconds(seconds, 1))} one after another" if seconds else "time unknown"
    if seconds and len(seconds) < len(left):
        time += f", without {count(len(left) - len(seconds), 'run')} of unknown time"
    peak = max((cost.memory_mib for status, cost in left if status.num_epochs and cost.memory_mib), default=None)
    return [head, f"{time}; memory of one: {'unknown' if peak is None else f'up to {peak:.0f} MiB'}"]

"""Estimates of the time and memory of runs, from measurements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any, Optional

from ..errors import UserError
from ..record import comparable_epochs
from ..results.aggregate import MEMORY, each_once
from ..results.run_reader import read_record
from ..results.schema import Result
from ..results.store import holds_results, read_results
from .plan import Run


@dataclass(frozen=True)
class Cost:
    """Seconds of an epoch with its validation and peak MiB (None if unknown), and their source."""

    seconds: Optional[float] = None
    memory_mib: Optional[float] = None
    basis: str = "unknown"


class Estimator:
    """Costs of runs on one kind of hardware.

    They come from the finished epochs of the run itself, else from runs of the same model on the same dataset, with the
    same changes of the configuration.

    Args:
        files: CSVs of results; files in other formats are skipped.
    """

    def __init__(self, files: Iterable[Path]):
        self.results = [result for file in files if holds_results(file) for result in read_results(file)]

    def learn(self, result: Result) -> None:
        """Take a newly finished run into account."""
        self.results.append(result)

    def cost(self, run: Run, folder: str = "") -> Cost:
        """The expected cost of a run. `folder`: of the run, "" if it is not known."""
        return _own_cost(folder) or self._cost_of_others(run)

    def _cost_of_others(self, run: Run) -> Cost:
        same = [result for result in self.results if (result.model, result.dataset) == (run.model, run.dataset)]
        same = [result for result in same if result.seconds_per_epoch is not None]
        # the differences of a report also name what is as in the configuration
        same = [result for result in same if result.differences == run.differences] or ([] if run.changes else same)
        if not same:
            return Cost()
        seconds = mean(result.seconds_per_epoch + (result.validation_seconds or 0) for result in same)
        memory = max(filter(None, map(_memory, same)), default=None)
        # the number of threads makes as much difference as the processor
        hardware = ", ".join(each_once(same, "hardware"))
        return Cost(seconds, memory, f"measured on {hardware}" if hardware else "measured")


def remaining_seconds(left: Sequence[float], places: int) -> float:
    """The time for runs of these durations, `places` at a time."""
    return max([sum(left) / places, *left], default=0.0)


def finished_epochs(folder: str) -> list[dict]:
    """The epochs that a run has recorded so far, even while it runs; [] if there are none."""
    return _record(folder).get("epochs", [])


def duration(seconds: Optional[float]) -> str:
    """In words: 45 s, 12 min, 3 h 5 min."""
    if seconds is None:
        return "unknown"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _own_cost(folder: str) -> Optional[Cost]:
    record = _record(folder)
    if not record.get("epochs"):
        return None
    epochs = comparable_epochs(record["epochs"])
    seconds = median(epoch["train_seconds"] + epoch["validation_seconds"] for epoch in epochs)
    memory = next(filter(None, map(record.get, MEMORY)), None)
    return Cost(seconds, memory, "its own epochs")


def _memory(result: Result) -> Optional[float]:
    """The memory that limits how many processes fit: reserved on the GPU if known, else resident."""
    return next(filter(None, map(result.number, MEMORY)), None)


def _record(folder: str) -> dict[str, Any]:
    """What a run has recorded; {} if there is nothing. A damaged file is reported by the run's own command."""
    try:
        return read_record(Path(folder)) if folder else {}
    except UserError:
        return {}

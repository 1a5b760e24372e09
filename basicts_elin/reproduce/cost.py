"""How long runs will take and how much memory they need, from what was measured; what was not is unknown."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any, Optional

from ..conditions import comparable
from ..data.availability import dataset_status
from ..data.catalog import CATALOG, split_lengths
from ..errors import UserError, one_line
from ..files import read_json
from .plan import Run

_NEEDED = {"model", "dataset", "seconds_per_epoch"}
# input and output of the benchmark
_WINDOW = 24


@dataclass(frozen=True)
class Cost:
    """Seconds of an epoch with its validation, MiB at the peak, each None where unknown, and where they are from."""

    seconds: Optional[float] = None
    memory_mib: Optional[float] = None
    basis: str = "unknown"


class Estimator:
    """Costs of runs on one kind of hardware.

    In this order: the epochs that the run itself has finished; runs of the same model on the same dataset; runs of the
    model on another dataset, whose seconds are scaled by nodes x training windows. The last one is right for what is
    linear in the nodes and too low for attention that is not.

    Args:
        files: CSVs with measured runs, of this command or of `report`.
        datasets: folder of the prepared datasets.
    """

    def __init__(self, files: Iterable[Path], datasets: Path = Path("datasets")):
        self.datasets = datasets
        self.rows = [row for file in files for row in _measured(file)]

    def learn(self, row: dict[str, str]) -> None:
        """Take a run into account that has been finished since."""
        self.rows.append(row)

    def cost(self, run: Run, folder: str = "") -> Cost:
        own = _own(folder)
        if own:
            return own
        of_model = [row for row in self.rows if row["model"] == run.model]
        same = [row for row in of_model if row["dataset"] == run.dataset]
        if same:
            memory = max((mib for row in same if (mib := _memory(row))), default=None)
            return Cost(mean(map(_seconds, same)), memory, f"measured{_on(same)}")
        size, others = self._size(run.dataset), {row["dataset"]: self._size(row["dataset"]) for row in of_model}
        if size is None or not any(others.values()):
            return Cost()
        nearest = min(filter(others.get, others), key=lambda name: abs(others[name] - size))
        rows = [row for row in of_model if row["dataset"] == nearest]
        return Cost(mean(map(_seconds, rows)) * size / others[nearest], None, f"scaled from {nearest}{_on(rows)}")

    def _size(self, dataset: str) -> Optional[int]:
        """Nodes x training windows."""
        facts = CATALOG.get(dataset)
        rows, nodes = dataset_status(self.datasets / dataset).shape or (
            (facts.num_rows, facts.num_nodes) if facts else (None, None)
        )
        if facts is None or rows is None:
            return None
        return nodes * max(split_lengths(rows, facts.split)[0] - _WINDOW + 1, 1)


def remaining_seconds(left: Sequence[float], places: int) -> float:
    """Of runs that take so long each, so many at a time."""
    return max([sum(left) / places, *left], default=0.0)


def finished_epochs(folder: str) -> list[dict]:
    """What a run has noted of its epochs, also while it runs; [] where there is nothing."""
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


def _own(folder: str) -> Optional[Cost]:
    record = _record(folder)
    if not record.get("epochs"):
        return None
    epochs = comparable(record["epochs"])
    seconds = median(epoch["train_seconds"] + epoch["validation_seconds"] for epoch in epochs)
    return Cost(seconds, _memory(record), "its own epochs")


def _record(folder: str) -> dict[str, Any]:
    """What a run has noted; {} where there is nothing, or nothing that can be read, which its own command will say."""
    file = Path(folder) / "run.json"
    try:
        return read_json(file, "") if folder and file.is_file() else {}
    except UserError:
        return {}


def _memory(values: Mapping[str, Any]) -> Optional[float]:
    """What a process has taken from the GPU decides how many fit, else what it has resident."""
    found = values.get("peak_reserved_mib") or values.get("peak_memory_mib")
    return float(found) if found else None


def _measured(file: Path) -> list[dict[str, str]]:
    """The rows that say what an epoch cost. Raises: UserError for a file that is damaged."""
    try:
        with file.open(newline="", encoding="utf-8") as content:
            reader = csv.DictReader(content)
            if not set(reader.fieldnames or ()) >= _NEEDED:
                return []
            rows = [row for row in reader if row["seconds_per_epoch"]]
        for row in rows:
            _seconds(row), _memory(row)
        return rows
    except (csv.Error, ValueError) as error:
        raise UserError(f"{file} is damaged ({one_line(error)}); mend it, or move it elsewhere") from error


def _on(rows: Sequence[dict[str, str]]) -> str:
    """Threads make a difference as much as processors do."""
    hardware = ", ".join(dict.fromkeys(row["hardware"] for row in rows if row.get("hardware")))
    return hardware and f" on {hardware}"


def _seconds(row: dict[str, str]) -> float:
    return float(row["seconds_per_epoch"]) + float(row.get("validation_seconds") or 0)

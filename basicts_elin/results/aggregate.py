"""The rows of runs that differ in the seed alone, as one: mean and deviation."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Optional

from ..conditions import CONDITIONS
from .store import Row

# memory of a GPU, else of the process
MEMORY = ("peak_reserved_mib", "peak_memory_mib")
# figures that depend on how a run was made as much as on what it is
_COSTS = ("seconds_per_epoch", "validation_seconds", *MEMORY)


@dataclass(frozen=True, eq=False)
class Summary:
    """The finished runs of one model on one dataset, with so many epochs.

    What they cost has a value only where all were made in the same way: on the same hardware, as many side by side.
    """

    model: str
    dataset: str
    num_epochs: str
    rows: tuple[Row, ...]

    def values(self, column: str) -> list[float]:
        if column in _COSTS and len(self._made_on) > 1:
            return []
        return [float(row[column]) for row in self.rows if row[column]]

    def mean(self, column: str) -> Optional[float]:
        values = self.values(column)
        return mean(values) if values else None

    def deviation(self, column: str) -> Optional[float]:
        """Of the sample of seeds; None for a single one."""
        values = self.values(column)
        return stdev(values) if len(values) > 1 else None

    def common(self, column: str) -> str:
        """The values of a column, each once."""
        return ", ".join(dict.fromkeys(row[column] for row in self.rows if row[column]))

    def measured(self, columns: Sequence[str]) -> str:
        """The first of the columns that has a value."""
        return next((name for name in columns if self.values(name)), columns[0])

    def is_comparable(self, other: "Summary", column: str) -> bool:
        """Whether a ratio of the two says something of the models: costs of other hardware do not."""
        return column not in _COSTS or self._made_on == other._made_on

    @property
    def _made_on(self) -> set[tuple[str, ...]]:
        return {tuple(row[column] for column in CONDITIONS) for row in self.rows}


def summaries(rows: Sequence[Row]) -> list[Summary]:
    """In the order in which they come first."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if not row["reason"]:
            groups.setdefault((row["model"], row["dataset"], row["num_epochs"]), []).append(row)
    return [Summary(*key, tuple(group)) for key, group in groups.items()]


def datasets_of(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["dataset"] for row in rows))

"""The rows of runs that differ in the seed alone, as one: mean and deviation."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Optional

from .collect import Row


@dataclass(frozen=True)
class Summary:
    """The finished runs of one model on one dataset, with so many epochs."""

    model: str
    dataset: str
    num_epochs: str
    rows: tuple[Row, ...]

    def values(self, column: str) -> list[float]:
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


def summaries(rows: Sequence[Row]) -> list[Summary]:
    """In the order in which they come first."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if not row["reason"]:
            groups.setdefault((row["model"], row["dataset"], row["num_epochs"]), []).append(row)
    return [Summary(*key, tuple(group)) for key, group in groups.items()]


def datasets_of(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["dataset"] for row in rows))

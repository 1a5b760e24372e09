"""Combines the results of runs that differ only in the seed: mean and standard deviation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev
from typing import Optional

from ..errors import UserError
from ..record import CONDITIONS
from .schema import Result, distinct_labels

# memory of a GPU, else of the process
MEMORY = ("peak_reserved_mib", "peak_memory_mib")
INFERENCE = "inference_ms_per_window"
# values that depend on the conditions of a run as much as on its model
COSTS = ("seconds_per_epoch", "validation_seconds", "peak_memory_mib", "peak_reserved_mib", INFERENCE)


@dataclass(frozen=True, eq=False)
class Summary:
    """The finished runs of one model on one dataset, with one number of epochs.

    Costs have a value only if all runs were made under the same conditions: hardware, processes, runs at once.
    """

    model: str
    label: str
    dataset: str
    num_epochs: Optional[int]
    results: tuple[Result, ...]

    def values(self, column: str) -> list[float]:
        if column in COSTS and len(self._conditions) > 1:
            return []
        return [value for result in self.results if (value := result.number(column)) is not None]

    def mean(self, column: str) -> Optional[float]:
        values = self.values(column)
        return mean(values) if values else None

    def deviation(self, column: str) -> Optional[float]:
        """Standard deviation of the sample of seeds; None for a single one."""
        values = self.values(column)
        return stdev(values) if len(values) > 1 else None

    def measured(self, columns: Sequence[str]) -> str:
        """The first of the columns that has a value."""
        return next((name for name in columns if self.values(name)), columns[0])

    def is_comparable(self, other: "Summary", column: str) -> bool:
        """Whether a ratio of the two compares the models. Costs under different conditions do not."""
        return column not in COSTS or self._conditions == other._conditions

    def text(self, column: str, decimals: int) -> str:
        """Mean ± deviation; "" where nothing is known. Says how many runs have a value, if not all have one."""
        values = self.values(column)
        if not values:
            return ""
        deviation = "" if len(values) == 1 else f" ± {stdev(values):.{decimals}f}"
        number = "" if len(values) == len(self.results) else f" (n = {len(values)})"
        return f"{mean(values):.{decimals}f}{deviation}{number}"

    @property
    def seeds(self) -> list[int]:
        """Ascending; [] for a naive forecast, which has none."""
        return sorted({result.seed for result in self.results if result.seed is not None})

    @property
    def _conditions(self) -> set[tuple]:
        return {tuple(getattr(result, name) for name in CONDITIONS) for result in self.results}


def summaries(results: Sequence[Result]) -> list[Summary]:
    """One for each model, dataset and number of epochs, in the order of their first results."""
    groups: dict[tuple, list[Result]] = {}
    for result in results:
        if not result.reason:
            groups.setdefault((result.model, result.label, result.dataset, result.num_epochs), []).append(result)
    return [Summary(*group, tuple(members)) for group, members in groups.items()]


def table_rows(results: Sequence[Result], by_model: bool = False) -> list[tuple[str, Summary]]:
    """The rows of a table with their labels: one for each result, or one for the seeds of each model.

    Raises: UserError with `by_model`, if two runs of a model have the same seed.
    """
    if not by_model:
        alone = [Summary(one.model, one.label, one.dataset, one.num_epochs, (one,)) for one in results]
        return list(zip(distinct_labels(results), alone, strict=True))
    found = summaries(results)
    for summary in found:
        _check_seeds(summary)
    labels = distinct_labels([replace(summary.results[0], seed=None, run="") for summary in found])
    return list(zip(labels, found, strict=True))


def seeds_text(summary: Summary) -> str:
    """ " (3 seeds)", to follow the name of a model; "" for a naive forecast."""
    number = len(summary.seeds)
    return f" ({number} seed{'s' if number > 1 else ''})" if number else ""


def _check_seeds(summary: Summary) -> None:
    by_seed: dict[Optional[int], str] = {}
    for result in summary.results:
        if result.seed in by_seed and result.seed is not None:
            found = f"{by_seed[result.seed]} and {result.run}, both {summary.label} with seed {result.seed}"
            raise UserError("--by model", found, "one run for each seed", "omit one of them")
        by_seed[result.seed] = result.run


def each_once(results: Sequence[Result], name: str) -> list[str]:
    """The known values of a field, each once, as text."""
    known = (getattr(result, name) for result in results)
    return [str(value) for value in dict.fromkeys(known) if value not in (None, "")]

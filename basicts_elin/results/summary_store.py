"""Summaries of seeds as a CSV, a row for each model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import UserError
from .aggregate import Summary, each_once, table_rows
from .schema import Result
from .store import metric_columns, metric_text, write_csv

_COSTS = ("seconds_per_epoch", "validation_seconds", "peak_memory_mib", "peak_reserved_mib")
_FACTS = (
    "input_len", "output_len", "interval_minutes", "unit", "parameters", "nodes", "batch_size", "train_windows",
    "device", "hardware", "processes", "compiled", "runs_at_once", "python", "torch", "basicts", "basicts_elin",
    "commit", "run",
)  # fmt: skip
_IDENTITY = ("model", "dataset", "differences", "num_epochs", "seeds", "number_of_seeds")


def write_summaries(path: Path, results: Sequence[Result]) -> None:
    """Write a CSV with a row for the seeds of each model, whole or not at all.

    Each metric and cost has a column with its mean, and one with its sample standard deviation, NAME_deviation. A fact
    that differs between the seeds, such as the folder, has all its values.
    Raises: UserError for a metric whose name is that of another column, and for two runs with the same seed.
    """
    numbers = [*metric_columns(results), *_COSTS]
    columns = [*_IDENTITY, *(name for number in numbers for name in (number, f"{number}_deviation")), *_FACTS]
    taken = [name for name in columns if columns.count(name) > 1]
    if taken:
        raise UserError("metrics", taken[0], "a name that no column has", "rename the metric")
    rows = [_row(summary, numbers) for _, summary in table_rows(results, by_model=True)]
    write_csv(path, rows, columns)


def _row(summary: Summary, numbers: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(summary.results[0], name) for name in ("model", "dataset", "differences")}
    row["num_epochs"], row["seeds"] = summary.num_epochs, " ".join(map(str, summary.seeds))
    row["number_of_seeds"] = len(summary.seeds) or None
    for name in numbers:
        row[name] = metric_text(summary.mean(name))
        row[f"{name}_deviation"] = metric_text(summary.deviation(name))
    return row | {name: ", ".join(each_once(summary.results, name)) for name in _FACTS}

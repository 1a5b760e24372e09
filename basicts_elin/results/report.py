"""The tables that `report` prints: runs and naive forecasts, as text and as Markdown."""

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from ..config.lengths import usual_horizons
from ..data.dataset import Dataset
from ..errors import UserError
from ..evaluation.naive import naive_metrics
from ..evaluation.numpy_metrics import OVERALL
from ..record import RECORD_FILE
from .schema import PERCENT, Result, distinct_labels, horizons_of, metric_names


def naive_results(like: Result, dataset: Dataset) -> list[Result]:
    """The naive forecasts on the dataset and the window of a run."""
    for name in ("input_len", "output_len"):
        if getattr(like, name) is None:
            raise UserError(f"{Path(like.run, RECORD_FILE)}, {name}", "missing", "int", "train the run again")
    horizons = [int(name) for name in like.metrics if name != OVERALL] or usual_horizons(like.output_len)
    metrics = naive_metrics(dataset, like.input_len, like.output_len, horizons)
    same = ("dataset", "input_len", "output_len", "interval_minutes", "unit", "nodes")
    facts = {name: getattr(like, name) for name in same}
    return [Result(model=name, metrics=by_horizon, **facts) for name, by_horizon in metrics.items()]


def mape_warnings(results: Sequence[Result]) -> list[str]:
    """A line for each dataset on which targets near zero carry MAPE, as its runs have noted."""
    noted = {result.dataset: result.mape_warning for result in results if result.mape_warning}
    return [f"{dataset}: {line}" for dataset, line in noted.items()]


def text_table(results: Sequence[Result]) -> str:
    """Aligned text: a line for each horizon of each run, a column for each metric; "-" if a run lacks it."""
    labels, metrics = distinct_labels(results), metric_names(results)
    width = max(len(label) for label in ["model", *labels])
    widths = [max(len(_title(metric)), 9) for metric in metrics]
    titles = " ".join(f"{_title(metric):>{size}}" for metric, size in zip(metrics, widths, strict=True))
    lines = [f"{'model':<{width}}  horizon {titles}"]
    for label, result in zip(labels, results, strict=True):
        name = label
        for horizon, values in result.metrics.items():
            cells = [_decimals(values.get(metric), 3) for metric in metrics]
            line = " ".join(f"{cell:>{size}}" for cell, size in zip(cells, widths, strict=True))
            lines.append(f"{name:<{width}}  {horizon:>7} {line}")
            name = ""
    return "\n".join(lines)


def markdown_table(results: Sequence[Result]) -> str:
    """A line for each run: epochs, parameters, seconds per epoch, each metric as "3 / 6 / 12 / overall"."""
    metrics, horizons = metric_names(results), horizons_of(results)
    titles = [_title(metric) for metric in metrics]
    if titles:
        titles[0] += f" {' / '.join(horizons)}"
    head = ["model", "epochs", "parameters", "s / epoch", *titles]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for label, result in zip(distinct_labels(results), results, strict=True):
        cells = [
            label,
            "" if result.num_epochs is None else str(result.num_epochs),
            "" if result.parameters is None else f"{result.parameters:,}",
            "" if result.seconds_per_epoch is None else f"{result.seconds_per_epoch:.0f}",
        ]
        for metric in metrics:
            values = [result.metrics.get(horizon, {}).get(metric) for horizon in horizons]
            cells.append(" / ".join(_decimals(value, 2) for value in values))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _title(metric: str) -> str:
    return f"{metric} %" if metric == PERCENT else metric


def _decimals(value: Optional[float], number: int) -> str:
    return "-" if value is None else f"{value:.{number}f}"

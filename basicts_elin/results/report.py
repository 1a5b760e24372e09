"""The tables that `report` prints: runs and naive forecasts, as text and as Markdown."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional

from ..averages import MEAN, OVERALL
from ..config.lengths import usual_horizons
from ..data.dataset import Dataset
from ..errors import UserError
from ..evaluation.naive import naive_metrics
from ..record import RECORD_FILE
from .aggregate import seeds_text, summaries, table_rows
from .schema import PERCENT, Result, horizon_title, horizons_of, metric_column, metric_names, steps_of


def naive_results(like: Result, dataset: Dataset) -> list[Result]:
    """The naive forecasts on the dataset and the window of a run."""
    for name in ("input_len", "output_len"):
        if getattr(like, name) is None:
            raise UserError(f"{Path(like.run, RECORD_FILE)}, {name}", "missing", "int", "train the run again")
    horizons = list(map(int, steps_of([like]))) or usual_horizons(like.output_len)
    metrics = naive_metrics(dataset, like.input_len, like.output_len, horizons)
    same = ("dataset", "input_len", "output_len", "interval_minutes", "unit", "nodes")
    facts = {name: getattr(like, name) for name in same}
    return [Result(model=name, metrics=by_horizon, **facts) for name, by_horizon in metrics.items()]


def mape_warnings(results: Sequence[Result]) -> list[str]:
    """A line for each dataset on which targets near zero carry MAPE, as its runs have noted."""
    noted = {result.dataset: result.mape_warning for result in results if result.mape_warning}
    return [f"{dataset}: {line}" for dataset, line in noted.items()]


def text_table(results: Sequence[Result], by_model: bool = False) -> str:
    """Aligned text: a line for each horizon of each row, a column for each metric; "-" if a run lacks it.

    by_model: one row for the seeds of each model, as mean ± deviation.
    """
    rows, metrics = table_rows(results, by_model), metric_names(results)
    digits = [decimals(results, metric, 3) for metric in metrics]
    lines = [["model", "horizon", *map(metric_title, metrics)]]
    for label, summary in rows:
        name = label + seeds_text(summary) if by_model else label
        for horizon in horizons_of(summary.results):
            cells = [summary.text(*cell) for cell in zip(_columns(metrics, horizon), digits, strict=True)]
            lines.append([name, horizon_title(horizon), *(cell or "-" for cell in cells)])
            name = ""
    least = [0, 7, *(9 for _ in metrics)]
    widths = [max(size, *map(len, column)) for size, column in zip(least, zip(*lines, strict=True), strict=True)]
    return "\n".join(_aligned(line, widths) for line in lines)


def markdown_table(results: Sequence[Result], by_model: bool = False) -> str:
    """A line for each row: epochs, parameters, seconds per epoch, each metric as "3 / 6 / 12 / overall"."""
    metrics, horizons = metric_names(results), horizons_of(results)
    titles = [metric_title(metric) for metric in metrics]
    if titles:
        titles[0] += f" {' / '.join(map(horizon_title, horizons))}"
    head = ["model", "epochs", "parameters", "s / epoch", *titles]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for label, summary in table_rows(results, by_model):
        parameters, seconds = summary.mean("parameters"), summary.mean("seconds_per_epoch")
        cells = [
            label + seeds_text(summary) if by_model else label,
            "" if summary.num_epochs is None else str(summary.num_epochs),
            "" if parameters is None else f"{parameters:,.0f}",
            "" if seconds is None else f"{seconds:.0f}",
        ]
        for metric in metrics:
            digits = decimals(results, metric, 2)
            values = [summary.text(metric_column(metric, horizon), digits) or "-" for horizon in horizons]
            cells.append(" / ".join(values))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def deviation_line(results: Sequence[Result]) -> str:
    """What follows ± in a table by model; "" if nothing does."""
    if all(len(summary.results) == 1 for summary in summaries(results)):
        return ""
    return "mean ± sample standard deviation (n - 1) over the seeds"


def average_lines(metrics: Mapping[str, Mapping[str, Optional[float]]]) -> list[str]:
    """The two averages of the metrics of a run, a line each; only the first where a file has no other."""
    titles = {OVERALL: "over all targets", MEAN: "mean over horizons"}
    lines = []
    for horizon, title in titles.items():
        values = metrics.get(horizon, {})
        texts = (
            f"{name} {'-' if value is None else f'{value:.4f}'}{' %' if name == PERCENT else ''}"
            for name, value in values.items()
        )
        lines += [f"{title + ':':<20}{', '.join(texts)}"] if values else []
    return lines


def metric_title(metric: str) -> str:
    return f"{metric} %" if metric == PERCENT else metric


def decimals(results: Sequence[Result], metric: str, least: int) -> int:
    """The decimals of a metric in a table: more than `least` if all its values are below 1, such as those of WAPE."""
    columns = [metric_column(metric, horizon) for horizon in horizons_of(results)]
    values = [abs(value) for result in results for column in columns if (value := result.number(column))]
    largest = max(filter(math.isfinite, values), default=1.0)
    return least if largest >= 1 else least + 1 - math.floor(math.log10(largest))


def _columns(metrics: Sequence[str], horizon: str) -> list[str]:
    return [metric_column(metric, horizon) for metric in metrics]


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    name, *cells = line
    first, *others = widths
    horizon, *numbers = (f"{cell:>{size}}" for cell, size in zip(cells, others, strict=True))
    return f"{name:<{first}}  {' '.join([horizon, *numbers])}"

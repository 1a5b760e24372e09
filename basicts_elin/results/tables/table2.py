"""The lines of Table 2: STAEformer and ELinFormer, errors and costs, beside the published figures."""

from collections.abc import Sequence
from typing import Optional

from ...averages import MEAN, OVERALL
from ...evaluation.numpy_metrics import METRICS
from ...zoo import registry
from .. import published
from ..aggregate import INFERENCE, MEMORY, Summary, each_once
from ..schema import metric_column
from .cells import INFERENCE_TITLE, difference, head, input_len, named, number, ours, planned, row, same_epochs, titled

# title, the published metric and average, ours (the first column that has a value), decimals
_QUANTITIES = (
    ("MAE", "MAE", OVERALL, ("MAE",), 2),
    ("RMSE", "RMSE", OVERALL, ("RMSE",), 2),
    ("MAPE, %", "MAPE", OVERALL, ("MAPE",), 2),
    ("peak memory, MiB", "memory_mib", OVERALL, MEMORY, 0),
    ("s / epoch", "seconds_per_epoch", OVERALL, ("seconds_per_epoch",), 1),
)
# where runs have them
_OPTIONAL = (
    *((titled(title, MEAN), metric, MEAN, (metric_column(metric, MEAN),), 2) for title, metric, *_ in _QUANTITIES[:3]),
    (INFERENCE_TITLE, INFERENCE, OVERALL, (INFERENCE,), 2),
)
_BETTER, _BASES = "ELinFormer", ("STAEformer_matmul", "STAEformer")


def table2_lines(dataset: str, found: Sequence[Summary]) -> list[str]:
    lines = head("", "model", "epochs", "paper", "ours", "difference", "improvement %: paper", "ours")
    optional = [one for one in _OPTIONAL if any(summary.values(one[3][0]) for summary in found)]
    for title, metric, average, columns, decimals in (*_QUANTITIES, *optional):
        for summary in found:
            column = summary.measured(columns)
            value = _published(summary, summary.model, metric, average)
            # costs on a CPU are not compared with those on the paper's GPU
            on_cpu = metric not in METRICS and each_once(summary.results, "device") == ["cpu"]
            cells = [title, named(summary), planned(summary), number(value, decimals), ours(summary, column, decimals)]
            cells.append("" if on_cpu else difference(summary.mean(column), value, decimals))
            lines.append(row(*cells, *_improvements(summary, found, metric, average, column)))
    return lines


def _published(summary: Summary, model: str, metric: str, average: str) -> Optional[float]:
    """The published figure of a model on the dataset and window of a summary."""
    system = published.system_of(model, costs=metric not in METRICS)
    return published.value(system, summary.dataset, metric, average=average, input_len=input_len(summary))


def _improvements(
    summary: Summary, found: Sequence[Summary], metric: str, average: str, column: str
) -> tuple[str, str]:
    """How much better ELinFormer is than this STAEformer, in the paper and in our runs; "" for other models."""
    model = registry.base_name(summary.model)
    if model not in _BASES:
        return "", ""
    name = _BETTER + summary.model.removeprefix(model)
    printed = [_published(summary, other, metric, average) for other in (name, summary.model)]
    better = same_epochs(found, name, summary)
    if better is None or not better.is_comparable(summary, column):
        return _improvement(*printed), ""
    return _improvement(*printed), _improvement(better.mean(column), summary.mean(column))


def _improvement(better: Optional[float], base: Optional[float]) -> str:
    """In per cent of the base, as in the paper: positive if `better` is smaller."""
    return "" if better is None or not base else f"{100 * (base - better) / base:+.1f}"

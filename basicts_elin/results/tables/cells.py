"""The cells of the tables: text of summaries and figures; "" for what is not known."""

from collections.abc import Sequence
from typing import Optional

from ...averages import OVERALL
from ...config.lengths import OUTPUT_LEN
from ...zoo import registry
from ..aggregate import Summary
from ..schema import horizon_title, metric_column

INFERENCE_TITLE = "inference, ms / window"
# a number of steps in for which nothing is published
_UNPUBLISHED = -1


def head(*titles: str) -> list[str]:
    return [row(*titles), "|" + "---|" * len(titles)]


def row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def named(summary: Summary) -> str:
    """The model's title, what differs, and the number of seeds."""
    label = registry.title(summary.model) + summary.label.removeprefix(summary.model)
    return label.replace(") (", ", ") + seeds(summary)


def seeds(summary: Summary) -> str:
    return f" ({len(summary.results)} seeds)" if len(summary.results) > 1 else ""


def planned(summary: Optional[Summary]) -> str:
    """The number of epochs."""
    return "" if summary is None or summary.num_epochs is None else str(summary.num_epochs)


def ours(summary: Optional[Summary], column: str, decimals: int) -> str:
    return summary.text(column, decimals) if summary else ""


def number(value: Optional[float], decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def difference(measured: Optional[float], printed: Optional[float], decimals: int) -> str:
    return "" if measured is None or printed is None else f"{measured - printed:+.{decimals}f}"


def ratio(summary: Summary, other: Optional[Summary], column: str) -> str:
    if other is None or not other.is_comparable(summary, column):
        return ""
    one, two = summary.mean(column), other.mean(column)
    return "" if one is None or not two else f"{one / two:.2f}"


def titled(metric: str, average: str) -> str:
    """The metric, with the average unless it is the one over all targets."""
    return metric if average == OVERALL else f"{metric}, {horizon_title(average)}"


def is_known(metric: str, average: str, found: Sequence[Summary]) -> bool:
    return any(summary.values(metric_column(metric, average)) for summary in found)


def same_epochs(found: Sequence[Summary], model: str, like: Summary) -> Optional[Summary]:
    """The summary of another model with the same number of epochs and the same changed fields."""
    label = model + like.label.removeprefix(like.model)
    same = [one for one in found if (one.label, one.num_epochs) == (label, like.num_epochs)]
    return same[0] if same else None


def input_len(summary: Optional[Summary]) -> Optional[int]:
    """Steps in, for published figures, which are all for 12 steps out; None if they are not known."""
    if summary is None:
        return None
    one = summary.results[0]
    return one.input_len if one.output_len in (None, OUTPUT_LEN) else _UNPUBLISHED

"""The lines of Table 3: every system with a published figure on a dataset, and our models."""

from collections.abc import Sequence
from typing import NamedTuple, Optional

from ...averages import MEAN, OVERALL
from ...zoo import registry
from .. import published
from ..aggregate import INFERENCE, Summary
from ..schema import metric_column
from .cells import INFERENCE_TITLE, difference, head, input_len, is_known, named, number, ours, planned, row, titled

_PAPER, _OURS, _DIFFERENCE = "paper", "ours", "difference"


class _Column(NamedTuple):
    metric: str
    average: str
    what: str

    @property
    def title(self) -> str:
        name = "MAPE %" if self.metric == "MAPE" else self.metric
        return f"{titled(name, self.average)}: {self.what}"


class _Row(NamedTuple):
    label: str
    system: str
    summary: Optional[Summary]


def table3_lines(dataset: str, found: Sequence[Summary]) -> list[str]:
    length = input_len(found[0] if found else None)
    shown = [one for one in published.figures_of(dataset, length) if one.average and one.value]
    columns = [column for metric in ("MAE", "RMSE") for column in _columns(metric, shown, found)]
    columns += [_Column("MAPE", average, _OURS) for average in (OVERALL, MEAN) if _is_shown("MAPE", average, found)]
    optional = [INFERENCE] if any(summary.values(INFERENCE) for summary in found) else []
    titles = [column.title for column in columns]
    lines = head("model", *titles, "epochs", "s / epoch", *(INFERENCE_TITLE for _ in optional))
    for one in _rows(shown, found):
        cells = [_cell(column, one, dataset, length) for column in columns]
        cells += [planned(one.summary), ours(one.summary, "seconds_per_epoch", 1)]
        lines.append(row(one.label, *cells, *(ours(one.summary, name, 2) for name in optional)))
    return lines


def _cell(column: _Column, one: _Row, dataset: str, length: Optional[int]) -> str:
    name = metric_column(column.metric, column.average)
    if column.what == _OURS:
        return ours(one.summary, name, 2)
    length = input_len(one.summary) if one.summary else length
    value = published.value(one.system, dataset, column.metric, average=column.average, input_len=length)
    if column.what == _PAPER:
        return number(value, 2)
    return difference(one.summary and one.summary.mean(name), value, 2)


def _columns(metric: str, shown: Sequence[published.Figure], found: Sequence[Summary]) -> list[_Column]:
    """Both averages of our runs. A published figure is shown beside ours of the same average."""
    averages = {one.average for one in shown if one.metric == metric}
    columns = []
    for average in (OVERALL, MEAN):
        # where nothing is published, the columns stay but are empty
        if average in averages or (average == OVERALL and not shown):
            columns += [_Column(metric, average, what) for what in (_PAPER, _OURS, _DIFFERENCE)]
        elif _is_shown(metric, average, found):
            columns.append(_Column(metric, average, _OURS))
    return columns


def _is_shown(metric: str, average: str, found: Sequence[Summary]) -> bool:
    return average == OVERALL or is_known(metric, average, found)


def _rows(shown: Sequence[published.Figure], found: Sequence[Summary]) -> list[_Row]:
    """The systems of the figures, each with our runs of it, then our models that are none of them."""
    runs: dict[str, list[_Row]] = {one.system: [] for one in shown}
    others = []
    for summary in found:
        system = published.system_of(summary.model)
        is_system = system in runs and summary.model in (system, f"{registry.LEGACY}{system}")
        (runs[system] if is_system else others).append(_Row(named(summary), system, summary))
    names = {one.summary.model for one in others if one.summary}
    rows = []
    for system, own in runs.items():
        entry = registry.paper_entry(system)
        reason = f" ({entry.unfit})" if entry and entry.unfit else ""
        # one of our models may have the same name, but be another model
        label = f"{system} (as published)" if system in names else system + reason
        rows += own or [_Row(label, system, None)]
    return rows + others

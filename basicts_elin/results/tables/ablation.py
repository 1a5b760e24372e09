"""The lines of the ablation: ELinFormer, and one change of it in each row."""

from collections.abc import Sequence
from dataclasses import replace

from ...zoo import registry
from ..ablation import ROWS, row_of
from ..aggregate import Summary
from .cells import difference, head, named, number, ours, planned, row, same_epochs, seeds

_BASE = "ELinFormer"


def ablation_lines(dataset: str, found: Sequence[Summary]) -> list[str]:
    lines = head("change", "what it is", "epochs", "MAE", "to ELinFormer", "RMSE", "MAPE %", "parameters", "s / epoch")
    changes = {summary: row_of(summary.model, summary.results[0].differences) for summary in found}
    # other models come last
    order = [*ROWS, None]
    for summary in sorted(found, key=lambda summary: order.index(changes[summary])):
        change, size = changes[summary], summary.model.removeprefix(registry.base_name(summary.model))
        base = same_epochs(found, _BASE + size, replace(summary, label=summary.model))
        mean = base.mean("MAE") if change and base is not summary and base else None
        title = change.title + (size and ", small") + seeds(summary) if change else named(summary)
        cells = [title, change.explanation if change else "", planned(summary), ours(summary, "MAE", 2)]
        cells += [difference(summary.mean("MAE"), mean, 2), ours(summary, "RMSE", 2), ours(summary, "MAPE", 2)]
        lines.append(row(*cells, number(summary.mean("parameters"), 0), ours(summary, "seconds_per_epoch", 1)))
    return lines

"""The lines of the ablation: ELinFormer, and one change of it in each row."""

from collections.abc import Sequence
from dataclasses import replace

from ...zoo import registry
from ..ablation import ROWS, row_of
from ..aggregate import INFERENCE, Summary
from .cells import INFERENCE_TITLE, difference, head, named, number, ours, planned, row, same_epochs, seeds

_BASE = "ELinFormer"


def ablation_lines(dataset: str, found: Sequence[Summary]) -> list[str]:
    optional = [INFERENCE] if any(summary.values(INFERENCE) for summary in found) else []
    titles = ["change", "what it is", "epochs", "MAE", "to ELinFormer", "RMSE", "MAPE %", "parameters", "s / epoch"]
    lines = head(*titles, *(INFERENCE_TITLE for _ in optional))
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
        cells += [number(summary.mean("parameters"), 0), ours(summary, "seconds_per_epoch", 1)]
        lines.append(row(*cells, *(ours(summary, name, 2) for name in optional)))
    return lines

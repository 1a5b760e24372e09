"""The lines of the comparison of attentions."""

from collections.abc import Sequence

from ...averages import MEAN
from ...evaluation.numpy_metrics import HORIZONS, METRICS
from ...zoo import registry
from ..aggregate import INFERENCE, MEMORY, Summary
from ..schema import metric_column
from .cells import INFERENCE_TITLE, head, is_known, number, ours, planned, ratio, row, same_epochs, seeds, titled


def attention_lines(dataset: str, found: Sequence[Summary]) -> list[str]:
    optional = [(titled("MAE", MEAN), metric_column("MAE", MEAN))] if is_known("MAE", MEAN, found) else []
    optional += [(INFERENCE_TITLE, INFERENCE)] if any(summary.values(INFERENCE) for summary in found) else []
    lines = head(
        "backbone", "attention", "epochs", "MAE", "RMSE", "MAPE %", "MAE at 3 / 6 / 12", "parameters", "s / epoch",
        "of matmul's", "peak memory, MiB", "of matmul's", *(title for title, _ in optional),
    )  # fmt: skip
    # models that are not in the comparison come last, as they are
    compared = registry.compared_models()
    order = [*compared, *(registry.base_name(summary.model) for summary in found)]
    for summary in sorted(found, key=lambda summary: order.index(registry.base_name(summary.model))):
        model = registry.base_name(summary.model)
        variant = compared.get(model)
        backbone, method = (variant.backbone, variant.attention_title) if variant else (model, "")
        small = summary.model.removeprefix(model)
        matmul = same_epochs(found, _matmul(backbone) + small, summary)
        horizons = [number(summary.mean(metric_column("MAE", str(horizon))), 2) for horizon in HORIZONS]
        cells = [
            backbone + small + summary.label.removeprefix(summary.model),
            method + seeds(summary),
            planned(summary),
        ]
        cells += [ours(summary, metric, 2) for metric in METRICS]
        cells += [" / ".join(horizons), number(summary.mean("parameters"), 0)]
        for columns, decimals in ((("seconds_per_epoch",), 1), (MEMORY, 0)):
            name = summary.measured(columns)
            cells += [ours(summary, name, decimals), ratio(summary, matmul, name)]
        lines.append(row(*cells, *(ours(summary, column, 2) for _, column in optional)))
    return lines


def _matmul(backbone: str) -> str:
    """The model of a backbone whose attention multiplies matrices; "" if there is none."""
    found = registry.find(f"{backbone}_matmul")
    return found.name if found else ""

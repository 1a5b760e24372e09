"""The pages docs/tables/*.md. They show only the paper's figures and those of a CSV."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Optional

from ..evaluation.numpy_metrics import HORIZONS, METRICS, OVERALL
from ..zoo import registry
from . import paper
from .ablation import ROWS, row_of
from .aggregate import MEMORY, Summary, each_once, summaries
from .schema import Result, metric_column, metric_names

# the quantities of Table 2: title, the paper's column, ours (the first that has a value), decimals
_TABLE2 = (
    ("MAE", "MAE", ("MAE",), 2),
    ("RMSE", "RMSE", ("RMSE",), 2),
    ("MAPE, %", "MAPE", ("MAPE",), 2),
    ("peak memory, MiB", "memory_mib", MEMORY, 0),
    ("s / epoch", "seconds_per_epoch", ("seconds_per_epoch",), 1),
)
_BETTER, _BASES = "ELinFormer", ("STAEformer_matmul", "STAEformer")


def page(
    table: str, title: str, results: Sequence[Result], source: str, command: str, pictures: Sequence[str] = ()
) -> str:
    """The page of a table.

    Args:
        table: "table2", "table3", "attention" or "ablation".
        source: path of the CSV that holds the results, relative to the page.
        command: that makes the page.
        pictures: files beside the page.
    """
    found = summaries(results)
    parts = [f"# {title}", _made_of(table, found, source, command)]
    for dataset in each_once(results, "dataset"):
        own = [summary for summary in found if summary.dataset == dataset]
        lines = _TABLES[table](dataset, own)
        # the head alone: no run has a result
        if len(lines) == len(_head()):
            continue
        parts += [f"## {dataset}", "\n".join(lines)]
        if table == "table2" and dataset in paper.TABLE2_NOTES:
            parts.append(paper.TABLE2_NOTES[dataset])
        parts += _other_metrics(own)
    parts += _without_result(results)
    parts += [f"![{name.rpartition('_')[2].removesuffix('.png')}]({name})" for name in pictures]
    return "\n\n".join(parts) + "\n"


def _made_of(table: str, found: Sequence[Summary], source: str, command: str) -> str:
    """The sources of the page, in words."""
    results = [result for summary in found for result in summary.results]
    said = [f"Made by `{command}` from [{source.rpartition('/')[2]}]({source}), which says how each run was made."]
    if table == "attention":
        said.append("The paper names this comparison and prints no figures of it.")
    elif table == "ablation":
        said.append("The paper has no such comparison. Each row is one change of ELinFormer, over time and over space.")
    else:
        said.append(f'"paper": printed in {paper.SOURCE}, none of it measured here.')
    said.append("Ours: mean ± deviation over the seeds; an empty cell was not measured.")
    if results:
        facts = [(title, ", ".join(each_once(results, name))) for title, name in _FACTS]
        said.append(f"Measured on {', '.join(title + values for title, values in facts if values)}.")
        at_once = max(result.runs_at_once or 1 for result in results)
        if at_once > 1:
            said.append(f"Up to {at_once} runs shared a device, which lengthens their seconds.")
        said.append("Seconds and memory are compared only between runs that were made in the same way.")
    if table == "table2":
        said.append(f"The paper's memory and seconds are those of {paper.TABLE2_HARDWARE}.")
    if table != "table3":
        said.append("Peak memory: of a GPU what the process reserved, else the resident size of the whole process.")
    return " ".join(said)


_FACTS = (("", "hardware"), ("torch ", "torch"), ("commit ", "commit"))


def _table2(dataset: str, found: Sequence[Summary]) -> list[str]:
    lines = _head("", "model", "epochs", "paper", "ours", "difference", "improvement %: paper", "ours")
    for title, papers, columns, decimals in _TABLE2:
        for summary in found:
            ours = summary.measured(columns)
            value = _table2_value(summary.model, dataset, papers)
            # costs on a CPU are not compared with those on the paper's GPU
            on_cpu = papers not in METRICS and each_once(summary.results, "device") == ["cpu"]
            difference = "" if on_cpu else _difference(summary.mean(ours), value, decimals)
            cells = [title, _named(summary), _epochs(summary), _number(value, decimals)]
            cells += [_ours(summary, ours, decimals), difference]
            lines.append(_line(*cells, *_improvements(summary, found, papers, ours)))
    return lines


def _table2_value(model: str, dataset: str, column: str) -> Optional[float]:
    return paper.table2_value(registry.paper_name(model, costs=column not in METRICS), dataset, column)


def _improvements(summary: Summary, found: Sequence[Summary], papers: str, ours: str) -> tuple[str, str]:
    """How much better ELinFormer is than this STAEformer, in the paper and in our runs; "" for other models."""
    model = registry.base_name(summary.model)
    if model not in _BASES:
        return "", ""
    name = _BETTER + summary.model.removeprefix(model)
    printed = [_table2_value(other, summary.dataset, papers) for other in (name, summary.model)]
    better = _same_epochs(found, name, summary)
    if better is None or not better.is_comparable(summary, ours):
        return _improvement(*printed), ""
    return _improvement(*printed), _improvement(better.mean(ours), summary.mean(ours))


def _same_epochs(found: Sequence[Summary], model: str, like: Summary) -> Optional[Summary]:
    """The summary of another model with the same number of epochs and the same changed fields."""
    label = model + like.label.removeprefix(like.model)
    same = [one for one in found if (one.label, one.num_epochs) == (label, like.num_epochs)]
    return same[0] if same else None


def _table3(dataset: str, found: Sequence[Summary]) -> list[str]:
    both = [f"{metric}: {what}" for metric in ("MAE", "RMSE") for what in ("paper", "ours", "difference")]
    lines = _head("model", *both, "MAPE %: ours", "epochs", "s / epoch")
    by_model: dict[str, list[Optional[Summary]]] = {}
    if dataset in paper.TABLE3_DATASETS:
        by_model = {model: [] for model in paper.TABLE3}
    for summary in found:
        by_model.setdefault(summary.model, []).append(summary)
    for model, runs in by_model.items():
        for summary in runs or [None]:
            entry = registry.paper_entry(model)
            reason = f" ({entry.unfit})" if entry and entry.unfit else ""
            cells = [_named(summary) if summary else model + reason]
            for metric in ("MAE", "RMSE"):
                value = paper.table3_value(registry.paper_name(model), dataset, metric)
                mean = summary and summary.mean(metric)
                cells += [_number(value, 2), _ours(summary, metric, 2), _difference(mean, value, 2)]
            cells += [_ours(summary, "MAPE", 2), _epochs(summary) if summary else ""]
            lines.append(_line(*cells, _ours(summary, "seconds_per_epoch", 1)))
    return lines


def _attention(dataset: str, found: Sequence[Summary]) -> list[str]:
    lines = _head(
        "backbone", "attention", "epochs", "MAE", "RMSE", "MAPE %", "MAE at 3 / 6 / 12", "parameters", "s / epoch",
        "of matmul's", "peak memory, MiB", "of matmul's",
    )  # fmt: skip
    # models that are not in the comparison come last, as they are
    compared = registry.compared_models()
    order = [*compared, *(registry.base_name(summary.model) for summary in found)]
    for summary in sorted(found, key=lambda summary: order.index(registry.base_name(summary.model))):
        model = registry.base_name(summary.model)
        variant = compared.get(model)
        backbone, method = (variant.backbone, variant.attention_title) if variant else (model, "")
        small = summary.model.removeprefix(model)
        matmul = _same_epochs(found, _matmul(backbone) + small, summary)
        horizons = [_number(summary.mean(metric_column("MAE", str(horizon))), 2) for horizon in HORIZONS]
        cells = [
            backbone + small + summary.label.removeprefix(summary.model),
            method + _seeds(summary),
            _epochs(summary),
        ]
        cells += [_ours(summary, metric, 2) for metric in METRICS]
        cells += [" / ".join(horizons), _number(summary.mean("parameters"), 0)]
        for columns, decimals in ((("seconds_per_epoch",), 1), (MEMORY, 0)):
            name = summary.measured(columns)
            cells += [_ours(summary, name, decimals), _ratio(summary, matmul, name)]
        lines.append(_line(*cells))
    return lines


def _ablation(dataset: str, found: Sequence[Summary]) -> list[str]:
    lines = _head("change", "what it is", "epochs", "MAE", "to ELinFormer", "RMSE", "MAPE %", "parameters", "s / epoch")
    rows = {summary: row_of(summary.model, summary.results[0].differences) for summary in found}
    order = [*ROWS, None]
    for summary in sorted(found, key=lambda summary: order.index(rows[summary])):
        row, size = rows[summary], summary.model.removeprefix(registry.base_name(summary.model))
        base = _same_epochs(found, _BETTER + size, replace(summary, label=summary.model))
        mean = base.mean("MAE") if row and base is not summary and base else None
        title = row.title + (size and ", small") + _seeds(summary) if row else _named(summary)
        cells = [title, row.explanation if row else "", _epochs(summary), _ours(summary, "MAE", 2)]
        cells += [_difference(summary.mean("MAE"), mean, 2), _ours(summary, "RMSE", 2), _ours(summary, "MAPE", 2)]
        lines.append(_line(*cells, _number(summary.mean("parameters"), 0), _ours(summary, "seconds_per_epoch", 1)))
    return lines


def _matmul(backbone: str) -> str:
    """The model of a backbone whose attention multiplies matrices; "" if there is none."""
    found = registry.find(f"{backbone}_matmul")
    return found.name if found else ""


_TABLES = {"table2": _table2, "table3": _table3, "attention": _attention, "ablation": _ablation}


def _other_metrics(found: Sequence[Summary]) -> list[str]:
    """A table of the metrics over all horizons that the paper does not have; nothing if there are none."""
    names = metric_names([result for summary in found for result in summary.results])
    others = [metric_column(name, OVERALL) for name in names if name not in METRICS]
    if not others:
        return []
    lines = _head("model", "epochs", *others)
    lines += [
        _line(_named(summary), _epochs(summary), *(_ours(summary, name, 4) for name in others)) for summary in found
    ]
    return ["\n".join(lines)]


def _without_result(results: Sequence[Result]) -> list[str]:
    """The runs that have no result, by their reasons."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        if result.reason:
            reason = result.reason + (f" (log: {result.log})" if result.log else "")
            epochs = f", {result.num_epochs} epochs" if result.num_epochs else ""
            run = f"{result.label}, {result.dataset}, seed {result.seed}{epochs}"
            reasons.setdefault(reason, []).append(run)
    lines = [f"- {'; '.join(runs)}: {reason}" for reason, runs in reasons.items()]
    return ["## Without a result", "\n".join(lines)] if lines else []


def _named(summary: Summary) -> str:
    return summary.label + _seeds(summary)


def _seeds(summary: Summary) -> str:
    return f" ({len(summary.results)} seeds)" if len(summary.results) > 1 else ""


def _epochs(summary: Summary) -> str:
    return "" if summary.num_epochs is None else str(summary.num_epochs)


def _ours(summary: Optional[Summary], column: str, decimals: int) -> str:
    return summary.text(column, decimals) if summary else ""


def _ratio(summary: Summary, other: Optional[Summary], column: str) -> str:
    if other is None or not other.is_comparable(summary, column):
        return ""
    one, two = summary.mean(column), other.mean(column)
    return "" if one is None or not two else f"{one / two:.2f}"


def _difference(ours: Optional[float], papers: Optional[float], decimals: int) -> str:
    return "" if ours is None or papers is None else f"{ours - papers:+.{decimals}f}"


def _improvement(better: Optional[float], base: Optional[float]) -> str:
    """In per cent of the base, as in the paper: positive if `better` is smaller."""
    return "" if better is None or not base else f"{100 * (base - better) / base:+.1f}"


def _number(value: Optional[float], decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def _head(*titles: str) -> list[str]:
    return [_line(*titles), "|" + "---|" * len(titles)]


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"

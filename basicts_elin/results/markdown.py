"""The pages docs/tables/*.md: the paper's figures beside those of a CSV, and nothing that is in neither."""

from collections.abc import Callable, Sequence
from typing import Optional

from ..evaluation.metrics import HORIZONS, METRICS
from ..zoo import registry
from . import paper
from .aggregate import MEMORY, Summary, datasets_of, summaries
from .store import Row

PaperValue = Callable[[str, str, str], Optional[float]]

# the quantities of Table 2: title, the paper's column, ours (the first that has a value), decimals
_TABLE2 = (
    ("MAE", "MAE", ("MAE",), 2),
    ("RMSE", "RMSE", ("RMSE",), 2),
    ("MAPE, %", "MAPE", ("MAPE",), 2),
    ("peak memory, MiB", "memory_mib", MEMORY, 0),
    ("s / epoch", "seconds_per_epoch", ("seconds_per_epoch",), 1),
)
_BETTER, _BASES = "ELinFormer", ("STAEformer_matmul", "STAEformer")


def page(table: str, title: str, rows: Sequence[Row], source: str, command: str, pictures: Sequence[str] = ()) -> str:
    """The page of a table.

    Args:
        table: "table2", "table3" or "attention".
        source: name of the CSV that `rows` are from, relative to the page.
        command: that makes the page.
        pictures: files beside the page.
    """
    found = summaries(rows)
    parts = [f"# {title}", _made_of(table, found, source, command)]
    for dataset in datasets_of(rows):
        own = [summary for summary in found if summary.dataset == dataset]
        lines = _TABLES[table](dataset, own)
        # the head alone, where no run has a result
        if len(lines) == len(_head()):
            continue
        parts += [f"## {dataset}", "\n".join(lines)]
        if table == "table2" and dataset in paper.TABLE2_NOTES:
            parts.append(paper.TABLE2_NOTES[dataset])
    parts += _without_result(rows)
    parts += [f"![{name.rpartition('_')[2].removesuffix('.png')}]({name})" for name in pictures]
    return "\n\n".join(parts) + "\n"


def _made_of(table: str, found: Sequence[Summary], source: str, command: str) -> str:
    rows = [row for summary in found for row in summary.rows]
    said = [f"Made by `{command}` from [{source.rpartition('/')[2]}]({source}), which says how each run was made."]
    if table == "attention":
        said.append("The paper names this comparison and prints no figures of it.")
    else:
        said.append(f'"paper": printed in {paper.SOURCE}, none of it measured here.')
    said.append("Ours: mean ± deviation over the seeds; an empty cell was not measured.")
    if rows:
        facts = [("", "hardware"), ("torch ", "torch"), ("commit ", "commit")]
        named = [(title, ", ".join(dict.fromkeys(row[name] for row in rows if row[name]))) for title, name in facts]
        said.append(f"Measured on {', '.join(title + values for title, values in named if values)}.")
        at_once = max(int(row["runs_at_once"] or 1) for row in rows)
        if at_once > 1:
            said.append(f"Up to {at_once} runs shared a device, which lengthens their seconds.")
        said.append("Seconds and memory are compared where the runs were made in the same way only.")
    if table == "table2":
        said.append(f"The paper's memory and seconds are those of {paper.TABLE2_HARDWARE}.")
    if table != "table3":
        said.append("Peak memory: of a GPU what the process reserved, else the resident size of the whole process.")
    return " ".join(said)


def _table2(dataset: str, found: Sequence[Summary]) -> list[str]:
    lines = _head("", "model", "epochs", "paper", "ours", "difference", "improvement %: paper", "ours")
    by_name = {(summary.model, summary.num_epochs): summary for summary in found}
    for title, column, ours, decimals in _TABLE2:
        for summary in found:
            paper_value = _paper_table2(summary.model, dataset, column)
            suffix = summary.model[len(registry.base_name(summary.model)) :]
            better = by_name.get((_BETTER + suffix, summary.num_epochs))
            name = summary.measured(ours)
            improvements = ["", ""]
            if registry.base_name(summary.model) in _BASES:
                improvements[0] = _improvement(_paper_table2(_BETTER + suffix, dataset, column), paper_value)
                if better is not None and better.is_comparable(summary, name):
                    improvements[1] = _improvement(better.mean(name), summary.mean(name))
            # what a processor takes is not what the paper's GPU took
            on_cpu = summary.common("device") == "cpu" and column not in METRICS
            difference = "" if on_cpu else _difference(summary.mean(name), paper_value, decimals)
            cells = [title, _named(summary), summary.num_epochs, _number(paper_value, decimals)]
            cells += [_ours(summary, name, decimals), difference]
            lines.append(_line(*cells, *improvements))
    return lines


def _paper_table2(model: str, dataset: str, column: str) -> Optional[float]:
    return paper.table2_value(registry.paper_name(model, costs=column not in METRICS), dataset, column)


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
            cells += [_ours(summary, "MAPE", 2), summary.num_epochs if summary else ""]
            lines.append(_line(*cells, _ours(summary, "seconds_per_epoch", 1)))
    return lines


def _attention(dataset: str, found: Sequence[Summary]) -> list[str]:
    lines = _head(
        "backbone", "attention", "epochs", "MAE", "RMSE", "MAPE %", "MAE at 3 / 6 / 12", "parameters", "s / epoch",
        "of matmul's", "peak memory, MiB", "of matmul's",
    )  # fmt: skip
    by_name = {(summary.model, summary.num_epochs): summary for summary in found}
    # those that are no method come last, as they are
    compared = registry.compared_models()
    order = [*compared, *(registry.base_name(summary.model) for summary in found)]
    for summary in sorted(found, key=lambda summary: order.index(registry.base_name(summary.model))):
        model = registry.base_name(summary.model)
        variant = compared.get(model)
        backbone, method = (variant.backbone, variant.attention_title) if variant else (model, "")
        small = summary.model.removeprefix(model)
        matmul = by_name.get((_matmul(backbone) + small, summary.num_epochs))
        horizons = [_number(summary.mean(f"MAE_{horizon}"), 2) for horizon in HORIZONS]
        cells = [backbone + small, method + _seeds(summary), summary.num_epochs]
        cells += [_ours(summary, metric, 2) for metric in METRICS]
        cells += [" / ".join(horizons), _number(summary.mean("parameters"), 0)]
        for columns, decimals in ((("seconds_per_epoch",), 1), (MEMORY, 0)):
            name = summary.measured(columns)
            cells += [_ours(summary, name, decimals), _ratio(summary, matmul, name)]
        lines.append(_line(*cells))
    return lines


def _matmul(backbone: str) -> str:
    """The model of a backbone whose attention multiplies matrices; "" where there is none."""
    found = registry.find(f"{backbone}_matmul")
    return found.name if found else ""


_TABLES = {"table2": _table2, "table3": _table3, "attention": _attention}


def _without_result(rows: Sequence[Row]) -> list[str]:
    """What there are no figures of, and why."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row["reason"]:
            reason = row["reason"] + (f" (log: {row['log']})" if row["log"] else "")
            epochs = f", {row['num_epochs']} epochs" if row["num_epochs"] else ""
            reasons.setdefault(reason, []).append(f"{row['model']}, {row['dataset']}, seed {row['seed']}{epochs}")
    lines = [f"- {'; '.join(runs)}: {reason}" for reason, runs in reasons.items()]
    return ["## Without a result", "\n".join(lines)] if lines else []


def _named(summary: Summary) -> str:
    return summary.model + _seeds(summary)


def _seeds(summary: Summary) -> str:
    return f" ({len(summary.rows)} seeds)" if len(summary.rows) > 1 else ""


def _ours(summary: Optional[Summary], column: str, decimals: int) -> str:
    if summary is None or summary.mean(column) is None:
        return ""
    deviation = summary.deviation(column)
    return _number(summary.mean(column), decimals) + ("" if deviation is None else f" ± {deviation:.{decimals}f}")


def _ratio(summary: Summary, other: Optional[Summary], column: str) -> str:
    if other is None or not other.is_comparable(summary, column):
        return ""
    one, two = summary.mean(column), other.mean(column)
    return "" if one is None or not two else f"{one / two:.2f}"


def _difference(ours: Optional[float], papers: Optional[float], decimals: int) -> str:
    return "" if ours is None or papers is None else f"{ours - papers:+.{decimals}f}"


def _improvement(better: Optional[float], base: Optional[float]) -> str:
    """In per cent of the base, as in the paper: positive where `better` is smaller."""
    return "" if better is None or not base else f"{100 * (base - better) / base:+.1f}"


def _number(value: Optional[float], decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def _head(*titles: str) -> list[str]:
    return [_line(*titles), "|" + "---|" * len(titles)]


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"

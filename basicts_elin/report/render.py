"""The pages docs/tables/*.md: the paper's figures beside those of a CSV, and nothing that is in neither."""

from collections.abc import Callable, Sequence
from typing import Optional

from . import paper
from .collect import Row
from .metrics import HORIZONS, METRICS
from .plan import ATTENTION, NOT_AVAILABLE, base_name
from .summary import Summary, datasets_of, summaries

PaperValue = Callable[[str, str, str], Optional[float]]

# of a GPU, else of the process
_MEMORY = ("peak_reserved_mib", "peak_memory_mib")
_MATMUL = {"STAEformer": "STAEformer_matmul", "iTransformer": "iTransformer"}
# the quantities of Table 2: title, the paper's column, ours (the first that has a value), decimals
_TABLE2 = (
    ("MAE", "MAE", ("MAE",), 2),
    ("RMSE", "RMSE", ("RMSE",), 2),
    ("MAPE, %", "MAPE", ("MAPE",), 2),
    ("peak memory, MiB", "memory_mib", _MEMORY, 0),
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
        parts += [f"## {dataset}", _TABLES[table](dataset, own)]
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
        facts = (", ".join(dict.fromkeys(row[name] for row in rows)) for name in ("hardware", "torch", "commit"))
        said.append("Measured on {}, torch {}, commit {}.".format(*facts))
    if table == "table2":
        said.append(f"The paper's memory and seconds are those of {paper.TABLE2_HARDWARE}.")
    if table != "table3":
        said.append("Peak memory: of a GPU what the process reserved, else the resident size of the whole process.")
    return " ".join(said)


def _table2(dataset: str, found: Sequence[Summary]) -> str:
    lines = _head("", "model", "epochs", "paper", "ours", "difference", "improvement %: paper", "ours")
    by_name = {(summary.model, summary.num_epochs): summary for summary in found}
    for title, column, ours, decimals in _TABLE2:
        for summary in found:
            paper_value = paper.table2_value(summary.model, dataset, column)
            suffix = summary.model[len(base_name(summary.model)) :]
            better = by_name.get((_BETTER + suffix, summary.num_epochs))
            name = _measured(summary, ours)
            improvements = ["", ""]
            if base_name(summary.model) in _BASES:
                improvements[0] = _improvement(paper.table2_value(_BETTER + suffix, dataset, column), paper_value)
                if better is not None:
                    improvements[1] = _improvement(better.mean(_measured(better, ours)), summary.mean(name))
            cells = [title, _named(summary), summary.num_epochs, _number(paper_value, decimals)]
            cells += [_ours(summary, name, decimals), _difference(summary.mean(name), paper_value, decimals)]
            lines.append(_line(*cells, *improvements))
    return "\n".join(lines)


def _table3(dataset: str, found: Sequence[Summary]) -> str:
    both = [f"{metric}: {what}" for metric in ("MAE", "RMSE") for what in ("paper", "ours", "difference")]
    lines = _head("model", *both, "MAPE %: ours", "epochs", "s / epoch")
    by_model: dict[str, list[Optional[Summary]]] = {}
    if dataset in paper.TABLE3_DATASETS:
        by_model = {model: [] for model in paper.TABLE3}
    for summary in found:
        by_model.setdefault(summary.model, []).append(summary)
    for model, runs in by_model.items():
        for summary in runs or [None]:
            reason = f" ({NOT_AVAILABLE[model]})" if model in NOT_AVAILABLE else ""
            cells = [_named(summary) if summary else model + reason]
            for metric in ("MAE", "RMSE"):
                value = paper.table3_value(model, dataset, metric)
                mean = summary and summary.mean(metric)
                cells += [_number(value, 2), _ours(summary, metric, 2), _difference(mean, value, 2)]
            cells += [_ours(summary, "MAPE", 2), summary.num_epochs if summary else ""]
            lines.append(_line(*cells, _ours(summary, "seconds_per_epoch", 1)))
    return "\n".join(lines)


def _attention(dataset: str, found: Sequence[Summary]) -> str:
    lines = _head(
        "backbone", "attention", "epochs", "MAE", "RMSE", "MAPE %", "MAE at 3 / 6 / 12", "parameters", "s / epoch",
        "of matmul's", "peak memory, MiB", "of matmul's",
    )  # fmt: skip
    by_name = {(summary.model, summary.num_epochs): summary for summary in found}
    for model, (backbone, method) in ATTENTION.items():
        for summary in (one for one in found if base_name(one.model) == model):
            small = summary.model.removeprefix(model)
            matmul = by_name.get((_MATMUL[backbone] + small, summary.num_epochs))
            horizons = [_number(summary.mean(f"MAE_{horizon}"), 2) for horizon in HORIZONS]
            cells = [backbone + small, method + _seeds(summary), summary.num_epochs]
            cells += [_ours(summary, metric, 2) for metric in METRICS]
            cells += [" / ".join(horizons), _number(summary.mean("parameters"), 0)]
            for columns, decimals in ((("seconds_per_epoch",), 1), (_MEMORY, 0)):
                name = _measured(summary, columns)
                cells += [_ours(summary, name, decimals), _ratio(summary, matmul, name)]
            lines.append(_line(*cells))
    return "\n".join(lines)


_TABLES = {"table2": _table2, "table3": _table3, "attention": _attention}


def _without_result(rows: Sequence[Row]) -> list[str]:
    """What there are no figures of, and why."""
    lines = []
    for row in rows:
        if row["reason"]:
            log = f" (log: {row['log']})" if row["log"] else ""
            lines.append(f"- {row['model']}, {row['dataset']}, seed {row['seed']}: {row['reason']}{log}")
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


def _measured(summary: Summary, columns: Sequence[str]) -> str:
    """The first column that has a value."""
    return next((name for name in columns if summary.values(name)), columns[0])


def _ratio(summary: Summary, other: Optional[Summary], column: str) -> str:
    one, two = summary.mean(column), other and other.mean(column)
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

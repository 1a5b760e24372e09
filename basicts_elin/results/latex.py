"""The table of `report --latex`: what a paper prints, with a caption that says how the runs were made."""

from collections.abc import Sequence
from typing import Optional

from ..averages import OVERALL
from .aggregate import Summary, each_once, table_rows
from .report import decimals, metric_title
from .schema import Result, horizon_title, horizons_of, metric_column, metric_names

# of other metrics, such as the user's own, it is not known which values are good
_LOWER_IS_BETTER = {"MAE", "MSE", "RMSE", "MAPE", "WAPE", "SMAPE", "HUBER"}
# in the units of the data
_IN_UNITS = ("MAE", "RMSE")
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}

Row = tuple[str, Summary]


def latex_table(results: Sequence[Result], by_model: bool = False) -> str:
    """A `table` in the style of booktabs for each dataset and window: a block for each horizon, a line for each row.

    The lowest mean of a horizon is bold only if every trained model has several seeds. The caption states the seeds.
    """
    groups: dict[tuple, list[Row]] = {}
    for row in table_rows(results, by_model):
        first = row[1].results[0]
        groups.setdefault((first.dataset, first.input_len, first.output_len), []).append(row)
    tables = [_table(dataset, rows) for (dataset, *_), rows in groups.items()]
    return "\n\n".join([r"% \usepackage{booktabs}", *tables])


def escaped(text: str) -> str:
    return "".join(_ESCAPED.get(character, character) for character in text)


def _table(dataset: str, rows: Sequence[Row]) -> str:
    results = [result for _, summary in rows for result in summary.results]
    metrics, horizons = metric_names(results), horizons_of(results)
    is_compared = _is_compared(rows)
    blocks = [_block(horizon, metrics, rows, results, is_compared) for horizon in horizons]
    titles = ["Horizon", "Model", *(escaped(metric_title(metric)) for metric in metrics)]
    body = "\n    \\midrule\n".join("\n".join(f"    {line}" for line in block) for block in blocks)
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            f"  \\caption{{{_caption(dataset, rows, is_compared)}}}",
            f"  \\label{{tab:{''.join(c if c.isascii() and c.isalnum() else '-' for c in dataset)}}}",
            f"  \\begin{{tabular}}{{ll{'r' * len(metrics)}}}",
            r"    \toprule",
            f"    {' & '.join(titles)} \\\\",
            r"    \midrule",
            body,
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
        ]
    )


def _block(
    horizon: str, metrics: Sequence[str], rows: Sequence[Row], results: Sequence[Result], is_compared: bool
) -> list[str]:
    """The lines of a horizon."""
    columns = []
    for metric in metrics:
        column, digits = metric_column(metric, horizon), decimals(results, metric, 2)
        best = _lowest(column, digits, rows) if is_compared and metric in _LOWER_IS_BETTER else None
        columns.append([_cell(summary, column, digits, best) for _, summary in rows])
    name = "all" if horizon == OVERALL else horizon_title(horizon)
    lines = []
    for (label, _), *cells in zip(rows, *columns, strict=True):
        lines.append(f"{' & '.join([name, escaped(label), *cells])} \\\\")
        name = ""
    return lines


def _cell(summary: Summary, column: str, digits: int, best: Optional[str]) -> str:
    text = escaped(summary.text(column, digits)) or "--"
    return f"\\textbf{{{text}}}" if best is not None and _mean(summary, column, digits) == best else text


def _lowest(column: str, digits: int, rows: Sequence[Row]) -> Optional[str]:
    """The lowest mean as it is printed, so that equal figures are bold together."""
    means = [text for _, summary in rows if (text := _mean(summary, column, digits))]
    return min(means, key=float, default=None)


def _mean(summary: Summary, column: str, digits: int) -> str:
    value = summary.mean(column)
    return "" if value is None else f"{value:.{digits}f}"


def _is_compared(rows: Sequence[Row]) -> bool:
    """Whether there are several rows, and seeds enough of each model to tell them apart."""
    return len(rows) > 1 and all(len(summary.seeds) != 1 for _, summary in rows)


def _caption(dataset: str, rows: Sequence[Row], is_compared: bool) -> str:
    results = [result for _, summary in rows for result in summary.results]
    first = results[0]
    said = [f"Errors on the test part of {escaped(dataset)}"]
    if first.input_len and first.output_len:
        said[0] += f", {first.input_len} steps in and {first.output_len} out"
        said[0] += f", of {first.interval_minutes} minutes each" if first.interval_minutes else ""
    units = each_once(results, "unit")
    in_units = [name for name in metric_names(results) if name in _IN_UNITS]
    if len(units) == 1 and in_units:
        said.append(f"{' and '.join(in_units)} in {escaped(units[0])}")
    said += _training(rows)
    if any(len(summary.results) > 1 for _, summary in rows):
        said.append("Mean $\\pm$ sample standard deviation over the seeds")
    if is_compared:
        said.append("Bold: the lowest mean")
    elif any(len(summary.seeds) == 1 for _, summary in rows):
        said.append("One seed does not show which model is better")
    return ". ".join(said) + "."


def _training(rows: Sequence[Row]) -> list[str]:
    """Epochs and seeds: once if all trained models have the same, else for each."""
    facts = {label: f"{_epochs(summary)}{_seeds(summary)}" for label, summary in rows if summary.seeds}
    different = list(dict.fromkeys(facts.values()))
    if len(different) == 1:
        return [different[0][:1].upper() + different[0][1:]]
    return ["; ".join(f"{escaped(label)}: {text}" for label, text in facts.items())] if facts else []


def _epochs(summary: Summary) -> str:
    """The epochs that were planned, and those that were trained if that is another number."""
    if summary.num_epochs is None:
        return ""
    trained = sorted({result.epochs for result in summary.results if result.epochs is not None})
    text = f"{summary.num_epochs} epochs"
    if trained and trained != [summary.num_epochs]:
        text += f" planned, {'--'.join(map(str, dict.fromkeys((trained[0], trained[-1]))))} trained"
    return f"{text}, "


def _seeds(summary: Summary) -> str:
    *others, last = map(str, summary.seeds)
    return f"seeds {', '.join(others)} and {last}" if others else f"one seed ({last})"

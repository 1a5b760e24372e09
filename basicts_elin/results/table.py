"""Rows of metrics: one per model and horizon, as CSV and as text."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..evaluation.metrics import METRICS
from ..files import made_folder, write_atomically

Row = dict[str, Any]

METRIC_COLUMNS = ("model", "horizon", *METRICS)


def metric_rows(model: str, by_horizon: dict[str, dict], **facts: Any) -> list[Row]:
    """One row per horizon. `by_horizon`: horizon -> metric -> value; `facts` are repeated in every row.

    A metric that the run did not compute is None.
    """
    return [
        {"model": model, "horizon": horizon, **dict.fromkeys(METRICS), **metrics, **facts}
        for horizon, metrics in by_horizon.items()
    ]


def write_csv(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> None:
    """Write the rows, whole or not at all; metrics with 4 decimals, what a row does not have stays empty."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({column: _cell(column, row.get(column)) for column in columns})
    with made_folder(path.parent):
        write_atomically(path, text.getvalue().encode())


def format_table(rows: Sequence[Row]) -> str:
    """The metrics as aligned text, MAPE in per cent."""
    width = max(len(row["model"]) for row in rows)
    lines = [f"{'model':<{width}}  horizon {'MAE':>9} {'RMSE':>9} {'MAPE %':>9}"]
    for run in _runs(rows):
        for name, row in zip([run[0]["model"], *[""] * len(run)], run, strict=False):
            values = " ".join(f"{_decimals(row[metric], 3):>9}" for metric in METRICS)
            lines.append(f"{name:<{width}}  {row['horizon']:>7} {values}")
    return "\n".join(lines)


def markdown_table(rows: Sequence[Row]) -> str:
    """One line per run: epochs, parameters, seconds per epoch, all metrics by horizon as "3 / 6 / 12 / overall"."""
    runs = _runs(rows)
    horizons = " / ".join(row["horizon"] for row in runs[0])
    lines = [
        f"| model | epochs | parameters | s / epoch | MAE {horizons} | RMSE | MAPE % |",
        "|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        parameters, seconds = run[0].get("parameters"), run[0].get("seconds_per_epoch")
        cells = [
            run[0]["model"],
            run[0].get("num_epochs") or "",
            f"{int(parameters):,}" if parameters else "",
            f"{float(seconds):.0f}" if seconds else "",
            *(" / ".join(_decimals(row[metric], 2) for row in run) for metric in METRICS),
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _runs(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of each run: a run ends where the model changes or a horizon comes again."""
    runs: list[list[Row]] = []
    for row in rows:
        last = runs[-1] if runs else []
        if not last or row["model"] != last[0]["model"] or row["horizon"] in [other["horizon"] for other in last]:
            runs.append([])
        runs[-1].append(row)
    return runs


def _decimals(value: Any, number: int) -> str:
    return "-" if value is None else f"{float(value):.{number}f}"


def _cell(column: str, value: Any) -> Any:
    if column in METRICS and value not in (None, ""):
        return f"{float(value):.4f}"
    return value

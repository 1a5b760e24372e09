"""Rows of metrics: one per model and horizon, as CSV and as text."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .metrics import METRICS

Row = dict[str, Any]

METRIC_COLUMNS = ("model", "horizon", *METRICS)


def metric_rows(model: str, by_horizon: dict[str, dict], **facts: Any) -> list[Row]:
    """One row per horizon. `by_horizon`: horizon -> metric -> value; `facts` are repeated in every row."""
    return [{"model": model, "horizon": horizon, **metrics, **facts} for horizon, metrics in by_horizon.items()]


def write_csv(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> None:
    """Write the rows; metrics with 4 decimals, what a row does not have stays empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({column: _cell(column, row.get(column)) for column in columns})


def format_table(rows: Sequence[Row]) -> str:
    """The metrics as aligned text, MAPE in per cent."""
    width = max(len(str(row["model"])) for row in rows)
    lines = [f"{'model':<{width}}  horizon {'MAE':>9} {'RMSE':>9} {'MAPE %':>9}"]
    previous = None
    for row in rows:
        name = row["model"] if row["model"] != previous else ""
        previous = row["model"]
        values = " ".join("        -" if row[metric] is None else f"{row[metric]:9.3f}" for metric in METRICS)
        lines.append(f"{name:<{width}}  {row['horizon']:>7} {values}")
    return "\n".join(lines)


def _cell(column: str, value: Any) -> Any:
    if column in METRICS and value is not None:
        return f"{value:.4f}"
    return value

"""Runs as a CSV, one row each: what they reached, what it cost, what it was made with, or why there is nothing."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Optional

from ..conditions import comparable
from ..data.catalog import CATALOG
from ..errors import UserError, one_line
from ..evaluation.metrics import HORIZONS, METRICS, OVERALL
from ..files import read_json, write_atomically
from ..reproduce.plan import Run
from .runs import metrics_of

Row = dict[str, str]

METRIC_COLUMNS = (*METRICS, *(f"{metric}_{horizon}" for horizon in HORIZONS for metric in METRICS))
COLUMNS = (
    "model", "dataset", "seed", *METRIC_COLUMNS, "parameters", "nodes", "batch_size", "train_windows",
    "seconds_per_epoch", "validation_seconds", "peak_memory_mib", "peak_reserved_mib", "num_epochs", "epochs",
    "best_epoch", "device", "hardware", "processes", "compiled", "runs_at_once", "python", "torch", "basicts",
    "basicts_elin", "commit", "run", "reason", "log",
)  # fmt: skip
_NUMBERS = COLUMNS[COLUMNS.index("seed") : COLUMNS.index("device")]

_AGAIN = "remove the run's folder, and it is made again"


def finished_row(run: Run, folder: Path) -> Row:
    """The row of a finished run. Raises: UserError, or OSError, where its files are not those of one."""
    record, metrics = read_json(folder / "run.json", _AGAIN), {}
    for horizon, values in metrics_of(folder / "test_metrics.json").items():
        suffix = "" if horizon == OVERALL else f"_{horizon}"
        metrics |= {f"{metric}{suffix}": f"{value:.4f}" for metric, value in values.items()}
    if METRICS[0] not in metrics:
        raise UserError(f"{folder / 'test_metrics.json'} has no {METRICS[0]}; {_AGAIN}")
    try:
        epochs, versions = record["epochs"], record["versions"]
        costs = {
            "seconds_per_epoch": round(median(epoch["train_seconds"] for epoch in comparable(epochs)), 3),
            "validation_seconds": round(median(epoch["validation_seconds"] for epoch in comparable(epochs)), 3),
            "epochs": epochs[-1]["epoch"],
            "best_epoch": _best_epoch(epochs),
            "basicts_elin": versions["basicts-elin"],
            "run": folder,
        }
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder / 'run.json'} is no record of a run ({one_line(error)}); {_AGAIN}") from error
    return _row({**record, **versions, **metrics, **costs, **_identity(run)})


def failed_row(
    run: Run, num_epochs: Optional[int], reason: str, log: Optional[Path] = None, outdated: Optional[str] = None
) -> Row:
    """The row of a run that has no result; `outdated`: folder of the one that it had, which does not count any more."""
    return _row({**_identity(run), "num_epochs": num_epochs, "reason": reason, "log": log, "run": outdated})


def _best_epoch(epochs: Sequence[dict[str, Any]]) -> Optional[int]:
    """The last one that was the best so far; None where not all are known, or by which a best one was not noted."""
    if [entry["epoch"] for entry in epochs] != list(range(1, len(epochs) + 1)):
        return None
    return max((entry["epoch"] for entry in epochs if entry.get("is_best")), default=None)


def merged(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """The old rows with the new ones in place of those of the same runs.

    A run that fails now does not take the row of one that was finished, here or on another machine, unless that one
    does not count any more.
    """
    rows = {_key(row): row for row in old}
    for row in new:
        same = [key for key, other in rows.items() if _is_same_run(row, other)]
        if any(_outlives(rows[key], row) for key in same):
            continue
        for key in same:
            del rows[key]
        rows[_key(row)] = row
    return list(rows.values())


def _outlives(row: Row, new: Row) -> bool:
    """Whether it is a result that stays although the run has failed since."""
    is_outdated = bool(new["run"]) and new["run"] == row["run"]
    return bool(new["reason"]) and not row["reason"] and not is_outdated


def write_rows(path: Path, rows: Sequence[Row], columns: Sequence[str] = COLUMNS) -> None:
    """Write them whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text.getvalue().encode())


def read_rows(path: Path, columns: Sequence[str] = COLUMNS) -> list[Row]:
    """Rows written before, none where there is no file.

    Raises: UserError for a file that is not one of these.
    """
    if not path.is_file():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != tuple(columns):
                raise UserError(f"{path} has other columns than this table's; name another file by --output")
            return [_checked(row, f"{path}, line {reader.line_num}") for row in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no CSV ({one_line(error)}); name another file by --output") from error


def _checked(row: dict[Any, Any], place: str) -> Row:
    """A row as it was written, which somebody may have edited since."""
    if None in row or None in row.values():
        raise UserError(f"{place} has more or fewer cells than there are columns; mend it, or name another file")
    for column in _NUMBERS:
        if row.get(column):
            try:
                float(row[column])
            except ValueError as error:
                raise UserError(f"{place}: {column} is {row[column]!r}; expected a number, or nothing") from error
    if row["dataset"] not in CATALOG:
        raise UserError(f"{place}: dataset {row['dataset']!r} is not in the catalogue")
    return row


def _identity(run: Run) -> dict[str, Any]:
    return {"model": run.model, "dataset": run.dataset, "seed": run.seed}


def _row(values: dict[str, Any]) -> Row:
    found = {column: values.get(column) for column in COLUMNS}
    return {column: "" if value is None else str(value) for column, value in found.items()}


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[column] for column in ("model", "dataset", "seed", "num_epochs"))


def _is_same_run(row: Row, other: Row) -> bool:
    """Of a run that could not be started the epochs may not be known."""
    *one, epochs = _key(row)
    *two, others = _key(other)
    return one == two and (epochs == others or not epochs or not others)

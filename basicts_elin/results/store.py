"""Results as a CSV, a row for each run or for the seeds of each model. Several commands may write one."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from filelock import FileLock

from ..averages import MEAN, OVERALL
from ..errors import UserError, one_line, system_message
from ..files import made_folder, write_atomically
from .aggregate import COSTS, Summary, each_once, table_rows
from .schema import (
    FIELD_TYPES,
    IDENTITY_FIELDS,
    OPTIONAL_FIELDS,
    Result,
    horizons_of,
    in_order,
    metric_column,
    metric_names,
)

_OTHER_FILE = "name another file by --output"
_MEND = "correct it, or name another file by --output"
_FACTS_OF_SUMMARIES = (
    "input_len", "output_len", "interval_minutes", "unit", "parameters", "nodes", "batch_size", "train_windows",
    "device", "hardware", "processes", "compiled", "runs_at_once", "python", "torch", "basicts", "basicts_elin",
    "commit", "run",
)  # fmt: skip
_COLUMNS_OF_SUMMARIES = ("model", "dataset", "differences", "num_epochs", "seeds", "number_of_seeds")


def write_results(path: Path, results: Sequence[Result]) -> None:
    """Write a CSV with a row for each result, whole or not at all.

    The columns are the fields of `Result`. The metrics of all results, by horizon, follow the seed. A column of
    `OPTIONAL_FIELDS` is there if a result has its value.
    Raises: UserError for a metric whose name is that of another column.
    """
    metrics = _metric_columns(results)
    others = (name for name in _written(results) if name not in IDENTITY_FIELDS)
    columns = [*IDENTITY_FIELDS, *metrics, *others]
    rows = []
    for result in results:
        row = {name: getattr(result, name) for name in FIELD_TYPES}
        rows.append(row | {name: _metric_text(value) for name, value in result.metric_columns.items()})
    write_csv(path, rows, columns)


def write_summaries(path: Path, results: Sequence[Result]) -> None:
    """Write a CSV with a row for the seeds of each model, whole or not at all.

    Each metric and cost has a column with its mean, and one with its sample standard deviation, NAME_deviation. A fact
    that differs between the seeds, such as the folder, has all its values.
    Raises: UserError for a metric whose name is that of another column, and for two runs with the same seed.
    """
    numbers = [*_metric_columns(results), *_costs(results)]
    columns = [
        *_COLUMNS_OF_SUMMARIES,
        *(name for number in numbers for name in (number, f"{number}_deviation")),
        *_FACTS_OF_SUMMARIES,
    ]
    taken = [name for name in columns if columns.count(name) > 1]
    if taken:
        raise UserError("metrics", taken[0], "a name that no column has", "rename the metric")
    rows = [_summary_row(summary, numbers) for _, summary in table_rows(results, by_model=True)]
    write_csv(path, rows, columns)


def read_results(path: Path) -> list[Result]:
    """The results that `write_results` has written; none if there is no file.

    Raises: UserError for a file in another format, and for a cell with a value of the wrong type.
    """
    columns, rows = _read_csv(path)
    missing = [name for name in FIELD_TYPES if name not in (*columns, *OPTIONAL_FIELDS)]
    if rows is None:
        return []
    if missing:
        raise UserError(path, f"columns {', '.join(columns)}", f"those of results, also {missing[0]}", _OTHER_FILE)
    metrics = [name for name in columns if name not in FIELD_TYPES]
    return [_result(row, metrics, f"{path}, line {line}") for line, row in rows]


def holds_results(path: Path) -> bool:
    """Whether the file is a CSV of results, by its columns."""
    return set(_read_csv(path)[0]) >= FIELD_TYPES.keys() - {*OPTIONAL_FIELDS}


def check_replaced(path: Path, by_model: bool = False) -> None:
    """Raises: UserError if `path` holds anything but a CSV of the kind that is to be written there."""
    if not path.is_file() or not path.stat().st_size:
        return
    # other columns may be those of another version
    needed = ("model", "dataset", "seeds" if by_model else "seed")
    if not set(_read_csv(path)[0]).issuperset(needed):
        expected = f"a new file, or a CSV of this command {'with' if by_model else 'without'} --by model"
        raise UserError("--output", f"{path}, which holds something else", expected, "name another file")


def merged(old: Iterable[Result], new: Iterable[Result]) -> list[Result]:
    """The old results with the new ones in place of those of the same runs.

    A run that fails now keeps its earlier result, from this or another machine, unless that is outdated.
    """
    kept = list(old)
    for result in new:
        same = [other for other in kept if _is_same_run(result, other)]
        if not any(_stays(other, result) for other in same):
            kept = [other for other in kept if not _is_same_run(result, other)] + [result]
    return kept


class ResultsFile:
    """A CSV of results that several commands may write at the same time.

    Args:
        path: of the CSV; results of other runs stay in it.
        lock: a file that is held while the CSV is read and written.
        order: the values of `IDENTITY_FIELDS` of each run, in the order of their rows; others come first.
    """

    def __init__(self, path: Path, lock: Path, order: Sequence[tuple[str, str, str, int]]):
        self.path, self.lock = path, lock
        self._place = {identity: place for place, identity in enumerate(order)}
        self._waiting: list[Result] = []

    def write(self, results: Sequence[Result] = ()) -> None:
        """Add results. Raises: UserError or OSError if the file cannot be read or written; the results then wait."""
        self._waiting += results
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.lock):
            write_results(self.path, sorted(merged(read_results(self.path), self._waiting), key=self._row))
        self._waiting = []

    def keep(self, result: Result) -> str:
        """Add a result while other runs continue. A file that cannot be written must not end them.

        Returns "", or why the result waits for the next `keep` or `write`.
        """
        try:
            self.write([result])
        except UserError as error:
            return one_line(error)
        except OSError as error:
            return system_message(error)
        return ""

    def _row(self, result: Result) -> int:
        return self._place.get(tuple(getattr(result, name) for name in IDENTITY_FIELDS), -1)


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write any table, whole or not at all; None and missing cells stay empty, other keys of a row are ignored."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with made_folder(path.parent):
        write_atomically(path, text.getvalue().encode())


def read_csv(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Any table with exactly these columns; no rows if there is no file. Raises: UserError."""
    found, rows = _read_csv(path)
    if rows is None:
        return []
    if found != list(columns):
        raise UserError(path, f"columns {', '.join(found)}", f"columns {', '.join(columns)}", _OTHER_FILE)
    return [row for _, row in rows]


def _read_csv(path: Path) -> tuple[list[str], Optional[list[tuple[int, dict[str, str]]]]]:
    """The columns, and the rows with the numbers of their lines; None for the rows if there is no file."""
    if not path.is_file():
        return [], None
    rows = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or ())
            for row in reader:
                if None in row or None in row.values():
                    cells = len(columns) + len(row.get(None, ())) - list(row.values()).count(None)
                    raise UserError(f"{path}, line {reader.line_num}", f"{cells} cells", len(columns), _MEND)
                rows.append((reader.line_num, row))
    except (csv.Error, UnicodeDecodeError) as error:
        raise UserError(path, f"not a CSV ({one_line(error)})", fix=_OTHER_FILE) from error
    return columns, rows


def _metric_columns(results: Sequence[Result]) -> list[str]:
    """The columns of every metric: over all targets, by step, the means over the steps. Raises: UserError."""
    names, horizons = metric_names(results), horizons_of(results)
    horizons.sort(key=lambda horizon: horizon != OVERALL)
    columns = [metric_column(name, horizon) for horizon in horizons for name in names]
    taken = [name for name in columns if name in FIELD_TYPES or columns.count(name) > 1]
    if taken:
        raise UserError("metrics", taken[0], "a name that no column has", "rename the metric")
    return columns


def _written(results: Sequence[Result]) -> list[str]:
    """The fields that have a column. CSVs of earlier versions lack the optional ones."""
    known = [name for name in OPTIONAL_FIELDS if any(getattr(result, name) is not None for result in results)]
    return [name for name in FIELD_TYPES if name not in OPTIONAL_FIELDS or name in known]


def _costs(results: Sequence[Result]) -> list[str]:
    return [name for name in COSTS if name in _written(results)]


def _summary_row(summary: Summary, numbers: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(summary.results[0], name) for name in ("model", "dataset", "differences")}
    row["num_epochs"], row["seeds"] = summary.num_epochs, " ".join(map(str, summary.seeds))
    row["number_of_seeds"] = len(summary.seeds) or None
    for name in numbers:
        row[name] = _metric_text(summary.mean(name))
        row[f"{name}_deviation"] = _metric_text(summary.deviation(name))
    return row | {name: ", ".join(each_once(summary.results, name)) for name in _FACTS_OF_SUMMARIES}


def _metric_text(value: Optional[float]) -> str:
    """4 decimals, or 4 significant digits of a small number."""
    if value is None:
        return ""
    return f"{value:.4g}" if 0 < abs(value) < 0.1 else f"{value:.4f}"


def _result(row: Mapping[str, str], metrics: Sequence[str], place: str) -> Result:
    values = {name: _read(row[name], kind, f"{place}, {name}") for name, kind in FIELD_TYPES.items() if name in row}
    by_horizon: dict[str, dict[str, float]] = {}
    for column in metrics:
        value = _read(row[column], float, f"{place}, {column}")
        if value is not None:
            name, _, horizon = column.rpartition("_")
            # a metric of the user's own may end in a number, too
            is_split = name in metrics and (horizon.isdigit() or horizon == MEAN)
            metric, horizon = (name, horizon) if is_split else (column, OVERALL)
            by_horizon.setdefault(horizon, {})[metric] = value
    return Result(**values, metrics={horizon: by_horizon[horizon] for horizon in in_order(by_horizon)})


def _read(text: str, kind: type, place: str) -> Any:
    """The value of a cell. The user may have edited it."""
    if kind is str:
        return text
    if not text:
        return None
    if kind is bool:
        if text not in ("True", "False"):
            raise UserError(place, repr(text), "True, False or nothing", _MEND)
        return text == "True"
    try:
        return kind(text)
    except ValueError as error:
        raise UserError(place, repr(text), f"{_KINDS[kind]}, or nothing", _MEND) from error


_KINDS = {int: "a whole number", float: "a number"}


def _is_same_run(result: Result, other: Result) -> bool:
    """Whether both are of the same run. Its epochs are unknown if it could not be started."""
    is_same = all(getattr(result, name) == getattr(other, name) for name in IDENTITY_FIELDS)
    return is_same and (result.num_epochs == other.num_epochs or None in (result.num_epochs, other.num_epochs))


def _stays(result: Result, new: Result) -> bool:
    """Whether a result is kept although its run has failed since. A failure names the run that it outdates."""
    is_outdated = bool(new.run) and new.run == result.run
    return bool(new.reason) and not result.reason and not is_outdated

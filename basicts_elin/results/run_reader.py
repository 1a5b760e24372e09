"""The result of a run, read from the files in its folder; neither torch nor BasicTS is needed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Optional

from ..averages import MEAN, MEAN_KEY, OVERALL
from ..errors import UserError, one_line
from ..files import read_json
from ..record import CONFIG_FILE, METRICS_FILE, RECORD_FILE, comparable_epochs
from ..zoo.run_name import model_name
from .schema import FIELD_TYPES, PERCENT, Result, differing_fields, in_order

_AGAIN = "train the run again"
# fields of a result that have other names in run.json, or combine several of its fields
_MADE = ("model", "seconds_per_epoch", "validation_seconds", "epochs", "best_epoch", "basicts_elin", "run")


def read_runs(folders: Sequence[Path]) -> list[Result]:
    """The results of finished runs. `differences` holds the fields in which runs of one model on one dataset differ.

    A dataset that was prepared again with other values differs in "data", the beginning of its SHA-256.

    Raises: UserError for a folder that does not hold a finished run.
    """
    results = [read_run(folder) for folder in folders]
    groups: dict[tuple[str, str], list[int]] = {}
    for number, result in enumerate(results):
        groups.setdefault((result.model, result.dataset), []).append(number)
    for numbers in groups.values():
        differences = differing_fields([_compared(Path(folders[number])) for number in numbers])
        for number, text in zip(numbers, differences, strict=True):
            results[number] = replace(results[number], differences=text)
    return results


def read_run(folder: Path, **known: Any) -> Result:
    """The result of a finished run. Raises: UserError for a folder that does not hold one.

    known: fields of the result that the caller knows, such as the model's name in a plan.
    """
    for name in (RECORD_FILE, METRICS_FILE):
        if not Path(folder, name).is_file():
            raise UserError(folder, f"no {name}", "the folder of a finished run", "train it to its end")
    record, place = read_record(folder), Path(folder, RECORD_FILE)
    versions, epochs = _needed(record, "versions", dict, place), _epochs(record, place)
    facts = {**record, **versions}
    values = {name: facts.get(name) for name in FIELD_TYPES if name not in _MADE}
    for name, value in values.items():
        _check(value, FIELD_TYPES[name], place, name)
    values = {name: value for name, value in values.items() if value is not None}
    config, dataset = _check(record.get("config"), str, place, "config"), _needed(record, "dataset", str, place)
    values |= {
        "model": model_name(config, dataset) or _needed(record, "model", str, place),
        "metrics": read_metrics(Path(folder, METRICS_FILE)),
        "seconds_per_epoch": _median(epochs, "train_seconds"),
        "validation_seconds": _median(epochs, "validation_seconds"),
        "epochs": epochs[-1]["epoch"],
        "best_epoch": _best_epoch(epochs),
        "mape_warning": _check(record.get("mape_warning"), str, place, "mape_warning") or "",
        "basicts_elin": str(versions.get("basicts-elin") or ""),
        "run": str(folder),
    }
    return Result(**values | known)


def read_record(folder: Path) -> dict[str, Any]:
    """The content of `run.json`, also of a run that is not finished; {} if there is none."""
    file = Path(folder, RECORD_FILE)
    return read_json(file, _AGAIN) if file.is_file() else {}


def read_metrics(file: Path) -> dict[str, dict[str, Optional[float]]]:
    """`test_metrics.json`: horizon ("3", ..., "overall", "mean") -> metric -> value, MAPE in per cent.

    A file of an earlier version or of BasicTS has no mean over the horizons.
    """
    content = read_json(file, _AGAIN)
    try:
        found = {
            MEAN if name == MEAN_KEY else name.rpartition("_")[2]: {
                metric: None if value is None else float(value) * (100 if metric == PERCENT else 1)
                for metric, value in values.items()
            }
            for name, values in content.items()
        }
        ordered = {horizon: found[horizon] for horizon in in_order(found)}
    except (AttributeError, TypeError, ValueError) as error:
        raise UserError(file, f"no numbers by horizon ({one_line(error)})", fix=_AGAIN) from error
    if not ordered.get(OVERALL):
        raise UserError(file, "no overall metrics", fix=_AGAIN)
    return ordered


def _compared(folder: Path) -> dict[str, Any]:
    """What distinguishes a run from others: its configuration, and the data that it was trained on."""
    file = folder / CONFIG_FILE
    config = read_json(file, _AGAIN) if file.is_file() else {}
    data = (read_record(folder).get("dataset_sha256") or {}).get("data", "")
    return config | {"data": data[:8]} if config and data else config


def _epochs(record: Mapping[str, Any], place: Path) -> list[dict[str, Any]]:
    epochs = _needed(record, "epochs", list, place)
    for number, entry in enumerate(epochs):
        for name in ("epoch", "train_seconds", "validation_seconds"):
            _needed(entry if isinstance(entry, dict) else {}, name, (int, float), f"{place}, epochs[{number}]")
    if not comparable_epochs(epochs):
        raise UserError(f"{place}, epochs", "none", "at least one", _AGAIN)
    return epochs


def _needed(values: Mapping[str, Any], name: str, kind: Any, place: object) -> Any:
    if values.get(name) is None:
        raise UserError(f"{place}, {name}", "missing", _word(kind), _AGAIN)
    return _check(values[name], kind, place, name)


def _check(value: Any, kind: Any, place: object, name: str) -> Any:
    if value is not None and not isinstance(value, (int, float) if kind is float else kind):
        raise UserError(f"{place}, {name}", repr(value), _word(kind), _AGAIN)
    return value


def _word(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else "a number"


def _median(epochs: Sequence[Mapping[str, Any]], name: str) -> float:
    return round(median(entry[name] for entry in comparable_epochs(epochs)), 3)


def _best_epoch(epochs: Sequence[Mapping[str, Any]]) -> Optional[int]:
    """The best epoch: the last one marked as the best so far. None if an epoch is unknown or none is marked."""
    if [entry["epoch"] for entry in epochs] != list(range(1, len(epochs) + 1)):
        return None
    return max((entry["epoch"] for entry in epochs if entry.get("is_best")), default=None)

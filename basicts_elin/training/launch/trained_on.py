"""What a checkpoint was trained on, against the dataset and the configuration that it meets."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from basicts.configs import BasicTSForecastingConfig

from ...config.own_fields import missing_inputs_of
from ...data.catalog import DAYS_PER_WEEK, MINUTES_PER_DAY
from ...data.dataset import Dataset
from ...data.times.dates import format_time, weekday_offset
from ...errors import UserError
from ...files import read_json
from ...record import CONFIG_FILE, RECORD_FILE

_SHOWN = 3
# the fields that a run which starts from another one must share with it; an evaluation needs the lengths alone
_LENGTHS = ("input_len", "output_len")
_SHARED = (*_LENGTHS, "norm_each_channel")


def trained_on(config: BasicTSForecastingConfig, dataset: Dataset, before: Optional[dict[str, Any]]) -> dict[str, Any]:
    """What a run is trained on, for its checkpoints: plain values only.

    before: the same of the run that it starts from, if any.
    """
    dates = dataset.dates("train")
    ends = [] if dates is None else [format_time(dates[-1])]
    ends += [before["trained_until"]] if before and before.get("trained_until") else []
    return {
        **series_facts(dataset),
        "input_len": config.dataset_params.input_len,
        "output_len": config.dataset_params.output_len,
        "norm_each_channel": config.norm_each_channel,
        "missing_inputs": missing_inputs_of(config),
        # dates as text are in the order of time
        "trained_until": max(ends, default=None),
    }


def series_facts(dataset: Dataset) -> dict[str, Any]:
    """What a forecast must know of the series that a model was trained on: plain values only.

    `weekday_offset` is None where the dates are not known. `minute_of_week` is that of the first row, as the model
    sees it.
    """
    dates, stamps = dataset.dates("train"), dataset.timestamps("train")
    time_of_day, day = stamps[0].tolist()
    return {
        "dataset": dataset.name,
        "node_names": list(dataset.node_names),
        "interval_minutes": dataset.interval_minutes,
        "timezone": dataset.timezone,
        "calendar": None if dataset.calendar is None else dataset.calendar.meta(),
        "windows_across_breaks": dataset.windows_across_breaks,
        "weekday_offset": None if dates is None else weekday_offset(dates, stamps),
        "minute_of_week": round(day * DAYS_PER_WEEK) * MINUTES_PER_DAY + round(time_of_day * MINUTES_PER_DAY),
        "domain": dataset.domain,
        "unit": dataset.unit,
        "non_negative": dataset.non_negative,
        "channel": dataset.meta.get("channel"),
        "missing": list(dataset.meta.get("missing", [])),
    }


def facts_of(checkpoint: dict[str, Any], path: str) -> dict[str, Any]:
    """What the checkpoint at `path` says that it was trained on; of an early one, what `run.json` beside it says."""
    found = checkpoint.get("trained_on")
    if isinstance(found, dict) and found:
        return found
    record = Path(path).parent / RECORD_FILE
    return read_json(record, "remove it") if record.is_file() else {}


def check_same_dataset(checkpoint: dict[str, Any], path: str, dataset: Dataset) -> None:
    """Raises: UserError if the dataset has other nodes, or another interval, than the checkpoint was trained on."""
    facts = facts_of(checkpoint, path)
    if _hash_of(checkpoint, "nodes") not in (None, dataset.fingerprint["nodes"]):
        found = _difference(facts.get("node_names"), dataset.node_names)
        expected = f"the nodes, in the order, that {path} was trained on"
        raise UserError(dataset.folder, found, expected, "prepare that dataset")
    interval = facts.get("interval_minutes")
    if interval is not None and interval != dataset.interval_minutes:
        raise UserError(
            dataset.folder,
            f"a row every {dataset.interval_minutes} minutes",
            f"every {interval} minutes, as {path} was trained on",
            f"prepare the dataset with --freq {interval}min, or train on it without that checkpoint",
        )


def check_start(checkpoint: dict[str, Any], path: str, config: BasicTSForecastingConfig) -> None:
    """Raises: UserError if a run with this configuration cannot start from the checkpoint."""
    _check_shared(_SHARED, checkpoint, path, config)
    if config.scaler is not None and not checkpoint.get("scaler_stats"):
        raise UserError(path, "no statistics of a scaler", "a run whose values were scaled", "omit --init")


def check_lengths(checkpoint: dict[str, Any], path: str, config: BasicTSForecastingConfig) -> None:
    """Raises: UserError if the checkpoint was trained with other steps in or out. Parameters may fit."""
    _check_shared(_LENGTHS, checkpoint, path, config)


def _check_shared(
    names: Sequence[str], checkpoint: dict[str, Any], path: str, config: BasicTSForecastingConfig
) -> None:
    facts = facts_of(checkpoint, path)
    for name in names:
        value = config.dataset_params.get(name, config.get(name))
        if facts.get(name, value) != value:
            expected = f"{facts[name]}, as in the run of {path}"
            raise UserError(name, value, expected, f"--set {name}={facts[name]}")


def array_warning(checkpoint: dict[str, Any], path: str, dataset: Dataset) -> str:
    """What the user must know if the arrays are not those of the training; "" if they are."""
    if _hash_of(checkpoint, "data") in (None, dataset.fingerprint["data"]):
        return ""
    return f"warning: the arrays in {dataset.folder} are not those that {path} was trained on"


def _hash_of(checkpoint: dict[str, Any], name: str) -> Optional[str]:
    """A fingerprint of the dataset that a checkpoint was trained on; None if it has none."""
    hashes = checkpoint.get("dataset_sha256")
    return hashes.get(name) if isinstance(hashes, dict) else None


def checkpoint_warnings(
    checkpoint: dict[str, Any], path: str, config: BasicTSForecastingConfig, dataset: Dataset
) -> list[str]:
    """What the user must know of a checkpoint on this dataset: seen test data, another graph, other inputs."""
    facts, dates, warnings = facts_of(checkpoint, path), dataset.dates("test"), []
    until = facts.get("trained_until")
    if until is not None and dates is not None and format_time(dates[0]) <= until:
        warnings.append(
            f"the test part in {dataset.folder} starts at {format_time(dates[0])}, but {path} was trained on data "
            f"until {until}: its test metrics are too good"
        )
    # A checkpoint says nothing of the graph if it is an early one, or its dataset had none.
    graph = _hash_of(checkpoint, "graph")
    if graph is not None and dataset.fingerprint.get("graph", graph) != graph:
        warnings.append(f"the graph in {dataset.folder} is not the one that {path} was trained with")
    rule, now = facts.get("missing_inputs"), missing_inputs_of(config)
    if rule is not None and rule != now:
        warnings.append(f"missing_inputs={now}, but {path} was trained with missing_inputs={rule}")
    return [f"warning: {warning}" for warning in warnings]


def model_warnings(path: str, config: BasicTSForecastingConfig) -> list[str]:
    """Warnings for fields of the model that differ from those of the checkpoint's run, although its parameters fit."""
    file = Path(path).with_name(CONFIG_FILE)
    before = read_json(file, "remove it").get("model_config") if file.is_file() else None
    now = json.loads(str(config))["model_config"]
    if not isinstance(before, dict) or not isinstance(now, dict):
        return []
    # as JSON, in which NaN equals NaN
    changed = [name for name in before.keys() & now.keys() if json.dumps(before[name]) != json.dumps(now[name])]
    return [
        f"warning: model_config.{name}={now[name]}, but {path} is of a run with model_config.{name}={before[name]}"
        for name in sorted(changed)
    ]


def _difference(trained: Any, found: Sequence[str]) -> str:
    """How the nodes differ, with their numbers and examples."""
    if not isinstance(trained, list):
        return "other nodes, or another order"
    gone, new = ([name for name in one if name not in {*other}] for one, other in ((trained, found), (found, trained)))
    if not gone and not new:
        first = next(number for number, pair in enumerate(zip(trained, found, strict=False)) if pair[0] != pair[1])
        return f"the same {len(found)} nodes in another order: {found[first]} in place of {trained[first]}"
    parts = [f"{len(names)} {what} ({_listed(names)})" for names, what in ((new, "new"), (gone, "missing")) if names]
    return f"other nodes: {', '.join(parts)} of {len(found)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(str, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")

"""The files of a prepared folder, as BasicTS 1.1 reads them, and the keys of its `meta.json`."""

from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import read_json
from .catalog import DATES, ROW_INDEX
from .times.calendars import calendar_of_meta
from .times.zones import check_zone

PARTS = ("train", "val", "test")
META_FILE, GRAPH_FILE = "meta.json", "adj_mx.pkl"
FILES = (META_FILE, *(f"{part}_{kind}.npy" for part in PARTS for kind in ("data", "timestamps")))

INTERVAL, SETTINGS = "frequency (minutes)", "regular_settings"
_FIX = "correct it, or prepare the dataset again"

# Every key is optional. Those from `unit` on are ours, the others BasicTS's.
_TYPES = {
    "name": str,
    "domain": str,
    INTERVAL: int,
    "num_time_steps": int,
    "num_vars": int,
    "timestamps_description": list,
    SETTINGS: dict,
    "unit": str,
    "non_negative": bool,
    "timestamp_rule": str,
    "part_of": str,
    "start": str,
    "first_row": int,
    "timezone": str,
    "calendar": dict,
    "windows_across_breaks": bool,
    "gaps": list,
    "channel": str,
    "covariates": list,
    "missing": list,
    "graph": str,
    "node_names": list,
}
_RULES = (ROW_INDEX, DATES)


def read_meta(folder: Path) -> dict[str, Any]:
    """The content of `meta.json` without the keys that are null; {} if there is no such file.

    Raises: UserError if it is not a JSON object, or the value of a known key cannot be used.
    """
    file = folder / META_FILE
    if not file.is_file():
        return {}
    meta = {key: value for key, value in read_json(file, _FIX).items() if value is not None}
    for key, kind in _TYPES.items():
        value = meta.get(key)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise meta_error(folder, key, repr(value), kind.__name__)
    for key in (INTERVAL, "num_vars"):
        if meta.get(key, 1) < 1:
            raise meta_error(folder, key, meta[key], "1 or more")
    if meta.get("timestamp_rule", DATES) not in _RULES:
        raise meta_error(folder, "timestamp_rule", meta["timestamp_rule"], " or ".join(_RULES))
    _check_times(folder, meta)
    _check_settings(folder, meta.get(SETTINGS, {}))
    return meta


def meta_error(folder: Path, key: str, found: object, expected: object) -> UserError:
    """The error for a key of a folder's `meta.json`."""
    return UserError(folder / META_FILE, f"{key}: {found}", expected, _FIX)


def _check_times(folder: Path, meta: dict[str, Any]) -> None:
    zone, calendar = meta.get("timezone"), meta.get("calendar")
    try:
        if zone is not None:
            check_zone(zone)
    except UserError as error:
        raise meta_error(folder, "timezone", error.found, error.expected) from error
    try:
        if calendar is not None:
            calendar_of_meta(calendar)
    except ValueError as error:
        raise meta_error(folder, "calendar", repr(calendar), error) from error
    if meta.get("gaps") and (zone is not None or calendar is not None):
        raise meta_error(folder, "gaps", f"{len(meta['gaps'])} gaps", "none beside a timezone or a calendar")


def _check_settings(folder: Path, settings: dict[str, Any]) -> None:
    null, split = settings.get("null_val"), settings.get("train_val_test_ratio")
    if null is not None and not _is_number(null):
        raise meta_error(folder, f"{SETTINGS}.null_val", repr(null), "a number, or NaN")
    is_split = isinstance(split, list) and len(split) == len(PARTS) and all(map(_is_number, split))
    if split is not None and not is_split:
        raise meta_error(folder, f"{SETTINGS}.train_val_test_ratio", repr(split), "three numbers")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

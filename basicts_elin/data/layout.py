"""The files of a prepared folder, as BasicTS 1.1 reads them, and the keys of its `meta.json`."""

from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import read_json
from .catalog import DATES, ROW_INDEX

PARTS = ("train", "val", "test")
META_FILE, GRAPH_FILE = "meta.json", "adj_mx.pkl"
ARRAYS = tuple(f"{part}_{kind}.npy" for part in PARTS for kind in ("data", "timestamps"))
FILES = (META_FILE, *ARRAYS)

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
    "gaps": list,
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
    _check_settings(folder, meta.get(SETTINGS, {}))
    return meta


def meta_error(folder: Path, key: str, found: object, expected: object) -> UserError:
    """The error for a key of a folder's `meta.json`."""
    return UserError(folder / META_FILE, f"{key}: {found}", expected, _FIX)


def _check_settings(folder: Path, settings: dict[str, Any]) -> None:
    null, split = settings.get("null_val"), settings.get("train_val_test_ratio")
    if null is not None and not _is_number(null):
        raise meta_error(folder, f"{SETTINGS}.null_val", repr(null), "a number, or NaN")
    is_split = isinstance(split, list) and len(split) == len(PARTS) and all(map(_is_number, split))
    if split is not None and not is_split:
        raise meta_error(folder, f"{SETTINGS}.train_val_test_ratio", repr(split), "three numbers")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

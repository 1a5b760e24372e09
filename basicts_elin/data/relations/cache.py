"""Arrays that are computed once from a dataset, kept in its folder."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import one_line, system_message
from ...files import made_folder, replacing
from ..dataset import Dataset

FOLDER = "cache"
_KEY = "key"

Arrays = dict[str, np.ndarray]


def cached(dataset: Dataset, name: str, settings: Mapping[str, Any], compute: Callable[[], Arrays]) -> Arrays:
    """The arrays that `compute` returns, read from `cache/<name>-<key>.npz` in the dataset's folder if it exists.

    The key is a hash of the data, the graph, the marker of missing values, the interval and the settings. A file that
    cannot be read or has another key is computed again. If the folder is not writable, nothing is stored.
    """
    content = {
        "data": dataset.fingerprint["data"],
        "graph": dataset.fingerprint.get("graph"),
        # The same arrays mean other data with another marker of missing values or another interval.
        "null_value": dataset.null_value,
        "interval_minutes": dataset.interval_minutes,
        **settings,
    }
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    file = dataset.folder / FOLDER / f"{name}-{key[:16]}.npz"
    if file.is_file():
        try:
            return _read(file, key)
        except Exception as error:
            # numpy and zipfile raise many types of error for a damaged file
            print(f"{file} cannot be used ({one_line(error)}): it is computed again")
    arrays = compute()
    try:
        _write(file, key, arrays)
    except OSError as error:
        print(f"not stored for the next run: {system_message(error)}")
    return arrays


def _read(file: Path, key: str) -> Arrays:
    # each array is checked against its checksum as it is read
    with np.load(file, allow_pickle=False) as content:
        arrays = dict(content)
    if str(arrays.pop(_KEY, "")) != key:
        raise ValueError("it belongs to other data or settings")
    return arrays


def _write(file: Path, key: str, arrays: Arrays) -> None:
    with made_folder(file.parent), replacing(file) as temporary, temporary.open("wb") as target:
        content: dict[str, Any] = {_KEY: np.array(key), **arrays}
        np.savez_compressed(target, **content)

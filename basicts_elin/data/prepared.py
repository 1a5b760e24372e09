"""Prepared folders, as BasicTS 1.1 reads them: whether their files are sound and belong together."""

from pathlib import Path

import numpy as np

from ..errors import UserError, one_line
from .availability import how_to_get, not_prepared
from .catalog import CATALOG, MINUTES_PER_DAY, DatasetFacts
from .dates import check_timestamps
from .labels import node_names
from .layout import PARTS, read_meta

# what is read of meta.json, where it is there
_META = {
    "name": str,
    "start": str,
    "first_row": int,
    "gaps": list,
    "frequency (minutes)": int,
    "num_vars": int,
    "num_time_steps": int,
}


def open_prepared(folder: Path, name: str, null_value: float = 0.0) -> dict[str, np.ndarray]:
    """The values float32 [rows, nodes] of each part, memory-mapped.

    Raises: UserError for arrays that are missing or damaged, do not fit each other or `meta.json`, or hold what no
        dataset of that name can.
    """
    if not folder.is_dir():
        raise UserError(not_prepared(name, folder))
    parts = {part: _part(folder, part, name, null_value) for part in PARTS}
    num_nodes = parts["train"].shape[1]
    _check_meta(folder, num_nodes)
    for part in PARTS if name in CATALOG else ():
        _check_traffic(folder, part, parts[part], CATALOG[name])
    for part, values in parts.items():
        if values.shape[1] != num_nodes:
            raise UserError(
                f"{folder / part}_data.npy has {values.shape[1]} nodes, train_data.npy {num_nodes}: prepare it again"
            )
    node_names(folder, num_nodes)
    return parts


def _part(folder: Path, part: str, name: str, null_value: float) -> np.ndarray:
    file, stamps_file = (folder / f"{part}_{kind}.npy" for kind in ("data", "timestamps"))
    values, stamps = _open(file, name), _open(stamps_file, name)
    if values.ndim != 2 or values.dtype != np.float32:
        raise UserError(f"{file} is {values.dtype} {values.shape}; expected float32 [rows, nodes]: prepare it again")
    if len(stamps) != len(values):
        raise UserError(f"{file} has {len(values)} rows, {stamps_file.name} {len(stamps)}: prepare it again")
    if stamps.ndim != 2 or stamps.shape[1] < 2 or stamps.dtype.kind != "f":
        raise UserError(
            f"{stamps_file} is {stamps.dtype} {stamps.shape}; expected floats [rows, 2], time of day and day of week: "
            "prepare it again"
        )
    if not np.isfinite(values).all():
        raise UserError(f"{file} holds NaN or infinity; missing values must be {null_value}: prepare it again")
    if not np.isfinite(stamps).all():
        raise UserError(f"{stamps_file} holds NaN or infinity; expected times in [0, 1): prepare it again")
    return values


def _check_traffic(folder: Path, part: str, values: np.ndarray, facts: DatasetFacts) -> None:
    if values.min(initial=0) < min(0, facts.null_value):
        found = f"{folder / part}_data.npy holds {values.min():g}"
        raise UserError(f"{found}; expected {facts.domain} of 0 or more: prepare it again")
    meta = read_meta(folder)
    interval = meta.get("frequency (minutes)") or facts.interval_minutes
    if not 1 <= interval <= MINUTES_PER_DAY or MINUTES_PER_DAY % interval:
        raise UserError(
            f"{folder / 'meta.json'}: frequency (minutes) is {interval}; expected a part of a day, such as "
            f"{facts.interval_minutes}: prepare the dataset again"
        )
    file = folder / f"{part}_timestamps.npy"
    has_gaps = bool(meta.get("gaps"))
    check_timestamps(np.load(file), MINUTES_PER_DAY // interval, str(file), has_gaps=has_gaps)


def _check_meta(folder: Path, num_nodes: int) -> None:
    meta = read_meta(folder)
    for key, kind in _META.items():
        if meta.get(key) is not None and not isinstance(meta[key], kind):
            raise UserError(
                f"{folder / 'meta.json'}: {key} is {meta[key]!r}; expected {kind.__name__}: prepare the dataset again"
            )
    if meta.get("num_vars") not in (None, num_nodes):
        raise UserError(
            f"{folder / 'meta.json'}: num_vars is {meta['num_vars']}, but the arrays beside it have {num_nodes} nodes: "
            "prepare the dataset again"
        )


def _open(file: Path, name: str) -> np.ndarray:
    if not file.is_file():
        raise UserError(f"dataset {name} is incomplete: {file} is missing; {how_to_get(name)}")
    try:
        return np.lib.format.open_memmap(file, mode="r")
    except OSError:
        raise
    except Exception as error:
        # a damaged header may fail in any way, from EOFError to SyntaxError
        raise UserError(f"{file} is not an .npy array ({one_line(error)}); prepare dataset {name} again") from error

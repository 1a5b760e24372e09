"""`basicts.utils` of BasicTS 0.5, over the dataset folders of BasicTS 1.1.

Letters: T steps of the series, N nodes; B batch, L steps of a window, C channels.
"""

import functools
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch

from ...data.catalog import dataset_facts, how_to_get, not_prepared
from ...data.io.pickles import load_arrays
from ...data.layout import PARTS, read_meta
from ...errors import UserError
from .adjacency import NORMALISED
from .refuse import refuse_others

_FOLDER = Path("datasets")
_LENGTH = 12

# dataset that the configuration names -> the part of it that the run is about
_PARTS_FOR: dict[str, str] = {}

# SHA-256 of the files that `load_pkl` has read
_READ: dict[Path, str] = {}


@contextmanager
def standing_for(dataset: Optional[str]) -> Iterator[dict[Path, str]]:
    """While this lasts, a configuration that names the whole dataset gets its part, `dataset`.

    Yields the SHA-256 of each file that it reads by `load_adj` or `load_pkl`, as soon as it has.
    """
    whole = dataset_facts(dataset).part_of if dataset else None
    _PARTS_FOR.update({whole: dataset} if whole else {})
    _READ.clear()
    try:
        yield _READ
    finally:
        _PARTS_FOR.clear()


def meant(dataset: str) -> str:
    """The dataset of the run, by the name that the configuration has for it."""
    return _PARTS_FOR.get(dataset, dataset)


def get_regular_settings(dataset_name: str) -> dict[str, Any]:
    settings = dataset_facts(meant(dataset_name)).regular_settings
    lengths = {"INPUT_LEN": _LENGTH, "OUTPUT_LEN": _LENGTH}
    return lengths | {name.upper(): value for name, value in settings.items()}


def load_dataset_desc(dataset_name: str) -> dict[str, Any]:
    """`desc.json` as it would be, with a channel each for value, time of day and day of week."""
    meta = read_meta(_folder(dataset_name))
    steps, nodes = meta["shape"]
    names = ("name", "domain", "frequency (minutes)", "has_graph", "num_time_steps")
    return {name: meta[name] for name in names} | {
        "shape": [steps, nodes, 3],
        "num_nodes": nodes,
        "num_features": 3,
        "feature_description": [meta["domain"], "time of day", "day of week"],
        "regular_settings": get_regular_settings(dataset_name),
    }


def load_dataset_data(dataset_name: str) -> np.ndarray:
    """The whole series, float32 [T, N, 3]."""
    folder = _folder(dataset_name)
    values, times = (
        np.concatenate([np.load(folder / f"{part}_{kind}.npy") for part in PARTS]) for kind in ("data", "timestamps")
    )
    times = np.broadcast_to(times[:, None, :2], (*values.shape, 2))
    return np.concatenate([values[..., None], times], axis=-1, dtype=np.float32)


def load_pkl(pickle_file: str) -> Any:
    """Arrays and plain data; nothing else is executed. A path into datasets/ leads to the dataset of the run."""
    file = _place(pickle_file)
    if file.parent.parent == _FOLDER:
        folder = file.parent
        if not file.is_file():
            raise UserError(
                f"{file} is missing: this baseline needs the graph; give it by `basicts-elin prepare {folder.name} "
                "--force ...` with --distances or --adjacency"
            )
    content = load_arrays(file, "graph")
    _READ[file] = hashlib.sha256(file.read_bytes()).hexdigest()
    return content


def load_adj(file_path: str, adj_type: str) -> tuple[list[np.ndarray], np.ndarray]:
    """The matrices that a graph convolution multiplies with, and the adjacency matrix as it is, each [N, N]."""
    content = load_pkl(file_path)
    # DCRNN's pickles have ids, and places by id, before the matrix
    adjacency = np.array(content[2] if isinstance(content, (list, tuple)) else content)
    _check_size(_place(file_path), adjacency)
    if adj_type not in NORMALISED:
        raise UserError(f"load_adj: {adj_type!r} is no normalisation; expected one of {', '.join(NORMALISED)}")
    return NORMALISED[adj_type](adjacency), adjacency


class partial(functools.partial):  # noqa: N801  0.5's name
    """`functools.partial`."""


def remove_nan_inf(tensor: torch.Tensor) -> torch.Tensor:
    return torch.nan_to_num(tensor, nan=0.0, posinf=0.0, neginf=0.0)


def data_transformation_4_xformer(
    history_data: torch.Tensor, future_data: torch.Tensor, start_token_len: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Values [B, L, N] and centred times [B, L, C - 1] for an encoder, and for a decoder.

    The decoder gets the last `start_token_len` steps of the history, then zeros to be forecast.
    """
    values, times = history_data[..., 0], history_data[:, :, 0, 1:] - 0.5
    to_come, times_to_come = torch.zeros_like(future_data[..., 0]), future_data[:, :, 0, 1:] - 0.5
    known = slice(values.shape[1] - start_token_len, None)
    return (
        values.float(),
        times.float(),
        torch.cat([values[:, known], to_come], dim=1).float(),
        torch.cat([times[:, known], times_to_come], dim=1).float(),
    )


def _place(pickle_file: str) -> Path:
    """A path into datasets/ leads to the dataset of the run."""
    file = Path(pickle_file)
    return _folder(file.parent.name) / file.name if file.parent.parent == _FOLDER else file


def _check_size(file: Path, adjacency: np.ndarray) -> None:
    """The graph in the folder of a dataset must have its nodes."""
    if file.parent.parent != _FOLDER:
        return
    _, nodes = read_meta(file.parent)["shape"]
    if adjacency.shape != (nodes, nodes):
        found = " x ".join(map(str, adjacency.shape)) or "no matrix"
        raise UserError(
            f"{file} is {found}; the dataset has {nodes} nodes, which need {nodes} x {nodes}: give their graph by "
            f"`basicts-elin prepare {file.parent.name} --force ...` with --distances or --adjacency"
        )


def _folder(dataset: str) -> Path:
    name = meant(dataset)
    folder = _FOLDER / name
    if not folder.is_dir():
        raise not_prepared(name, folder)
    if not (folder / "meta.json").is_file():
        raise UserError(f"dataset {name} is incomplete: {folder / 'meta.json'} is missing; {how_to_get(name)}")
    return folder


__getattr__ = refuse_others("utils")

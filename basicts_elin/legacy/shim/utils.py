"""`basicts.utils` of BasicTS 0.5, over the dataset folders of BasicTS 1.1.

Letters: T steps of the series, N nodes; B batch, L steps of a window, C channels.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch

from ...errors import UserError
from ..dataset import RunDataset
from .adjacency import NORMALISED
from .refuse import refuse_others

# the dataset of the run that legacy code is read for
_run: Optional[RunDataset] = None


@contextmanager
def reading_from(dataset: RunDataset) -> Iterator[None]:
    """In this context legacy code reads from this dataset."""
    global _run
    before, _run = _run, dataset
    try:
        yield
    finally:
        _run = before


def _datasets() -> RunDataset:
    return _run or RunDataset()


def get_regular_settings(dataset_name: str) -> dict[str, Any]:
    return {name.upper(): value for name, value in _datasets().settings(dataset_name).items()}


def load_dataset_desc(dataset_name: str) -> dict[str, Any]:
    """`desc.json` of BasicTS 0.5, with a channel each for value, time of day and day of week."""
    dataset = _datasets().open(dataset_name)
    return {
        "name": dataset.name,
        "domain": dataset.domain,
        "frequency (minutes)": dataset.interval_minutes,
        "has_graph": dataset.graph is not None,
        "num_time_steps": dataset.num_rows,
        "shape": [dataset.num_rows, dataset.num_nodes, 3],
        "num_nodes": dataset.num_nodes,
        "num_features": 3,
        "feature_description": [dataset.domain, "time of day", "day of week"],
        "regular_settings": get_regular_settings(dataset_name),
    }


def load_dataset_data(dataset_name: str) -> np.ndarray:
    """The whole series, float32 [T, N, 3]."""
    values, times = _datasets().series(dataset_name)
    times = np.broadcast_to(times[:, None], (*values.shape, 2))
    return np.concatenate([values[..., None], times], axis=-1, dtype=np.float32)


def load_pkl(pickle_file: str) -> Any:
    """Arrays and plain data; nothing in the pickle is executed."""
    return _datasets().pickled(Path(pickle_file))


def load_adj(file_path: str, adj_type: str) -> tuple[list[np.ndarray], np.ndarray]:
    """The matrices by which a graph convolution multiplies, and the adjacency matrix itself, each [N, N]."""
    adjacency = _datasets().adjacency(Path(file_path))
    if adj_type not in NORMALISED:
        raise UserError("load_adj: adj_type", repr(adj_type), f"one of {', '.join(NORMALISED)}")
    return NORMALISED[adj_type](adjacency), adjacency


class partial(functools.partial):  # noqa: N801  the name in BasicTS 0.5
    """`functools.partial`."""


def remove_nan_inf(tensor: torch.Tensor) -> torch.Tensor:
    return torch.nan_to_num(tensor, nan=0.0, posinf=0.0, neginf=0.0)


def data_transformation_4_xformer(
    history_data: torch.Tensor, future_data: torch.Tensor, start_token_len: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Values [B, L, N] and centred times [B, L, C - 1], for an encoder and for a decoder.

    The decoder gets the last `start_token_len` steps of the history, followed by zeros for the steps to forecast.
    """
    values, times = history_data[..., 0], history_data[:, :, 0, 1:] - 0.5
    unknown, future_times = torch.zeros_like(future_data[..., 0]), future_data[:, :, 0, 1:] - 0.5
    known = slice(values.shape[1] - start_token_len, None)
    return (
        values.float(),
        times.float(),
        torch.cat([values[:, known], unknown], dim=1).float(),
        torch.cat([times[:, known], future_times], dim=1).float(),
    )


__getattr__ = refuse_others("utils")

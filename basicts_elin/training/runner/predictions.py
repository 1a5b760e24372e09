"""Predictions of every test window, collected batch by batch and written as one file.

Defect: what BasicTS 1.1.0 writes has the wrong rows after a short batch, no header, and inputs on another scale.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from basicts.configs import BasicTSForecastingConfig
from numpy.lib.stride_tricks import sliding_window_view

from ...data.labels import node_names, part_dates
from ...errors import UserError
from ..launch.data_checks import dataset_folder

FILE_NAME = "predictions.npz"

# of a batch that the task flow has brought back to the original scale
_KEYS = {"prediction": "prediction", "target": "targets", "mask": "targets_mask"}
_TYPES = {"prediction": np.float32, "target": np.float32, "mask": np.bool_}


class Predictions:
    """The arrays prediction, target and mask, [windows, steps, nodes].

    Prediction and target are in original units; mask is True where the target was measured.
    """

    def __init__(self, shape: tuple[int, int, int]):
        self.arrays = {name: np.empty(shape, kind) for name, kind in _TYPES.items()}
        self._filled = 0

    def add(self, batch: dict[str, Any]) -> None:
        """Take the next windows, tensors [batch, steps, nodes] under BasicTS's names."""
        rows = slice(self._filled, self._filled + len(batch["prediction"]))
        for name, key in _KEYS.items():
            self.arrays[name][rows] = batch[key].detach().cpu().numpy()
        self._filled = rows.stop

    def write(self, path: Path, config: BasicTSForecastingConfig) -> None:
        """Write the arrays, with node_names [nodes] and times [windows, steps], whole or not at all."""
        folder = dataset_folder(config)
        windows, steps, nodes = self.arrays["prediction"].shape
        labels = {
            "node_names": np.array(node_names(folder, nodes)),
            "times": target_times(folder, config.dataset_params.input_len, windows, steps),
        }
        temporary = path.with_suffix(".tmp")
        try:
            with temporary.open("wb") as file:
                np.savez(file, **self.arrays, **labels)
            os.replace(temporary, path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise UserError(f"predictions: {path} cannot be written ({error})") from error


def windows_shape(config: BasicTSForecastingConfig) -> tuple[int, int, int]:
    """Windows, steps and nodes of the test part."""
    rows, nodes = np.load(dataset_folder(config) / "test_data.npy", mmap_mode="r").shape
    lengths = config.dataset_params
    return rows - lengths.input_len - lengths.output_len + 1, lengths.output_len, nodes


def target_times(folder: Path, input_len: int, windows: int, steps: int) -> np.ndarray:
    """The time that each prediction is for, datetime64[m] [windows, steps]; NaT where the dataset has no dates."""
    dates = part_dates(folder, "test")
    if dates is None:
        return np.full((windows, steps), np.datetime64("NaT", "m"))
    return sliding_window_view(dates[input_len:], steps)


def announcement(config: BasicTSForecastingConfig, path: Path) -> str:
    """What `write` will put where, and how large it will be."""
    windows, steps, nodes = windows_shape(config)
    folder = dataset_folder(config)
    # now, and not after the training, if there is anything wrong with them
    names, dated = np.array(node_names(folder, nodes)), part_dates(folder, "test") is not None
    bytes_per_value = sum(np.dtype(kind).itemsize for kind in _TYPES.values())
    size = windows * steps * (nodes * bytes_per_value + np.dtype("datetime64[m]").itemsize) + names.nbytes
    unknown = "" if dated else "; without times, which the dataset does not have"
    return f"predictions: {windows} windows x {steps} steps x {nodes} nodes, {_readable(size)}, to {path}{unknown}"


def _readable(size: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1e3:.1f} kB"

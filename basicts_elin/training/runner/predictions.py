"""Predictions of every test window, collected batch by batch and written as one file.

BasicTS defect 10: its own files have wrong rows after a short batch, no header, and inputs on another scale.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...data.dataset import Dataset
from ...errors import UserError, one_line

PREDICTIONS_FILE = "predictions.npz"

# The names of these arrays in a batch, after the task flow has rescaled it to the original scale.
_NAMES_IN_BATCH = {"prediction": "prediction", "target": "targets", "mask": "targets_mask"}
_TYPES = {"prediction": np.float32, "target": np.float32, "mask": np.bool_}


class Predictions:
    """The arrays prediction, target and mask, [windows, steps, nodes].

    Prediction and target are in original units. The mask is True where the target was measured.
    """

    def __init__(self, shape: tuple[int, int, int]):
        self.arrays = {name: np.empty(shape, kind) for name, kind in _TYPES.items()}
        self._filled = 0

    def add(self, batch: dict[str, Any]) -> None:
        """Add the next windows, tensors [batch, steps, nodes] under BasicTS's names."""
        rows = slice(self._filled, self._filled + len(batch["prediction"]))
        for name, name_in_batch in _NAMES_IN_BATCH.items():
            self.arrays[name][rows] = batch[name_in_batch].detach().cpu().numpy()
        self._filled = rows.stop

    def write(self, path: Path, dataset: Dataset, input_len: int) -> None:
        """Write the arrays, node_names [nodes] and times [windows, steps], as a whole or not at all."""
        windows, steps, _ = self.arrays["prediction"].shape
        where_and_when = {
            "node_names": np.array(dataset.node_names),
            "times": target_times(dataset, input_len, windows, steps),
        }
        temporary = path.with_suffix(".tmp")
        try:
            with temporary.open("wb") as file:
                np.savez(file, **self.arrays, **where_and_when)
            os.replace(temporary, path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            found = f"{path} cannot be written ({one_line(error)})"
            raise UserError("predictions", found, fix="free space there, and evaluate again") from error


def target_times(dataset: Dataset, input_len: int, windows: int, steps: int) -> np.ndarray:
    """The date of each predicted value, datetime64[m] [windows, steps]; NaT if the dataset's dates are not known."""
    dates = dataset.dates("test")
    if dates is None:
        return np.full((windows, steps), np.datetime64("NaT", "m"))
    return sliding_window_view(dates[input_len:], steps)


def announcement(path: Path, dataset: Dataset, input_len: int, output_len: int) -> str:
    """The file that `write` will write, and its size. Raises: UserError for names or dates that cannot be written."""
    rows, nodes = dataset.values("test").shape
    windows, steps = rows - input_len - output_len + 1, output_len
    names, is_dated = np.array(dataset.node_names), dataset.dates("test") is not None
    bytes_per_value = sum(np.dtype(kind).itemsize for kind in _TYPES.values())
    size = windows * steps * (nodes * bytes_per_value + np.dtype("datetime64[m]").itemsize) + names.nbytes
    unknown = "" if is_dated else "; without times, because the dataset's dates are not known"
    return f"predictions: {windows} windows x {steps} steps x {nodes} nodes, {_readable(size)}, to {path}{unknown}"


def _readable(size: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1e3:.1f} kB"

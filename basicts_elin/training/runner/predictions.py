"""Predictions of every test window, collected batch by batch and written as one file.

BasicTS defect 10: its own files have wrong rows after a short batch, no header, and inputs on another scale.
"""

import os
from pathlib import Path
from typing import Any, Optional

import numpy as np

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
        """Write the arrays, node_names [nodes] and times [windows, steps], as a whole or not at all.

        `times` are local. If the dataset has a time zone, `times_utc` are the same in UTC.
        """
        steps = self.arrays["prediction"].shape[1]
        starts = dataset.window_starts("test", input_len, steps)
        where_and_when = {
            "node_names": np.array(dataset.node_names),
            "times": target_times(dataset.dates("test"), starts + input_len, steps),
        }
        if dataset.timezone is not None:
            where_and_when["times_utc"] = target_times(dataset.instants("test"), starts + input_len, steps)
        temporary = path.with_suffix(".tmp")
        try:
            with temporary.open("wb") as file:
                np.savez(file, **self.arrays, **where_and_when)
            os.replace(temporary, path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            found = f"{path} cannot be written ({one_line(error)})"
            raise UserError("predictions", found, fix="free space there, and evaluate again") from error


def target_times(times: Optional[np.ndarray], first: np.ndarray, steps: int) -> np.ndarray:
    """The time of each predicted value, datetime64[m] [windows, steps]; NaT if the times are not known.

    Args:
        times: of the rows of the test part.
        first: the row of the first target of each window, [windows].
    """
    if times is None:
        return np.full((len(first), steps), np.datetime64("NaT", "m"))
    return times[first[:, None] + np.arange(steps)]


def announcement(path: Path, dataset: Dataset, input_len: int, output_len: int) -> str:
    """The file that `write` will write, and its size. Raises: UserError for names or dates that cannot be written."""
    nodes, steps = dataset.values("test").shape[1], output_len
    windows = len(dataset.window_starts("test", input_len, output_len))
    names, is_dated = np.array(dataset.node_names), dataset.dates("test") is not None
    bytes_per_value = sum(np.dtype(kind).itemsize for kind in _TYPES.values())
    bytes_per_step = np.dtype("datetime64[m]").itemsize * (1 if dataset.timezone is None else 2)
    size = windows * steps * (nodes * bytes_per_value + bytes_per_step) + names.nbytes
    unknown = "" if is_dated else "; without times, because the dataset's dates are not known"
    return f"predictions: {windows} windows x {steps} steps x {nodes} nodes, {_readable(size)}, to {path}{unknown}"


def _readable(size: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1e3:.1f} kB"

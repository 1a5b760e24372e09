"""Forecasts of many windows of a series. T rows, L steps in, O steps ahead, N sensors, W windows."""

from collections.abc import Callable
from typing import Optional

import numpy as np
import torch

from ..data.catalog import DAYS_PER_WEEK, MINUTES_PER_DAY
from ..data.dataset import Dataset
from ..data.quality import observed
from ..data.times.dates import minutes_of_day, weekdays_of
from ..training.runner.predictions import target_times
from .network import ScaledNetwork, device_of
from .windows import Windows

BATCH_SIZE = 64


def predict_windows(
    network: ScaledNetwork,
    values: np.ndarray,
    timestamps: np.ndarray,
    starts: np.ndarray,
    input_len: int,
    output_len: int,
    batch_size: int = BATCH_SIZE,
    progress: Optional[Callable[[int], None]] = None,
) -> np.ndarray:
    """Forecasts float32 [W, O, N] in original units.

    Args:
        values: [T, N], NaN or the marker where missing.
        timestamps: time of day and day of week [at least the last target's row, 2].
        starts: the first row of each window, [W].
        progress: called with the number of windows that are done.
    """
    device = device_of(network)
    steps = np.arange(input_len + output_len)
    prediction = np.empty((len(starts), output_len, values.shape[1]), np.float32)
    # Some models draw random numbers in evaluation, too: equal inputs give equal forecasts.
    with torch.inference_mode(), torch.random.fork_rng([] if device is None or device.type == "cpu" else [device]):
        torch.manual_seed(0)
        for first in range(0, len(starts), batch_size):
            rows = starts[first : first + batch_size, None] + steps
            inputs, stamps = values[rows[:, :input_len]], timestamps[rows]
            tensors = (
                torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(device)
                for array in (inputs, stamps[:, :input_len], stamps[:, input_len:])
            )
            prediction[first : first + batch_size] = network(*tensors).cpu().numpy()
            if progress is not None:
                progress(min(first + batch_size, len(starts)))
    return prediction


def part_windows(
    network: ScaledNetwork, dataset: Dataset, part: str, input_len: int, output_len: int, batch_size: int = BATCH_SIZE
) -> Windows:
    """The forecasts of a part of a prepared dataset, "train", "val" or "test": those that an evaluation makes."""
    values, stamps = dataset.values(part), dataset.timestamps(part)
    starts = dataset.window_starts(part, input_len, output_len)
    prediction = predict_windows(network, values, stamps, starts, input_len, output_len, batch_size)
    return windows_of(dataset, part, prediction, input_len)


def windows_of(dataset: Dataset, part: str, prediction: np.ndarray, input_len: int) -> Windows:
    """The forecasts [W, O, N] of all windows of a part, with their targets and times."""
    values, stamps = dataset.values(part), dataset.timestamps(part)
    output_len = prediction.shape[1]
    rows = dataset.window_starts(part, input_len, output_len) + input_len
    targets = rows[:, None] + np.arange(output_len)
    dates = dataset.dates(part)
    times = target_times(dates, rows, output_len)
    if dates is None:
        minutes = np.rint(stamps[:, 0].astype(np.float64) * MINUTES_PER_DAY).astype(np.int64)[targets]
        weekdays = np.rint(stamps[:, 1] * DAYS_PER_WEEK).astype(np.int64)[targets]
    else:
        minutes, weekdays = minutes_of_day(times), weekdays_of(times)
    measured = observed(values, dataset.null_value)
    target = np.where(measured, values, np.nan)[targets]
    return Windows(prediction, target, rows, minutes, weekdays, times)

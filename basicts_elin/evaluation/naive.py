"""Forecasts without training, on the benchmark's test windows. Every model should beat them."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..data.catalog import DAYS_PER_WEEK
from ..data.dataset import Dataset
from ..errors import UserError
from .numpy_metrics import metrics_by_horizon, observed

LAST_VALUE, HISTORICAL_AVERAGE = "last value", "historical average"


@dataclass(frozen=True)
class Part:
    """One part of a dataset.

    Attributes:
        values: [rows, nodes].
        slot: number of the step in the day, [rows].
        day: number of the day in the week, [rows].
    """

    values: np.ndarray
    slot: np.ndarray
    day: np.ndarray

    @classmethod
    def of(cls, dataset: Dataset, name: str) -> "Part":
        """The part "train", "val" or "test"."""
        counts = enumerate((dataset.steps_per_day, DAYS_PER_WEEK))
        stamps = dataset.timestamps(name)
        return cls(dataset.values(name), *(np.rint(stamps[:, column] * count).astype(int) for column, count in counts))


def naive_metrics(dataset: Dataset, input_len: int = 12, output_len: int = 12) -> dict[str, dict[str, dict]]:
    """Metrics by horizon of each naive forecast on the test windows.

    Raises: UserError if the dataset is not sound, or its test part has no window.
    """
    dataset.check()
    test, null = dataset.values("test"), dataset.null_value
    if len(test) < input_len + output_len:
        file, needed = dataset.folder / "test_data.npy", input_len + output_len
        raise UserError(file, f"{len(test)} rows", f"{needed} or more, one window", "prepare more rows")
    targets = windows(test[input_len:], output_len)
    average = historical_average(Part.of(dataset, "train"), Part.of(dataset, "test"), null)
    forecasts = {
        LAST_VALUE: last_value(test, input_len, output_len, null),
        HISTORICAL_AVERAGE: windows(average[input_len:], output_len),
    }
    return {name: metrics_by_horizon(forecast, targets, null) for name, forecast in forecasts.items()}


def windows(series: np.ndarray, length: int) -> np.ndarray:
    """All windows of `length` rows of series [rows, nodes]: [windows, length, nodes], a view."""
    return sliding_window_view(series, length, axis=0).transpose(0, 2, 1)


def last_value(series: np.ndarray, input_len: int, output_len: int, null_value: float) -> np.ndarray:
    """The last measured value of each input window, repeated; the null value if the window has none.

    series [rows, nodes] -> [windows, output_len, nodes].
    """
    inputs = windows(series[:-output_len], input_len)
    steps_back = observed(inputs, null_value)[:, ::-1].argmax(axis=1)
    last = np.take_along_axis(inputs, (input_len - 1 - steps_back)[:, None], axis=1)
    return np.broadcast_to(last, (len(inputs), output_len, series.shape[1]))


def historical_average(train: Part, test: Part, null_value: float) -> np.ndarray:
    """Mean of the measured training values of the same node, day of week and time of day, [test rows, nodes].

    If the node has no such value: its mean at that time of day, else over the whole training part, else the null value.
    """
    slots, days = 1 + max(train.slot.max(), test.slot.max()), 1 + max(train.day.max(), test.day.max())
    mask = observed(train.values, null_value)
    totals = np.zeros((slots, days, train.values.shape[1]))
    counts = np.zeros_like(totals)
    np.add.at(totals, (train.slot, train.day), np.where(mask, train.values, 0.0))
    np.add.at(counts, (train.slot, train.day), mask)
    average = _mean(totals.sum((0, 1)), counts.sum((0, 1)), fallback=null_value)
    by_slot = _mean(totals.sum(1), counts.sum(1), fallback=average)
    return _mean(totals, counts, fallback=by_slot[:, None])[test.slot, test.day]


def _mean(total: np.ndarray, count: np.ndarray, fallback) -> np.ndarray:
    return np.where(count > 0, total / np.maximum(count, 1), fallback)

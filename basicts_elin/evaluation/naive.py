"""Forecasts that need no training, on the benchmark's test windows: what every model has to beat."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..data.layout import read_meta
from ..data.prepared import open_prepared
from ..errors import UserError
from .metrics import metrics_by_horizon, observed

LAST_VALUE, HISTORICAL_AVERAGE = "last value", "historical average"


@dataclass(frozen=True)
class Part:
    """One part of a prepared dataset: values [rows, nodes], slot of the day and day of the week [rows]."""

    values: np.ndarray
    slot: np.ndarray
    day: np.ndarray


@dataclass(frozen=True)
class Prepared:
    """What the naive forecasts read of a dataset folder."""

    train: Part
    test: Part
    null_value: float


def read_prepared(folder: Path) -> Prepared:
    """Read a BasicTS 1.1 dataset folder. Raises: UserError where it is not there."""
    if not (folder / "meta.json").is_file():
        raise UserError(f"{folder} is no prepared dataset (no meta.json); start the command where datasets/ lies")
    meta = read_meta(folder)
    try:
        slots_per_day, null_value = 24 * 60 // meta["frequency (minutes)"], float(meta["regular_settings"]["null_val"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise UserError(f"{folder / 'meta.json'} lacks the frequency or null_val; prepare the dataset again") from error
    values = open_prepared(folder, folder.name, null_value)

    def part(name: str) -> Part:
        timestamps = np.load(folder / f"{name}_timestamps.npy")
        slot, day = (np.rint(timestamps[:, i] * count).astype(int) for i, count in ((0, slots_per_day), (1, 7)))
        return Part(values[name], slot, day)

    return Prepared(part("train"), part("test"), null_value)


def naive_metrics(folder: Path, input_len: int = 12, output_len: int = 12) -> dict[str, dict[str, dict]]:
    """Metrics by horizon of each naive forecast on the test windows of a prepared dataset."""
    data = read_prepared(folder)
    rows = len(data.test.values)
    if rows < input_len + output_len:
        raise UserError(f"{folder}/test_data.npy has {rows} rows; expected {input_len} + {output_len}, a window")
    targets = windows(data.test.values[input_len:], output_len)
    forecasts = {
        LAST_VALUE: last_value(data.test.values, input_len, output_len, data.null_value),
        HISTORICAL_AVERAGE: windows(historical_average(data)[input_len:], output_len),
    }
    return {name: metrics_by_horizon(forecast, targets, data.null_value) for name, forecast in forecasts.items()}


def windows(series: np.ndarray, length: int) -> np.ndarray:
    """All windows of `length` rows of series [rows, nodes]: [windows, length, nodes], a view."""
    return sliding_window_view(series, length, axis=0).transpose(0, 2, 1)


def last_value(series: np.ndarray, input_len: int, output_len: int, null_value: float) -> np.ndarray:
    """The last measured value of each input window, held; the null value where the window has none.

    series [rows, nodes] -> [windows, output_len, nodes].
    """
    inputs = windows(series[:-output_len], input_len)
    steps_back = observed(inputs, null_value)[:, ::-1].argmax(axis=1)
    last = np.take_along_axis(inputs, (input_len - 1 - steps_back)[:, None], axis=1)
    return np.broadcast_to(last, (len(inputs), output_len, series.shape[1]))


def historical_average(data: Prepared) -> np.ndarray:
    """Mean of the measured training values of the same node, day of week and time of day, for every test row.

    Where a node was never measured then: its mean at that time of day, or over the whole training part. [rows, nodes].
    """
    train, test = data.train, data.test
    slots, days = 1 + max(train.slot.max(), test.slot.max()), 1 + max(train.day.max(), test.day.max())
    mask = observed(train.values, data.null_value)
    totals = np.zeros((slots, days, train.values.shape[1]))
    counts = np.zeros_like(totals)
    np.add.at(totals, (train.slot, train.day), np.where(mask, train.values, 0.0))
    np.add.at(counts, (train.slot, train.day), mask)
    average = _mean(totals.sum((0, 1)), counts.sum((0, 1)), fallback=data.null_value)
    by_slot = _mean(totals.sum(1), counts.sum(1), fallback=average)
    return _mean(totals, counts, fallback=by_slot[:, None])[test.slot, test.day]


def _mean(total: np.ndarray, count: np.ndarray, fallback) -> np.ndarray:
    return np.where(count > 0, total / np.maximum(count, 1), fallback)

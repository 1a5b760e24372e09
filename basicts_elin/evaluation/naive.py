"""Forecasts without training, on the benchmark's test windows. Every model should beat them. T: rows, N: nodes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Union

import numpy as np

from ..data.catalog import DAYS_PER_WEEK
from ..data.dataset import Dataset
from ..data.quality import observed
from ..errors import UserError
from .numpy_metrics import HORIZONS, error_sums, metrics_by_horizon

LAST_VALUE, HISTORICAL_AVERAGE = "last value", "historical average"

# Values of a part that are taken at once. A few float64 arrays of this size are held.
_BLOCK = 2**22


@dataclass(frozen=True)
class Part:
    """One part of a dataset.

    Attributes:
        values: [T, N].
        slot: number of the step in the day, [T].
        day: number of the day in the week, [T].
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


def naive_metrics(
    dataset: Dataset, input_len: int = 12, output_len: int = 12, horizons: Sequence[int] = HORIZONS
) -> dict[str, dict[str, dict]]:
    """Metrics by horizon of each naive forecast on the test windows. The memory does not depend on their lengths.

    Where missing values are NaN, a node without a value to forecast from is given its mean, or that of all nodes, over
    the training part; where a number marks them, that number, as in the benchmark.

    Raises: UserError if the dataset is not sound, or its test part has no window.
    """
    dataset.check()
    rows, null = len(dataset.values("test")), dataset.null_value
    if rows < input_len + output_len:
        file, needed = dataset.folder / "test_data.npy", input_len + output_len
        raise UserError(file, f"{rows} rows", f"{needed} or more, one window", "prepare more rows")
    targets = dataset.window_starts("test", input_len, output_len) + input_len
    otherwise = _mean_of_all(dataset.values("train")) if np.isnan(null) else null
    last, average = np.zeros((output_len, 5)), np.zeros((output_len, 5))
    for train, test in _blocks(Part.of(dataset, "train"), Part.of(dataset, "test")):
        measured = observed(test.values, null)
        fallback = node_means(train, null, otherwise) if np.isnan(null) else null
        held = last_value(test.values, input_len, null, fallback)[targets - input_len]
        errors = error_sums(historical_average(train, test, null, otherwise), test.values, measured)
        for step in range(output_len):
            now = targets + step
            last[step] += error_sums(held, test.values[now], measured[now]).sum(axis=0)
            average[step] += errors[now].sum(axis=0)
    found = {LAST_VALUE: last, HISTORICAL_AVERAGE: average}
    return {name: metrics_by_horizon(sums, horizons) for name, sums in found.items()}


def last_value(series: np.ndarray, input_len: int, null_value: float, fallback: Union[float, np.ndarray]) -> np.ndarray:
    """The last measured value of each `input_len` rows; the fallback, a number or [N], where there is none.

    series [T, N] -> [T - input_len + 1, N].
    """
    index = np.arange(len(series))[:, None]
    latest = np.maximum.accumulate(np.where(observed(series, null_value), index, -1), axis=0)[input_len - 1 :]
    is_known = latest >= index[: len(latest)]
    return np.where(is_known, np.take_along_axis(series, np.maximum(latest, 0), axis=0), fallback)


def historical_average(train: Part, test: Part, null_value: float, fallback: float) -> np.ndarray:
    """Mean of the measured training values of the same node, day of week and time of day, [test rows, N].

    If the node has no such value: its mean at that time of day, else over the whole training part, else the fallback.
    """
    slots, days = 1 + max(train.slot.max(), test.slot.max()), 1 + max(train.day.max(), test.day.max())
    mask = observed(train.values, null_value)
    totals = np.zeros((slots, days, train.values.shape[1]))
    counts = np.zeros_like(totals)
    np.add.at(totals, (train.slot, train.day), np.where(mask, train.values, 0.0))
    np.add.at(counts, (train.slot, train.day), mask)
    average = _mean(totals.sum((0, 1)), counts.sum((0, 1)), fallback=fallback)
    by_slot = _mean(totals.sum(1), counts.sum(1), fallback=average)
    return _mean(totals, counts, fallback=by_slot[:, None])[test.slot, test.day]


def node_means(train: Part, null_value: float, fallback: float) -> np.ndarray:
    """Mean of the measured values of each node, float64 [N]; the fallback where there is none."""
    mask = observed(train.values, null_value)
    return _mean(np.where(mask, train.values, 0.0).sum(axis=0, dtype=np.float64), mask.sum(axis=0), fallback)


def _blocks(train: Part, test: Part) -> Iterator[tuple[Part, Part]]:
    """The same nodes of both parts, so many at once that a block has `_BLOCK` values."""
    nodes, width = train.values.shape[1], max(1, _BLOCK // (len(train.values) + len(test.values)))
    for first in range(0, nodes, width):
        columns = slice(first, first + width)
        yield (
            replace(train, values=np.array(train.values[:, columns])),
            replace(test, values=np.array(test.values[:, columns])),
        )


def _mean_of_all(values: np.ndarray) -> float:
    """Mean of the values [T, N] that are not NaN; 0 if all are."""
    total, count = 0.0, 0
    for rows in np.array_split(values, max(1, values.size // _BLOCK)):
        measured = rows[~np.isnan(rows)]
        total, count = total + float(measured.sum(dtype=np.float64)), count + measured.size
    return total / max(count, 1)


def _mean(total: np.ndarray, count: np.ndarray, fallback) -> np.ndarray:
    return np.where(count > 0, total / np.maximum(count, 1), fallback)

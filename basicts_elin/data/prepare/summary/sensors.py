"""The quality of single sensors. T: rows, N: sensors, B: sensors of a block."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ...catalog import MINUTES_PER_DAY
from ...quality import is_missing

# values of a block
_BLOCK = 2**21
_FEWEST_SENSORS = 8
_TAIL_DAYS, _TAIL_ROWS = 3, 24

_LOW, _HIGH, OUTLIER_SPREADS = 0.05, 0.95, 3
# Quartiles would make an outlier of every hour of congestion: it is rarer than a quarter of the time.
OUTLIER_RULE = (
    f"further from the sensor's median than {OUTLIER_SPREADS} times the distance between its {100 * _LOW:.0f} % and "
    f"{100 * _HIGH:.0f} % quantiles"
)


@dataclass(frozen=True)
class SensorQuality:
    """One sensor. Numbers of values are NaN if it has measured nothing.

    Attributes:
        measured, zeros, below_zero, outliers: numbers of values.
        low, median, high: its 5 %, 50 % and 95 % quantiles.
        furthest: (row, value) of the outlier that is furthest from the median; None if there is no outlier.
        is_judged: whether the quantiles differ; if they do not, no value is called an outlier.
        longest_missing: (first row, number of rows) without a value.
        dead: (row, value) from which row on it has only that value, None for no value; None if it works to the end.
    """

    measured: int
    minimum: float
    low: float
    median: float
    high: float
    maximum: float
    total: float
    zeros: int
    below_zero: int
    outliers: int
    furthest: Optional[tuple[int, float]]
    is_judged: bool
    longest_missing: tuple[int, int]
    dead: Optional[tuple[int, Optional[float]]]

    @property
    def is_constant(self) -> bool:
        """Whether it has measured only one value, at least twice."""
        return self.measured > 1 and self.minimum == self.maximum


def sensor_blocks(values: np.ndarray, null_value: float) -> Iterator[tuple[slice, np.ndarray]]:
    """Copies float32 [B, T] of the columns of `values` [T, N], with NaN for what is missing, and their places."""
    num_rows, num_sensors = values.shape
    size = max(_FEWEST_SENSORS, _BLOCK // num_rows)
    for first in range(0, num_sensors, size):
        place = slice(first, min(first + size, num_sensors))
        block = np.array(values[:, place].T, dtype=np.float32, order="C")
        if not np.isnan(null_value):
            block[is_missing(block, null_value)] = np.nan
        yield place, block


def fewest_dead_rows(interval_minutes: int) -> int:
    """Rows at the end without a change that make a sensor dead: three days, which a weekend is not."""
    return max(_TAIL_ROWS, -(-_TAIL_DAYS * MINUTES_PER_DAY // interval_minutes))


def describe(values: np.ndarray, fewest: int) -> SensorQuality:
    """The quality of one sensor's values [T], NaN if missing. `fewest`: see `fewest_dead_rows`."""
    is_measured = ~np.isnan(values)
    measured = values[is_measured].astype(np.float64)
    first, rows = longest_run(~is_measured)
    if not len(measured):
        nothing = math.nan
        return SensorQuality(
            0, nothing, nothing, nothing, nothing, nothing, 0.0, 0, 0, 0, None, False, (first, rows), (0, None)
        )
    low, median, high = np.quantile(measured, [_LOW, 0.5, _HIGH])
    distances = np.abs(measured - median)
    is_outlier = distances > OUTLIER_SPREADS * (high - low) if high > low else np.zeros(len(measured), bool)
    furthest = int(distances.argmax())
    return SensorQuality(
        measured=len(measured),
        minimum=float(measured.min()),
        low=float(low),
        median=float(median),
        high=float(high),
        maximum=float(measured.max()),
        total=float(measured.sum()),
        zeros=int(np.count_nonzero(measured == 0)),
        below_zero=int(np.count_nonzero(measured < 0)),
        outliers=int(np.count_nonzero(is_outlier)),
        furthest=(int(np.flatnonzero(is_measured)[furthest]), float(measured[furthest])) if is_outlier.any() else None,
        is_judged=bool(high > low),
        longest_missing=(first, rows),
        dead=_dead(values, is_measured, fewest),
    )


def runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first rows and the lengths of the runs of True in `mask` [T]."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return edges[::2], edges[1::2] - edges[::2]


def longest_run(mask: np.ndarray) -> tuple[int, int]:
    """The first row and the length of the longest run of True; (0, 0) if there is none."""
    starts, lengths = runs(mask)
    if not len(starts):
        return 0, 0
    longest = lengths.argmax()
    return int(starts[longest]), int(lengths[longest])


def _dead(values: np.ndarray, is_measured: np.ndarray, fewest: int) -> Optional[tuple[int, Optional[float]]]:
    rows = np.flatnonzero(is_measured)
    if len(values) - 1 - rows[-1] >= fewest:
        return int(rows[-1]) + 1, None
    others = np.flatnonzero(values[rows] != values[rows[-1]])
    # A sensor of one value is constant.
    if not len(others):
        return None
    same = rows[others[-1] + 1 :]
    is_dead = len(values) - same[0] >= fewest and len(same) >= _TAIL_ROWS
    return (int(same[0]), float(values[same[0]])) if is_dead else None

"""Online conformal intervals for rolling forecasts: the static ones times a factor that follows the misses.

Quantile tracking by Gibbs and Candès, arXiv 2106.00170, and Angelopoulos, Candès and Tibshirani, arXiv 2307.16895, of
the logarithm of the scores: of each sensor and step ahead, a factor grows by exp(rate * level) after a miss and shrinks
by exp(-rate * (1 - level)) after a hit. Over T windows the coverage of each sensor and step is within
(|log of the last factor| + what the last windows have yet to report) / (rate * T) of the level, whatever the drift.
W: windows, O: steps out, N: sensors.
"""

from typing import Optional

import numpy as np

from ..windows import Windows
from .split import Intervals

# Of windows one row apart. Chosen by the interval score on the second half of validation parts, calibrated on the first
# one. Any from 0.01 to 0.05 does about as well.
_RATE = 0.02
_HIGHEST_RATE = 0.2


def adaptive_bounds(
    intervals: Intervals, windows: Windows, level: float, rate: Optional[float] = None
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds, float32 [W, O, N]. They start as the static ones.

    A window is issued when the row before its first target is known, so the truth in row r counts for windows whose
    first target is later than r. Targets that are NaN count for nothing.

    Args:
        windows: in order of time.
        level: in per cent.
        rate: relative change of the width after a miss, about; default `default_rate`.
    Raises: UserError as `Intervals.bounds`.
    """
    static = intervals.half_width(windows.prediction, windows.minutes, level)
    error = np.abs(windows.target - windows.prediction)
    rate = default_rate(windows.rows) if rate is None else rate
    half = static * np.exp(_log_factors(error, static, windows.rows, level / 100, rate))
    return windows.prediction - half, windows.prediction + half


def default_rate(rows: np.ndarray) -> float:
    """0.02 for windows one row apart; for others, that times the root of their distance in rows, at most 0.2.

    A quantile that drifts like a random walk has moved as far as the root of the rows since the last window.
    """
    distance = float(np.median(np.diff(rows))) if len(rows) > 1 else 1.0
    return min(_HIGHEST_RATE, _RATE * distance**0.5)


def nested(bounds: dict[float, tuple[np.ndarray, np.ndarray]]) -> dict[float, tuple[np.ndarray, np.ndarray]]:
    """The bounds of several levels, each widened where it does not contain those of the next lower level.

    The levels are tracked one by one, so that a band can be narrower than that of a lower level for some windows.
    """
    found: dict[float, tuple[np.ndarray, np.ndarray]] = {}
    inner = None
    for level in sorted(bounds):
        lower, upper = bounds[level]
        if inner is not None:
            lower, upper = np.minimum(lower, inner[0]), np.maximum(upper, inner[1])
        inner = found[level] = lower, upper
    return found


def _log_factors(error: np.ndarray, static: np.ndarray, rows: np.ndarray, share: float, rate: float) -> np.ndarray:
    """The logarithm of the factor that each window is issued with, float32 [W, O, N]."""
    windows, steps, sensors = error.shape
    logs = np.empty_like(error)
    # +(level) after a miss, -(1 - level) after a hit, 0 where nothing was measured
    changes = np.empty_like(error)
    now, learned, offsets = np.zeros((steps, sensors), np.float32), np.zeros(steps, int), np.arange(steps)
    unmeasured = np.isnan(error)
    with np.errstate(divide="ignore", invalid="ignore"):
        # 0 / 0 is a hit: no factor changes a width of 0
        needed = np.where(error > 0, np.log(error / static), -np.inf)
    for window, row in enumerate(rows):
        # a gap between the windows can make more than one known at once
        while (known := (learned < window) & (rows[learned] + offsets < row)).any():
            now[known] += rate * changes[learned[known], offsets[known]]
            learned[known] += 1
        logs[window] = now
        missed = needed[window] > now
        changes[window] = np.where(unmeasured[window], 0, np.where(missed, share, share - 1))
    return logs

"""Online conformal intervals for rolling forecasts: the width of the static ones times factors that follow the misses.

Quantile tracking by Gibbs and Candès, arXiv 2106.00170, and Angelopoulos, Candès and Tibshirani, arXiv 2307.16895, of
the logarithm of the scores. Each sensor and step ahead has a factor, which grows by exp(rate * level) after a miss and
shrinks by exp(-rate * (1 - level)) after a hit. Each hour of the day and step has another one, for all sensors, which
follows the mean of their hits and misses.

Over T windows the coverage of each sensor and step is within (|log of its last factor| + the changes still due for the
last windows) / (rate * T) of the level, for any drift and any factors of the hours.
W: windows, O: steps out, N: sensors.
"""

from typing import Optional

import numpy as np

from ..windows import Windows
from .split import Intervals

# For windows one row apart. Chosen by the interval score on the second half of validation parts, calibrated on the
# first half. Any value from 0.01 to 0.05 does about as well.
_RATE = 0.02
_HIGHEST_RATE = 0.2
# An hour comes once a day but is reported by all sensors, so its factor can follow faster. Chosen in the same way.
_HOUR_RATE = 5.0
_HIGHEST_HOUR_RATE = 0.4
_HOURS = 24


def adaptive_bounds(
    intervals: Intervals, windows: Windows, level: float, rate: Optional[float] = None
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds, float32 [W, O, N]. They start as the static ones.

    A window is issued when the row before its first target is known, so the target in row r affects only windows whose
    first target is later than r. NaN targets are ignored.

    Args:
        windows: in order of time.
        level: in per cent.
        rate: step size of the factors of the sensors; default `default_rate`. That of the hours is five times as large,
            at most 0.4.
    Raises: UserError as `Intervals.bounds`.
    """
    static = intervals.half_width(windows.prediction, windows.minutes, level)
    error = np.abs(windows.target - windows.prediction)
    rate = default_rate(windows.rows) if rate is None else rate
    half = static * np.exp(_log_factors(error, static, windows, level / 100, rate))
    return windows.prediction - half, windows.prediction + half


def default_rate(rows: np.ndarray) -> float:
    """0.02 for windows one row apart; else 0.02 times the square root of their distance in rows, at most 0.2.

    A quantile that drifts like a random walk moves in proportion to the square root of the rows between windows.
    """
    distance = float(np.median(np.diff(rows))) if len(rows) > 1 else 1.0
    return min(_HIGHEST_RATE, _RATE * distance**0.5)


def nested(bounds: dict[float, tuple[np.ndarray, np.ndarray]]) -> dict[float, tuple[np.ndarray, np.ndarray]]:
    """The bounds of several levels, each widened where it does not contain those of the next lower level.

    Each level is tracked on its own, so an interval could be narrower than that of a lower level in some windows.
    """
    found: dict[float, tuple[np.ndarray, np.ndarray]] = {}
    inner = None
    for level in sorted(bounds):
        lower, upper = bounds[level]
        if inner is not None:
            lower, upper = np.minimum(lower, inner[0]), np.maximum(upper, inner[1])
        inner = found[level] = lower, upper
    return found


def _log_factors(error: np.ndarray, static: np.ndarray, windows: Windows, share: float, rate: float) -> np.ndarray:
    """The logarithm of the factor that each window is issued with, float32 [W, O, N]."""
    steps, sensors = error.shape[1:]
    logs = np.empty_like(error)
    # +(level) after a miss, -(1 - level) after a hit, 0 where nothing was measured
    changes = np.empty_like(error)
    by_sensor, by_hour = np.zeros((steps, sensors), np.float32), np.zeros((_HOURS, steps), np.float32)
    learned, offsets, hours = np.zeros(steps, int), np.arange(steps), windows.minutes // 60
    hour_rate = min(_HIGHEST_HOUR_RATE, _HOUR_RATE * rate)
    unmeasured = np.isnan(error)
    with np.errstate(divide="ignore", invalid="ignore"):
        # 0 / 0 is a hit: no factor changes a width of 0
        needed = np.where(error > 0, np.log(error / static), -np.inf)
    for window, row in enumerate(windows.rows):
        # a gap between the windows can make more than one known at once
        while (known := np.flatnonzero((learned < window) & (windows.rows[learned] + offsets < row))).size:
            change = changes[learned[known], known]
            by_sensor[known] += rate * change
            by_hour[hours[learned[known], known], known] += hour_rate * change.mean(axis=1)
            learned[known] += 1
        logs[window] = by_sensor + by_hour[hours[window], offsets][:, None]
        missed = needed[window] > logs[window]
        changes[window] = np.where(unmeasured[window], 0, np.where(missed, share, share - 1))
    return logs

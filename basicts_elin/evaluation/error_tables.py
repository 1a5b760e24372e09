"""Where a forecast errs: the mean absolute error by hour, weekday, step ahead and sensor.

W windows, O steps ahead, N sensors, K classes, such as the 24 hours.
"""

from dataclasses import dataclass

import numpy as np

from ..data.catalog import DAYS_PER_WEEK, MINUTES_PER_DAY

HOURS_PER_DAY = 24
_MINUTES_PER_HOUR = MINUTES_PER_DAY // HOURS_PER_DAY


@dataclass(frozen=True)
class MeanErrors:
    """Mean absolute errors by the class of the target; NaN where nothing was measured.

    of_all: float64 [K], over all sensors.
    of_sensors: float64 [K, N].
    """

    of_all: np.ndarray
    of_sensors: np.ndarray


@dataclass(frozen=True)
class ErrorTables:
    """Mean absolute errors in the units of the targets; NaN where nothing was measured.

    hour: K = 24, by the local hour of the target.
    weekday: K = 7, from Monday.
    horizon: K = O, by the steps ahead, from the first.
    sensor: float64 [N].
    overall: over all measured targets.
    """

    hour: MeanErrors
    weekday: MeanErrors
    horizon: MeanErrors
    sensor: np.ndarray
    overall: float

    def worst_first(self) -> np.ndarray:
        """The sensors by their error, the largest first, int64 [N]; last those that were never measured."""
        return np.argsort(np.where(np.isnan(self.sensor), np.inf, -self.sensor), kind="stable")


def error_tables(prediction: np.ndarray, target: np.ndarray, minutes: np.ndarray, weekdays: np.ndarray) -> ErrorTables:
    """The tables of W windows. The memory beyond the arguments is that of a few arrays [W, N].

    Args:
        prediction: [W, O, N].
        target: [W, O, N], NaN where nothing was measured.
        minutes: local minute of the day of each target, 0..1439, int [W, O].
        weekdays: int [W, O], Monday = 0.
    """
    steps, sensors = prediction.shape[1:]
    hours, days = (np.zeros((2, classes, sensors)) for classes in (HOURS_PER_DAY, DAYS_PER_WEEK))
    horizons = np.zeros((2, steps, sensors))
    for step in range(steps):
        error = np.abs(prediction[:, step].astype(np.float64) - target[:, step])
        measured = ~np.isnan(error)
        pair = np.stack([np.where(measured, error, 0.0), measured.astype(np.float64)])
        horizons[:, step] = pair.sum(axis=1)
        hours += _of_classes(minutes[:, step] // _MINUTES_PER_HOUR, HOURS_PER_DAY) @ pair
        days += _of_classes(weekdays[:, step], DAYS_PER_WEEK) @ pair
    total = horizons.sum(axis=1)
    hour, weekday, horizon = (MeanErrors(_mean(sums.sum(axis=-1)), _mean(sums)) for sums in (hours, days, horizons))
    return ErrorTables(hour, weekday, horizon, _mean(total), float(_mean(total.sum(axis=-1))))


def _of_classes(numbers: np.ndarray, classes: int) -> np.ndarray:
    """1 where a window [W] is of a class, float64 [K, W]: its product with values sums them by class."""
    return (np.arange(classes)[:, None] == numbers).astype(np.float64)


def _mean(sums: np.ndarray) -> np.ndarray:
    """The sums of errors and their numbers, [2, ...] -> means [...]."""
    total, count = sums
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)

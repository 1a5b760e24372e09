"""Forecasts window by window, with their targets and times. W: windows, O: steps out, N: sensors."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Windows:
    """Forecasts of W windows in order of time, in original units.

    Attributes:
        prediction: float32 [W, O, N].
        target: float32 [W, O, N], NaN where nothing was measured.
        rows: int64 [W], the row of the first target of each window in its series; step o has its target in rows + o.
        minutes: int64 [W, O], local minute of the day of each target, 0..1439.
        weekdays: int64 [W, O], Monday = 0 where the dates are known, else the benchmark's number of the day.
        times: datetime64[m] [W, O], local; NaT if the dates are not known.
    """

    prediction: np.ndarray
    target: np.ndarray
    rows: np.ndarray
    minutes: np.ndarray
    weekdays: np.ndarray
    times: np.ndarray

    def part(self, chosen: Any) -> "Windows":
        """Some of the windows, by a slice, a mask or indices."""
        return Windows(**{name: array[chosen] for name, array in vars(self).items()})

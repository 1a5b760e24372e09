"""Forecasts with errors of known size. W: windows, O: steps, N: sensors."""

import numpy as np

from basicts_elin.forecasting.windows import Windows


def forecasts(windows=600, steps=3, sensors=4, *, spread=None, seed=0, missing=0.0, first=0, every=1, interval=60):
    """Normal errors with the standard deviation `spread(prediction, minutes)` [W, O, N]; 1 without one."""
    generator = np.random.default_rng(seed)
    rows = first + every * np.arange(windows)
    index = rows[:, None] + np.arange(steps)
    minutes = index * interval % 1440
    prediction = generator.uniform(20, 200, (windows, steps, sensors)).astype(np.float32)
    size = 1.0 if spread is None else spread(prediction, minutes)
    target = (prediction + size * generator.standard_normal(prediction.shape)).astype(np.float32)
    target[generator.random(target.shape) < missing] = np.nan
    times = np.full(index.shape, np.datetime64("NaT", "m"))
    return Windows(prediction, target, rows, minutes, index * interval // 1440 % 7, times)


def covered(windows, lower, upper):
    """Share of the measured targets within the bounds."""
    measured = ~np.isnan(windows.target)
    return ((windows.target >= lower) & (windows.target <= upper))[measured].mean()

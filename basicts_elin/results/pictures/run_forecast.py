"""The picture of a run's forecasts on the test part. W windows, R rows, O steps ahead, N sensors."""

from pathlib import Path
from typing import Optional

import numpy as np

from ...data.catalog import MINUTES_PER_DAY
from ...errors import UserError
from ...evaluation.naive import LAST_VALUE
from ...forecasting.rolling import windows_of
from ...forecasting.tables.frames import bound_names
from .canvas import check_picture
from .forecast import KIND, Series, plot_forecast
from .run import PlottedRun, RunForecasts

DAYS = 3


def plot_run_forecast(
    path: Path,
    run: PlottedRun,
    *,
    sensor: Optional[str] = None,
    horizon: Optional[int] = None,
    days: float = DAYS,
    level: Optional[float] = None,
) -> str:
    """Write the picture of the first days of the test part at one sensor. Returns a line about it.

    Args:
        sensor: its name; None: the one with the median error.
        horizon: steps ahead of every forecast shown, from 1; None: the last.
        level: of the band in per cent; None: no band.
    Raises: UserError for a sensor or a horizon that the run has not, and as `check_picture`.
    """
    check_picture(path, KIND)
    found = run.forecasts
    steps = found.prediction.shape[1]
    step = steps if horizon is None else horizon
    if not 1 <= step <= steps:
        raise UserError("--horizon", step, f"1 to {steps} steps ahead")
    node = found.median_sensor(step) if sensor is None else found.sensor(sensor)
    interval = run.interval_minutes or run.dataset.interval_minutes
    rows = slice(0, max(2, round(days * MINUTES_PER_DAY / interval)))
    times = found.times[rows, step - 1]
    if not found.is_dated:
        times = (np.arange(len(times)) + step - 1) * interval / MINUTES_PER_DAY
    truth = found.target[rows, step - 1, node]
    forecasts = {run.model: found.prediction[rows, step - 1, node], LAST_VALUE: held_values(found, node)[rows]}
    bands = {} if level is None else {level: _band(run, rows, step, node, level)}
    dataset = run.dataset if found.is_dated and run.dataset_folder.is_dir() else None
    plot_forecast(
        path,
        Series(times, truth, forecasts, bands),
        title=f"{run.name}, sensor {found.sensors[node]}, forecast {run.ahead(step)} ahead",
        quantity=run.quantity,
        conditions=run.conditions(len(found.prediction)),
        timezone=dataset.timezone if dataset else None,
    )
    why = "the median error" if sensor is None else "as asked"
    return f"sensor {found.sensors[node]} ({why}), {len(truth)} forecasts {run.ahead(step)} ahead"


def held_values(found: RunForecasts, node: int) -> np.ndarray:
    """The last measured value before each window, as a forecast of it, [W]; NaN where it is not in the test part.

    It is the first target of the window before, if that starts one row earlier.
    """
    held = np.concatenate([[np.nan], found.target[:-1, 0, node]])
    if found.is_dated:
        advance = np.diff(found.times[:, 0])
        is_next = advance == (found.times[0, 1] - found.times[0, 0] if found.times.shape[1] > 1 else advance.min())
        held[1:][~is_next] = np.nan
    return held


def _band(run: PlottedRun, rows: slice, step: int, node: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the interval of each row. Intervals are made from the validation part if there are none yet."""
    forecaster, dataset = run.forecaster, run.dataset
    if forecaster.intervals is None:
        forecaster.calibrate(dataset)
    windows = windows_of(dataset, "test", run.forecasts.prediction, forecaster.facts.input_len).part(rows)
    quantities = forecaster.window_quantities(windows, level)
    lower, upper = (quantities[name][:, step - 1, node] for name in bound_names(level))
    return lower, upper

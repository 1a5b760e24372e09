"""The page and the picture of a forecast, or of a backtest. R rows, O steps ahead, N sensors, W windows."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ...averages import MEAN_KEY, OVERALL
from ...data.catalog import MINUTES_PER_DAY
from ...data.times.options import length
from ...errors import UserError, nearest
from ...evaluation.error_tables import error_tables
from ...evaluation.naive import LAST_VALUE
from ...forecasting.tables.frames import FORECAST, bound_names
from ...forecasting.windows import Windows
from ..overwriting import check_ours
from .coordinates import read_coordinates
from .page import Page
from .write import MARK, check_plotly, write_page

if TYPE_CHECKING:
    from ...forecasting.command import Made

# windows of the file whose errors a forecast shows
_WINDOWS = 1000
# before a forecast, so many times as long as it, or a day
_PAST = 8


def check_shown(arguments: argparse.Namespace, sensors: Sequence[str]) -> None:
    """Raises: UserError if the page or the picture of these sensors could not be written."""
    from ..pictures.canvas import check_picture
    from ..pictures.forecast import KIND

    if arguments.html is not None:
        check_plotly()
        check_ours(arguments.html, MARK, "html")
    if arguments.plot is not None:
        check_picture(arguments.plot, KIND, "plot")
    if arguments.plot_sensor is not None:
        _check_sensor(arguments.plot_sensor, sensors)
    if arguments.coordinates is not None:
        read_coordinates(arguments.coordinates, sensors)


def show(made: "Made", arguments: argparse.Namespace) -> None:
    """Write what the command asks for, and print where it is."""
    if arguments.html is None and arguments.plot is None:
        return
    page = forecast_page(made, arguments)
    if arguments.plot is not None:
        from ..pictures.forecast import plot_page_forecast

        sensor = _sensor(made, arguments.plot_sensor)
        plot_page_forecast(arguments.plot, page, sensor, _conditions(made))
        print(f"picture: {arguments.plot} (sensor {sensor})")
    if arguments.html is not None:
        write_page(arguments.html, page)
        print(f"page: {arguments.html}")


def forecast_page(made: "Made", arguments: argparse.Namespace) -> Page:
    """The page of a forecast, with its errors in the file; or of a backtest, with its last day."""
    facts = made.forecaster.facts
    places: dict[str, Any] = {}
    if arguments.coordinates is not None:
        latitude, longitude = read_coordinates(arguments.coordinates, facts.node_names)
        places = {"latitude": latitude, "longitude": longitude}
    shown = _of_forecast(made) if made.backtest is None else _of_backtest(made)
    return Page(
        sensors=facts.node_names,
        method=facts.model,
        quantity=facts.domain,
        unit=facts.unit,
        interval_minutes=facts.interval_minutes,
        facts=_facts(made),
        timezone=facts.timezone or "",
        **places,
        **shown,
    )


def _of_forecast(made: "Made") -> dict[str, Any]:
    """The next steps, after the rows before them."""
    facts, values, local = made.forecaster.facts, made.history.values, made.history.clock.local()
    steps = facts.output_len
    past = slice(max(0, len(values) - max(_PAST * steps, MINUTES_PER_DAY // facts.interval_minutes)), len(values))
    windows = _windows_of_file(made)
    return {
        "title": f"{facts.dataset}: the next {_span(steps * facts.interval_minutes)}",
        "history_times": local[past],
        "history": values[past],
        "forecast_times": local[len(values) :],
        "forecast": made.quantities[FORECAST],
        "bands": {level: _bounds(made.quantities, level) for level in made.levels},
        **({} if windows is None else _errors(windows, made, f"{len(windows.rows):,} forecasts within the file")),
    }


def _of_backtest(made: "Made") -> dict[str, Any]:
    """The last day of the forecasts; each time is shown by the last forecast that was made before it."""
    assert made.backtest is not None, "a backtest"
    facts, windows, values = made.forecaster.facts, made.backtest.windows, made.history.values
    gap = int(np.diff(windows.rows).min()) if len(windows.rows) > 1 else facts.output_len
    steps = min(gap, facts.output_len)
    count = max(1, MINUTES_PER_DAY // facts.interval_minutes // steps)

    def last(array: np.ndarray) -> np.ndarray:
        return array[-count:, :steps].reshape(-1, *array.shape[2:])

    first = windows.rows[-count:][0]
    past = slice(max(0, first - MINUTES_PER_DAY // facts.interval_minutes), first)
    bands = {level: tuple(map(last, _bounds(made.quantities, level))) for level in made.levels}
    note = f"Forecasts are made every {_span(gap * facts.interval_minutes)}. Each time shows the latest one before it."
    return {
        "title": f"{facts.dataset}: backtest",
        "history_times": made.history.clock.local()[past],
        "history": values[past],
        "forecast_times": last(windows.times),
        "forecast": last(made.quantities[FORECAST]),
        "forecast_note": note,
        "bands": bands,
        "truth": last(windows.target),
        **_errors(windows, made, f"{len(windows.rows):,} forecasts of the backtest"),
    }


def _windows_of_file(made: "Made") -> Optional[Windows]:
    """Forecasts within the file, the latest that it has the truth for; None if there are none.

    The model was not trained on them, as far as the dates tell.
    """
    facts, history = made.forecaster.facts, made.history
    needed = facts.input_len + facts.output_len
    if len(history.values) < needed + 1 or not history.present.all():
        return None
    every = max(1, (len(history.values) - needed) // _WINDOWS)
    windows = made.forecaster.backtest_of(history, every).windows
    known = windows.rows + facts.output_len <= len(history.values)
    if facts.trained_until is not None:
        known &= ~(windows.times[:, 0] <= np.datetime64(facts.trained_until, "m"))
    if not known.any() or np.isnan(windows.target[known]).all():
        return None
    windows = windows.part(known)
    return replace(windows, prediction=made.forecaster.clipped(windows.prediction, made.clip))


def _errors(windows: Windows, made: "Made", what: str) -> dict[str, Any]:
    """The errors by hour, weekday and horizon, beside those of the last value."""
    held = made.history.values[windows.rows - 1][:, None]
    with np.errstate(invalid="ignore"):
        naive = np.abs(windows.target - held)
    measured = ~np.isnan(naive)
    count = measured.sum(axis=(0, 2))
    total = np.where(measured, naive, 0.0).sum(axis=(0, 2), dtype=np.float64)
    return {
        "errors": error_tables(windows.prediction, windows.target, windows.minutes, windows.weekdays),
        "errors_note": f"Of {what}, and all {windows.prediction.shape[1]} steps ahead.",
        "other_errors": {LAST_VALUE: np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)},
    }


def _span(minutes: int) -> str:
    """ "hour", "2 hours"."""
    return length(minutes).removeprefix("1 ")


def _bounds(quantities: Mapping[str, np.ndarray], level: float) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = (quantities[name] for name in bound_names(level))
    return lower, upper


def _check_sensor(name: str, sensors: Sequence[str]) -> None:
    if name not in sensors:
        raise UserError("plot_sensor", name, f"a sensor such as {sensors[0]}{nearest(name, sensors)}")


def _sensor(made: "Made", name: Optional[str]) -> str:
    """The sensor of the picture: the one asked for, or the one whose mean is in the middle."""
    names = made.forecaster.facts.node_names
    if name is not None:
        return name
    forecast = made.quantities[FORECAST].reshape(-1, len(names)).mean(axis=0)
    return names[int(np.argsort(forecast, kind="stable")[len(names) // 2])]


def _facts(made: "Made") -> dict[str, str]:
    facts, intervals = made.forecaster.facts, made.forecaster.intervals
    found = {
        "model": facts.model,
        "trained on": facts.dataset,
        "trained until": facts.trained_until,
        "sensors": f"{facts.num_nodes:,}",
        "interval": length(facts.interval_minutes),
        "rows in, rows out": f"{facts.input_len}, {facts.output_len}",
        "parameters": f"{sum(one.numel() for one in made.forecaster.network.parameters()):,}",
        "test MAE": _test_mae(made.forecaster.metrics, OVERALL),
        "test MAE, mean over horizons": _test_mae(made.forecaster.metrics, MEAN_KEY),
        "intervals": "" if intervals is None else f"from {intervals.windows:,} validation windows",
    }
    return {name: text for name, text in found.items() if text}


def _test_mae(metrics: Mapping[str, Any], average: str) -> str:
    value = (metrics.get(average) or {}).get("MAE")
    return "" if value is None else f"{value:.3f}"


def _conditions(made: "Made") -> str:
    """The line below the picture."""
    facts = made.forecaster.facts
    until = f" until {facts.trained_until}" if facts.trained_until else ""
    parts = [f"{facts.model}, trained on {facts.dataset}{until}", f"{facts.num_nodes} sensors"]
    if made.levels and made.forecaster.intervals is not None:
        parts.append(f"intervals from {made.forecaster.intervals.windows:,} validation windows")
    return "; ".join(parts)

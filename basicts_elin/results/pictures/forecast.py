"""Forecasts of one sensor against the truth, and their errors below. R rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ...data.times.dates import format_time
from ..colours import MEASURED, look_of
from ..page import Page
from .canvas import name_curves, picture

KIND = "forecast"
# as many times before a forecast are shown as it has, so many times
_PAST = 4


@dataclass(frozen=True)
class Series:
    """What the picture shows of one sensor.

    times: of the rows, datetime64 [R]; or float [R], days.
    truth: [R], NaN where nothing was measured.
    forecasts: method -> [R]. The first one is the model's, which the bands belong to.
    bands: level in per cent -> (lower, upper), both [R].
    """

    times: np.ndarray
    truth: np.ndarray
    forecasts: Mapping[str, np.ndarray]
    bands: Mapping[float, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)


def plot_forecast(
    path: Path, series: Series, *, title: str, quantity: str, conditions: str, timezone: Optional[str] = None
) -> None:
    """Write the picture. The errors are left out where nothing was measured at the times of the forecasts.

    Args:
        quantity: that is measured, with its unit.
        conditions: see `canvas.picture`.
        timezone: of the times; None = not known.
    Raises: UserError as `canvas.check_picture`.
    """
    model, forecast = next(iter(series.forecasts.items()))
    has_errors = bool(np.isfinite(forecast - series.truth).any())
    with picture(path, KIND, 3.6 if has_errors else 2.8, conditions) as figure:
        panels = figure.subplots(2 if has_errors else 1, 1, sharex=True, squeeze=False,
                                 height_ratios=(3, 1)[: 2 if has_errors else 1])[:, 0]  # fmt: skip
        upper = panels[0]
        _draw_bands(upper, series, look_of(model).color)
        # the model's own curve lies on top
        for name, values in reversed(list(series.forecasts.items())):
            style = _style(name, is_model=name == model)
            upper.plot(series.times, values, label=_with_bands(name, series) if name == model else name, **style)
            if has_errors:
                panels[1].plot(series.times, np.abs(values - series.truth), label=name, **style)
        upper.plot(series.times, series.truth, color=look_of(MEASURED).color, linewidth=0.8, label=MEASURED)
        upper.set_ylabel(quantity)
        upper.set_title(title, loc="left")
        if has_errors:
            panels[1].set_ylabel("absolute error")
            panels[1].set_ylim(bottom=0)
            figure.align_ylabels(panels)
        for axes in panels:
            axes.margins(x=0)
        _label_times(panels[-1], series.times, timezone)
        low, high = upper.get_ylim()
        upper.set_ylim(0 if 0 <= np.nanmin(series.truth) < 0.5 * high else low, high)
        figure.draw_without_rendering()
        name_curves(upper)


def plot_page_forecast(path: Path, page: Page, sensor: str, conditions: str) -> None:
    """Write the picture of one sensor of a report: what was measured before the forecast, the forecast, its bands.

    conditions: see `canvas.picture`.
    Raises: UserError as `canvas.check_picture`.
    """
    node = list(page.sensors).index(sensor)
    past = slice(max(0, len(page.history_times) - _PAST * len(page.forecast_times)), None)
    absent = np.full(len(page.history_times[past]), np.nan)
    ahead = np.full(len(page.forecast_times), np.nan) if page.truth is None else page.truth[:, node]

    def shown(values: np.ndarray) -> np.ndarray:
        return np.concatenate([absent, values[:, node]])

    times = np.concatenate([page.history_times[past], page.forecast_times])
    if np.isnat(times).any():
        times = (np.arange(len(times)) - len(absent) + 1).astype(float)
    series = Series(
        times,
        np.concatenate([page.history[past, node], ahead]),
        {page.method: shown(page.forecast)} | {name: shown(values) for name, values in page.others.items()},
        {level: (shown(low), shown(high)) for level, (low, high) in page.bands.items()},
    )
    quantity = page.unit or page.quantity or "value"
    plot_forecast(
        path, series, title=f"{page.title}, sensor {sensor}", quantity=quantity, conditions=conditions,
        timezone=page.timezone or None,
    )  # fmt: skip


def _draw_bands(axes: Any, series: Series, colour: str) -> None:
    """The widest first, so that the others lie on it."""
    for number, level in enumerate(sorted(series.bands, reverse=True)):
        axes.fill_between(series.times, *series.bands[level], color=colour, alpha=0.18 + 0.1 * number, linewidth=0)


def _with_bands(name: str, series: Series) -> str:
    levels = " and ".join(f"{level:g}" for level in sorted(series.bands))
    return f"{name},\n{levels} % band{'s' if len(series.bands) > 1 else ''}" if levels else name


def _style(name: str, is_model: bool) -> dict[str, Any]:
    line = {"color": look_of(name).color, "linestyle": "-" if is_model else (0, (3, 1.2))}
    return {**line, "linewidth": 1.1 if is_model else 0.8, "zorder": 2.5 if is_model else 1.5}


def _label_times(axes: Any, times: np.ndarray, timezone: Optional[str]) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    if not np.issubdtype(times.dtype, np.datetime64):
        axes.set_xlabel("days of the test part" if times[0] >= 0 else "steps from the last measured value")
        return
    locator = AutoDateLocator(minticks=4, maxticks=9)
    formats = ["%Y", "%b %Y", "%d %b", "%H:%M", "%H:%M", "%S.%f"]
    zeros = ["", "%Y", "%b %Y", "%d %b", "%H:%M", "%H:%M"]
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, formats=formats, zero_formats=zeros, show_offset=False)
    axes.xaxis.set_major_formatter(formatter)
    first, last = (format_time(time)[:10] for time in (times[0], times[-1]))
    dates = first if first == last else f"{first} to {last}"
    axes.set_xlabel(f"{dates}, {timezone}" if timezone else dates)

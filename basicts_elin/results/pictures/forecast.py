"""Forecasts of one sensor against the truth, and their errors below. R rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..colours import MEASURED, look_of
from .canvas import name_curves, picture

KIND = "forecast"


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
    """Write the picture.

    Args:
        quantity: that is measured, with its unit.
        conditions: see `canvas.picture`.
        timezone: of the times; None = not known.
    Raises: UserError as `canvas.check_picture`.
    """
    with picture(path, KIND, 3.6, conditions) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        model = next(iter(series.forecasts))
        colour = look_of(model).color
        for number, (level, (low, high)) in enumerate(sorted(series.bands.items(), reverse=True)):
            shade = {"color": colour, "alpha": 0.18 + 0.1 * number, "linewidth": 0}
            upper.fill_between(series.times, low, high, label=f"{level:g} % band", **shade)
        # the model's own curves lie on top
        for name, values in reversed(series.forecasts.items()):
            style = _style(name, is_model=name == model)
            upper.plot(series.times, values, label=name, **style)
            lower.plot(series.times, np.abs(values - series.truth), label=name, **style)
        upper.plot(series.times, series.truth, color=look_of(MEASURED).color, linewidth=0.8, label=MEASURED)
        upper.set_ylabel(quantity)
        upper.set_title(title, loc="left")
        if series.bands:
            upper.legend(
                handles=upper.collections, loc="upper left", frameon=False, fontsize=7, ncols=len(series.bands)
            )
        lower.set_ylabel("absolute error")
        lower.set_ylim(bottom=0)
        _label_times(lower, series.times, timezone)
        for axes in (upper, lower):
            axes.margins(x=0)
        low, high = upper.get_ylim()
        upper.set_ylim(0 if 0 < low < 0.3 * high else low, high)
        figure.draw_without_rendering()
        name_curves(upper)


def _style(name: str, is_model: bool) -> dict[str, Any]:
    look = look_of(name)
    line = {"color": look.color, "linestyle": "-" if is_model else (0, (3, 1.2))}
    return {**line, "linewidth": 1.1 if is_model else 0.8, "zorder": 2.5 if is_model else 1.5}


def _label_times(axes: Any, times: np.ndarray, timezone: Optional[str]) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    if not np.issubdtype(times.dtype, np.datetime64):
        axes.set_xlabel("days of the test part")
        return
    locator = AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    # the date of the first row, not of the last, in the middle of the axis
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=True))
    axes.set_xlabel(timezone or "local time" if timezone else "")

"""One picture of a dataset's quality. T: rows, N: sensors."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ...times.options import length
from .lines import percent
from .plot_texts import date_ticks, fonts, sensor_labels
from .profiles import daily_profiles, histogram, missing_shares
from .sensors import OUTLIER_SPREADS

if TYPE_CHECKING:
    from ...times.timeline import Timeline

# readable in print and for colour-blind people (Okabe and Ito)
_COLOURS = ("#0072B2", "#D55E00")
_SHADES = ("#eef2f6", "#f0c060", "#d55e00", "#400010")
_DEAD = "#0072B2"
# A smaller rectangle of the map would not be seen.
_MOST_ROWS, _MOST_SENSORS, _MOST_LABELS = 900, 300, 30
# enough for the lower panels
_ENOUGH_SENSORS = 1000
_BINS = 80


def plot_quality(
    report: dict[str, Any], values: np.ndarray, timeline: "Timeline", names: Optional[Sequence[str]], path: Path
) -> None:
    """Write a picture: where values are missing, the mean day, and the distribution of the values.

    Args:
        report: of `quality_report`.
        values: float32 [T, N]. A few sensors are copied at a time.
        timeline: the times of the rows.
        names: of the sensors; None: their numbers from 0.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    null_value = np.nan if report["missing_marker"] is None else report["missing_marker"]
    families, drawable = fonts()
    with plt.rc_context({"font.family": families, "font.size": 10, "axes.titlesize": 11}):
        figure = plt.figure(figsize=(12, 9), layout="constrained")
        halves: Any = figure.subfigures(2, 1, height_ratios=(3, 2))
        upper, lower = halves
        axes = upper.subplots()
        _draw_missing(axes, report, missing_shares(values, null_value, _MOST_ROWS, _MOST_SENSORS))
        _mark_dead(axes, report, timeline)
        _label_map(axes, timeline, sensor_labels(names, values.shape[1], drawable))
        left, right = lower.subplots(1, 2)
        step = -(-values.shape[1] // _ENOUGH_SENSORS)
        some, of_some = values[:, ::step], "" if step == 1 else f", one sensor in {step}"
        _draw_days(left, report, daily_profiles(some, timeline, null_value))
        left.set_title(f"Mean day: the median sensor, and the middle 80 %{of_some}", loc="left")
        _draw_values(right, report, some, null_value)
        right.set_title(f"Distribution of the values{of_some}", loc="left")
        figure.savefig(path, dpi=100)
        plt.close(figure)


def _draw_missing(axes: Any, report: dict[str, Any], shares: np.ndarray) -> None:
    from matplotlib.colors import LinearSegmentedColormap, PowerNorm

    shades = LinearSegmentedColormap.from_list("missing", _SHADES)
    # Few missing values shall be seen, too.
    image = axes.imshow(
        shares,
        cmap=shades,
        norm=PowerNorm(0.5, 0, 1),
        aspect="auto",
        interpolation="nearest",
        extent=(0, report["rows"], report["sensors"], 0),
    )
    bar = axes.figure.colorbar(image, ax=axes, ticks=(0, 0.01, 0.05, 0.1, 0.25, 0.5, 1), pad=0.01)
    bar.ax.set_yticklabels(("0 %", "1 %", "5 %", "10 %", "25 %", "50 %", "100 %"))
    bar.set_label("missing")
    missing = percent(report["missing"]["share"]) if report["missing"]["count"] else "nothing"
    rows = f"{report['rows']} rows of {length(report['interval_minutes'])}"
    axes.set_title(f"Missing values: {missing} of {report['sensors']} sensors x {rows}", loc="left")


def _mark_dead(axes: Any, report: dict[str, Any], timeline: "Timeline") -> None:
    """A line over the rows in which a sensor has only one value: they are not missing, and yet worth nothing."""
    dates = timeline.dates()
    places = {item["sensor"]: number for number, item in enumerate(report["per_sensor"])}
    stuck = [item for item in report["dead"] if item["value"] is not None]
    for item in stuck:
        row = item["since"] if dates is None else np.searchsorted(dates, np.datetime64(item["since"]))
        line = axes.hlines(places[item["sensor"]] + 0.5, row, report["rows"], color=_DEAD, linewidth=2)
    if stuck:
        label = "dead: only one value to the end"
        axes.legend([line], [label], loc="lower right", bbox_to_anchor=(1, 1), frameon=False, borderpad=0)


def _label_map(axes: Any, timeline: "Timeline", labels: Sequence[str]) -> None:
    dates = timeline.dates()
    if dates is None:
        axes.set_xlabel("row")
    else:
        axes.set_xticks(*date_ticks(dates))
        axes.set_xlabel(f"date, {timeline.timezone}" if timeline.timezone else "date")
    step = -(-len(labels) // _MOST_LABELS)
    axes.set_yticks(np.arange(0, len(labels), step) + 0.5, labels[::step], fontsize=8)
    axes.set_ylabel("sensor" if step == 1 else f"sensor (one label in {step})")


def _draw_days(axes: Any, report: dict[str, Any], profiles: dict[str, np.ndarray]) -> None:
    """The median sensor's mean day, and the middle 80 % of the sensors."""
    for (name, profile), colour in zip(profiles.items(), _COLOURS, strict=False):
        slots = np.flatnonzero(~np.isnan(profile).all(axis=0))
        if not len(slots):
            continue
        low, middle, high = np.nanquantile(profile[:, slots], (0.1, 0.5, 0.9), axis=0)
        # A night that the series never has is a gap in the line.
        hours = np.arange(profile.shape[1]) * 24 / profile.shape[1]
        lines = np.full((3, profile.shape[1]), np.nan)
        lines[:, slots] = low, middle, high
        marker = "o" if profile.shape[1] == 1 else None
        axes.plot(hours, lines[1], color=colour, label=name, marker=marker)
        axes.fill_between(hours, lines[0], lines[2], color=colour, alpha=0.15, linewidth=0)
    axes.set_xlim(0, 24)
    axes.set_xticks(range(0, 25, 3))
    axes.set_xlabel("hour of the day")
    axes.set_ylabel(report["unit"] or "value")
    axes.grid(alpha=0.3)
    if axes.lines:
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.15 * (high - low))
        axes.legend(loc="upper left", ncols=2, frameon=False)


def _draw_values(axes: Any, report: dict[str, Any], values: np.ndarray, null_value: float) -> None:
    axes.set_xlabel(report["unit"] or "value")
    axes.set_ylabel("values")
    low, high = _usual_range(report)
    if low is None or high is None:
        return
    edges = np.linspace(low, high, _BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    counts = histogram(values, null_value, edges)
    axes.stairs(counts, edges, fill=True, color=_COLOURS[0], alpha=0.8)
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.5)
    axes.grid(alpha=0.3)
    found = report["values"]
    if (found["min"], found["max"]) != (low, high):
        text = f"the outermost bars have all values down to {found['min']:g}, and up to {found['max']:g}"
        axes.annotate(text, (0.98, 0.95), xycoords="axes fraction", ha="right", va="top", fontsize=9)


def _usual_range(report: dict[str, Any]) -> tuple[Optional[float], Optional[float]]:
    """The range without the outliers of the sensors; None if nothing was measured."""
    found = [item for item in report["per_sensor"] if item["median"] is not None]
    if not found:
        return None, None
    spreads = [OUTLIER_SPREADS * (item["high"] - item["low"]) for item in found]
    pairs = list(zip(found, spreads, strict=True))
    # Quantiles that are equal say nothing of the range.
    low = min(max(item["minimum"], item["median"] - spread if spread else item["minimum"]) for item, spread in pairs)
    high = max(min(item["maximum"], item["median"] + spread if spread else item["maximum"]) for item, spread in pairs)
    return low, high

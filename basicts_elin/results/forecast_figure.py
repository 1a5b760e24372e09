"""Pictures of forecasts."""

from itertools import cycle
from pathlib import Path

import numpy as np

# readable in print and for colour-blind people (Okabe and Ito)
_TRUTH, _FORECASTS = "#000000", ("#0072B2", "#E69F00", "#009E73", "#CC79A7")


def plot_forecast(
    path: Path,
    forecasts: dict[str, np.ndarray],
    truth: np.ndarray,
    *,
    node: int,
    step: int,
    interval_minutes: int,
    title: str,
    quantity: str,
) -> None:
    """Write a picture of one node: forecasts and truth above, the absolute error of each forecast below.

    Args:
        forecasts: name -> values [rows], each forecast made `step` steps earlier.
        truth: [rows], NaN if nothing was measured.
        step: of the forecast window, from 1.
        interval_minutes: minutes between rows.
        quantity: that is measured, with its unit.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    days = np.arange(len(truth)) * interval_minutes / (24 * 60)
    heights = {"height_ratios": (3, 1), "layout": "constrained"}
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(11, 6), sharex=True, **heights)
    upper.plot(days, truth, color=_TRUTH, linewidth=1.0, label="truth")
    for (name, values), colour in zip(forecasts.items(), cycle(_FORECASTS)):
        upper.plot(days, values, color=colour, linewidth=1.0, alpha=0.85, label=name)
        lower.plot(days, np.abs(values - truth), color=colour, linewidth=0.7, label=name)
    upper.set_ylabel(quantity)
    upper.set_title(f"{title}, node {node}, forecast {step * interval_minutes} minutes ahead", loc="left")
    upper.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False)
    lower.set_ylabel("absolute error")
    lower.set_xlabel("days of the test part")
    for axes in (upper, lower):
        axes.set_ylim(bottom=0)
        axes.margins(x=0)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
    plt.close(figure)

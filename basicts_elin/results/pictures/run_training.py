"""Learning curves: training and validation error by epoch, and the learning rate."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ...errors import UserError
from .canvas import check_picture, name_curves, picture
from .colours import looks
from .run import PlottedRun, run_labels

KIND = "training"
_LOSS = "loss"
# more could not be told apart on the axis
_MOST_RATES = 4


def plot_run_training(path: Path, runs: Sequence[PlottedRun], metric: Optional[str] = None) -> str:
    """Write the picture. Returns a line about it.

    metric: of the curves; None: the one that chose the best epoch.
    Raises: UserError for a run whose record has no learning curves, for a metric that it lacks, and as `check_picture`.
    """
    check_picture(path, KIND)
    name = metric or str(runs[0].config.get("target_metric") or _LOSS)
    curves = {label: learning_curves(run, name) for label, run in zip(run_labels(runs), runs, strict=True)}
    _draw(path, runs, curves, name)
    best = (f"{label}: {_best(found)}" for label, found in curves.items())
    return f"validation {name}, {'; '.join(best)}"


def learning_curves(run: PlottedRun, metric: str) -> dict[str, np.ndarray]:
    """epoch, train, validation, learning_rate, is_best, each [epochs]; NaN where nothing was computed.

    Raises: UserError if the record has none, or lacks the metric.
    """
    epochs = run.record.get("epochs") or []
    if not epochs or any("validation" not in entry for entry in epochs):
        found = f"{run.folder} has no learning curves"
        raise UserError("training", found, "a run of this version of basicts-elin", "train it again with --fresh")
    known = list(dict.fromkeys(name for entry in epochs for name in (*entry["train"], *entry["validation"])))
    if metric not in known:
        raise UserError("--metric", metric, f"one of {', '.join(known)}")
    parts = {part: [entry[part].get(metric) for entry in epochs] for part in ("train", "validation")}
    columns = {name: [entry.get(name) for entry in epochs] for name in ("epoch", "learning_rate", "is_best")}
    return {name: np.array(values, float) for name, values in {**columns, **parts}.items()}


def _best(curves: dict[str, np.ndarray]) -> str:
    place = _best_place(curves)
    return (
        "no best epoch" if place is None else f"{curves['validation'][place]:.4g} in epoch {curves['epoch'][place]:.0f}"
    )


def _best_place(curves: dict[str, np.ndarray]) -> Optional[int]:
    """The epoch whose model was kept: the last one that was marked."""
    marked = np.flatnonzero(curves["is_best"])
    return int(marked[-1]) if len(marked) else None


def _draw(path: Path, runs: Sequence[PlottedRun], found: dict[str, dict[str, np.ndarray]], metric: str) -> None:
    conditions = runs[0].conditions() if len(runs) == 1 else "; ".join(dict.fromkeys(run.conditions() for run in runs))
    with picture(path, KIND, 3.4, conditions) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        styles = looks(found)
        for label, curves in found.items():
            name = f"{label}, " if len(found) > 1 else ""
            style: dict[str, Any] = {**styles[label].style(), "linestyle": "-"}
            known = np.isfinite(curves["validation"])
            upper.plot(curves["epoch"][known], curves["validation"][known], label=f"{name}validation", **style)
            style |= {"linestyle": (0, (3, 1.2)), "linewidth": 0.9, "markersize": 0}
            upper.plot(curves["epoch"], curves["train"], label=f"{name}training", **style)
            place = _best_place(curves)
            if place is not None and np.isfinite(curves["validation"][place]):
                at = curves["epoch"][place], curves["validation"][place]
                ring = {"markersize": 8, "markerfacecolor": "none", "markeredgewidth": 1.1, "clip_on": False}
                upper.plot(*at, marker="o", color=style["color"], label="_best", **ring)
                upper.annotate("best", at, (0, -12), textcoords="offset points", ha="center", color=style["color"])
            lower.step(curves["epoch"], curves["learning_rate"], where="mid", color=style["color"], label=f"_{label}")
        _scale_rates(lower, np.concatenate([curves["learning_rate"] for curves in found.values()]))
        lower.set_ylabel("learning rate")
        lower.set_xlabel("epoch")
        lower.xaxis.get_major_locator().set_params(integer=True)
        # Finished training has an error of some size: the axis need not begin at 0.
        upper.margins(x=0.02, y=0.12)
        upper.set_ylabel(", ".join(filter(None, (metric, str(runs[0].record.get("unit") or "")))))
        names = " and ".join(dict.fromkeys(run.name for run in runs))
        models = ", ".join(dict.fromkeys(run.model for run in runs))
        upper.set_title(f"{models} on {names}: {metric} by epoch", loc="left")
        figure.draw_without_rendering()
        name_curves(upper)


def _scale_rates(axes: Any, rates: np.ndarray) -> None:
    """A logarithmic axis, if no rate is 0. A few different rates are its ticks."""
    different = np.unique(rates)
    if different[0] <= 0:
        return
    axes.set_yscale("log")
    axes.set_ylim(different[0] / 2, different[-1] * 2)
    if len(different) <= _MOST_RATES:
        axes.set_yticks(different, [f"{rate:.3g}" for rate in different])
        axes.minorticks_off()

"""The error at each step ahead, of runs and of the naive forecasts on the same windows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserError
from ...evaluation.naive import naive_metrics
from .canvas import check_picture, name_curves, picture
from .colours import looks
from .run import PlottedRun, run_labels

KIND = "errors"


def plot_run_errors(path: Path, runs: Sequence[PlottedRun]) -> str:
    """Write the picture. Returns a line about it.

    Raises: UserError for runs on different windows, a dataset that is not prepared, and as `check_picture`.
    """
    check_picture(path, KIND)
    first = runs[0]
    for run in runs[1:]:
        for name in ("dataset", "input_len", "output_len"):
            if run.record.get(name) != first.record.get(name):
                found = f"{run.record.get(name)} and {first.record.get(name)}"
                raise UserError(f"run, {name}", found, "runs on the same windows", "plot them in pictures of their own")
    curves = dict(zip(run_labels(runs), map(errors_by_step, runs), strict=True))
    steps = len(next(iter(curves.values())))
    naive = naive_metrics(first.dataset, first.record["input_len"], steps, range(1, steps + 1))
    for name, metrics in naive.items():
        curves[name] = np.array([metrics[str(step)]["MAE"] for step in range(1, steps + 1)], float)
    _draw(path, first, curves, len(naive))
    overall = {name: float(np.nanmean(values)) for name, values in curves.items()}
    return ", ".join(f"{name} {value:.4g}" for name, value in overall.items()) + ": MAE, the mean over the steps"


def errors_by_step(run: PlottedRun) -> np.ndarray:
    """Mean absolute error at each step ahead over all measured targets, float64 [O]; NaN where there are none."""
    found = run.forecasts
    errors = []
    for step in range(found.prediction.shape[1]):
        error = np.abs(found.prediction[:, step].astype(np.float64) - found.target[:, step])
        errors.append(np.nanmean(error) if np.isfinite(error).any() else np.nan)
    return np.array(errors)


def _draw(path: Path, run: PlottedRun, curves: dict[str, np.ndarray], naive: int) -> None:
    interval = run.interval_minutes or 1
    windows = len(run.forecasts.prediction)
    with picture(path, KIND, 2.9, run.conditions(windows)) as figure:
        axes = figure.subplots()
        last = list(curves)[-naive:]
        styles = looks(curves)
        for name, values in curves.items():
            ahead = np.arange(1, len(values) + 1) * interval
            width: Any = 0.9 if name in last else 1.4
            axes.plot(ahead, values, label=name, linewidth=width, **styles[name].style())
        axes.set_ylim(bottom=0)
        axes.margins(x=0.02)
        axes.set_xlabel("minutes ahead" if run.interval_minutes else "steps ahead")
        axes.set_ylabel(", ".join(filter(None, ("MAE", str(run.record.get("unit") or "")))))
        axes.set_title(f"{run.name}: mean absolute error by horizon", loc="left")
        figure.draw_without_rendering()
        name_curves(axes)

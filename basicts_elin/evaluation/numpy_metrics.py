"""The benchmark's metrics in numpy, for forecasts made outside a run: the naive ones."""

from collections.abc import Sequence
from typing import Optional

import numpy as np

from ..averages import MEAN, OVERALL, mean_over_horizons
from ..data.quality import NEAR

METRICS = ("MAE", "RMSE", "MAPE")
HORIZONS = (3, 6, 12)


def masked_metrics(prediction: np.ndarray, targets: np.ndarray, mask: np.ndarray) -> dict[str, Optional[float]]:
    """MAE, RMSE and MAPE (per cent) over the entries whose mask is True; None if there is no such entry.

    The arrays have the same shape. MAPE is the mean over targets other than zero. Computed in float64.
    """
    return metrics_of(error_sums(prediction[mask][None], targets[mask][None], np.ones((1, mask.sum()), bool))[0])


def error_sums(prediction: np.ndarray, targets: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What the metrics are made of, float64 [rows, 5], of arrays [rows, nodes].

    For each row, over the entries whose mask is True: their number, the sums of the absolute and of the squared errors;
    the number of targets other than zero, and the sum of the errors relative to these.
    """
    target = np.where(mask, targets, 0.0).astype(np.float64)
    error = np.abs(np.where(mask, prediction, 0.0) - target)
    nonzero = np.abs(target) > NEAR
    share = np.divide(error, np.abs(target), out=np.zeros_like(error), where=nonzero)
    columns = (mask.sum(1), error.sum(1), np.square(error).sum(1), nonzero.sum(1), share.sum(1))
    return np.stack(columns, axis=1).astype(np.float64)


def metrics_of(sums: np.ndarray) -> dict[str, Optional[float]]:
    """MAE, RMSE and MAPE (per cent) of `error_sums` [5]; None where nothing was measured."""
    count, error, square, nonzero, share = map(float, sums)
    if not count:
        return dict.fromkeys(METRICS)
    percentage = 100 * share / nonzero if nonzero else None
    return {"MAE": error / count, "RMSE": (square / count) ** 0.5, "MAPE": percentage}


def metrics_by_horizon(sums: np.ndarray, horizons: Sequence[int] = HORIZONS) -> dict[str, dict]:
    """Metrics at some steps of a forecast, overall and the mean of all steps, of the `error_sums` [steps, 5]."""
    steps = [metrics_of(row) for row in sums]
    rows = {str(step): steps[step - 1] for step in horizons if step <= len(sums)}
    return {**rows, OVERALL: metrics_of(sums.sum(axis=0)), MEAN: mean_over_horizons(steps)}

"""The benchmark's metrics in numpy, for forecasts made outside a run: the naive ones."""

from typing import Optional

import numpy as np

METRICS = ("MAE", "RMSE", "MAPE")
HORIZONS = (3, 6, 12)
OVERALL = "overall"

# BasicTS takes a value this close to the null value as missing: absolute, and relative to the null value
_NEAR, _RELATIVELY_NEAR = 5e-5, 1e-5


def observed(targets: np.ndarray, null_value: float) -> np.ndarray:
    """True where a target was measured."""
    if np.isnan(null_value):
        return ~np.isnan(targets)
    return np.abs(targets - null_value) > _NEAR + _RELATIVELY_NEAR * abs(null_value)


def masked_metrics(prediction: np.ndarray, targets: np.ndarray, mask: np.ndarray) -> dict[str, Optional[float]]:
    """MAE, RMSE and MAPE (per cent) over the entries whose mask is True; None if there is no such entry.

    The arrays have the same shape. MAPE skips targets of zero. Computed in float64.
    """
    target = targets[mask].astype(np.float64)
    error = np.abs(prediction[mask].astype(np.float64) - target)
    if not error.size:
        return dict.fromkeys(METRICS)
    nonzero = np.abs(target) > _NEAR
    percentage = 100 * float(np.mean(error[nonzero] / np.abs(target[nonzero]))) if nonzero.any() else None
    return {"MAE": float(np.mean(error)), "RMSE": float(np.sqrt(np.mean(error**2))), "MAPE": percentage}


def metrics_by_horizon(prediction: np.ndarray, targets: np.ndarray, null_value: float) -> dict[str, dict]:
    """Metrics at steps 3, 6 and 12 and overall, of forecasts [windows, steps, nodes]."""
    mask = observed(targets, null_value)
    rows = {
        str(step): masked_metrics(prediction[:, step - 1], targets[:, step - 1], mask[:, step - 1])
        for step in HORIZONS
        if step <= targets.shape[1]
    }
    rows[OVERALL] = masked_metrics(prediction, targets, mask)
    return rows

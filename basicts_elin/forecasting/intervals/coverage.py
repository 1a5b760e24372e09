"""How good intervals are: coverage, width and scores, where the target was measured.

Coverage is in per cent, widths and scores are in the unit of the forecasts. W: windows, O: steps out, N: sensors.
"""

from typing import Any, Optional

import numpy as np

from ...errors import UserError
from ..windows import Windows
from .split import Intervals

# Central intervals whose bounds are the quantiles 2.5, 7.5, ..., 97.5 per cent: the midpoints of 20 equal parts.
CRPS_LEVELS = tuple(range(5, 100, 10))
_WORST = 0.1
_HOURS = 24
# Values whose quantiles are held at once.
_BLOCK = 2**20


def coverage(
    windows: Windows, lower: np.ndarray, upper: np.ndarray, level: float, *, scores: bool = False
) -> dict[str, Any]:
    """Coverage and width of the intervals [W, O, N], for JSON.

    Returns: "level"; "overall", and "horizons" by step, "hours" by hour of the day, "worst_tenth" of the sensors: each
        with "coverage" and "width"; "sensors": the coverage of each. The worst tenth are the sensors with the lowest
        coverage, at least one; its figures are means over sensors. What was never measured has None, or is left out of
        "hours".

    Args:
        scores: also "interval_score" of each entry, which needs `scoringrules`.
    Raises: UserError if `scoringrules` is needed and missing.
    """
    measured = ~np.isnan(windows.target)
    covered = (windows.target >= lower) & (windows.target <= upper)
    values = {"coverage": np.where(measured, 100.0 * covered, 0), "width": np.where(measured, upper - lower, 0)}
    if scores:
        found = scoring_rules().interval_score(windows.target, lower, upper, 1 - level / 100, backend="numpy")
        # scoringrules drops a last axis of one sensor
        values["interval_score"] = np.where(measured, found.reshape(measured.shape), 0)
    hours = windows.minutes // 60
    cells = {hour: hours == hour for hour in range(_HOURS)}
    counts = measured.sum(axis=(0, 1))
    by_sensor = {name: array.sum((0, 1), dtype=np.float64) / np.maximum(counts, 1) for name, array in values.items()}
    return {
        "level": level,
        "overall": _means(values, measured),
        "horizons": {
            str(step + 1): _means({name: array[:, step] for name, array in values.items()}, measured[:, step])
            for step in range(measured.shape[1])
        },
        "hours": {
            str(hour): _means({name: array[cell] for name, array in values.items()}, measured[cell])
            for hour, cell in cells.items()
            if measured[cell].any()
        },
        "worst_tenth": _worst_tenth(by_sensor, counts),
        "sensors": [
            float(value) if count else None for value, count in zip(by_sensor["coverage"], counts, strict=True)
        ],
    }


def crps(intervals: Intervals, windows: Windows) -> Optional[float]:
    """Mean continuous ranked probability score of the static intervals, approximated by 20 of their quantiles.

    The quantiles are those of `CRPS_LEVELS`. Their pinball losses approximate the integral of the score by the
    midpoint rule.

    Returns: None if there are too few errors for these intervals, or if nothing was measured.
    Raises: UserError if `scoringrules` is missing.
    """
    rules = scoring_rules()
    try:
        factors = np.stack([intervals.quantile(level) for level in CRPS_LEVELS])
    except UserError:
        return None
    total, count = 0.0, 0
    share = np.array(CRPS_LEVELS) / 100
    alphas = np.concatenate([(1 - share) / 2, (1 + share) / 2])
    signed = np.concatenate([-factors, factors]).astype(np.float32)
    rows = max(1, _BLOCK // max(1, windows.prediction[0].size))
    for first in range(0, len(windows.rows), rows):
        chosen = slice(first, first + rows)
        prediction, target = windows.prediction[chosen], windows.target[chosen]
        scale = np.broadcast_to(intervals.scale(prediction, windows.minutes[chosen]), prediction.shape)
        quantiles = prediction[..., None] + scale[..., None] * signed.T[:, None]
        found = rules.crps_quantile(target, quantiles, alphas, backend="numpy")
        total, count = total + float(np.nansum(found, dtype=np.float64)), count + int((~np.isnan(target)).sum())
    return total / count if count else None


def _means(values: dict[str, np.ndarray], measured: np.ndarray) -> dict[str, Optional[float]]:
    count = int(measured.sum())
    return {name: float(array.sum(dtype=np.float64)) / count if count else None for name, array in values.items()}


def _worst_tenth(by_sensor: dict[str, np.ndarray], counts: np.ndarray) -> dict[str, Optional[float]]:
    known = np.flatnonzero(counts)
    number = max(1, int(_WORST * len(known)))
    worst = known[np.argsort(by_sensor["coverage"][known], kind="stable")[:number]]
    return {name: float(array[worst].mean()) if len(worst) else None for name, array in by_sensor.items()}


def scoring_rules() -> Any:
    """The package `scoringrules`. Raises: UserError if it is missing."""
    try:
        import scoringrules
    except ImportError as error:
        raise UserError("scoringrules", "missing", fix="pip install 'basicts-elin[scores]'") from error
    return scoringrules

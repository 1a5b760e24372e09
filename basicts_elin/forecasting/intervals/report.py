"""Metrics of intervals on the test part: as a dictionary for JSON, and as a table."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Optional

import numpy as np

from ..windows import Windows
from .adaptive import adaptive_bounds, nested
from .coverage import CRPS_LEVELS, coverage, crps
from .split import Intervals

Entry = dict[str, Optional[float]]
Bounds = tuple[np.ndarray, np.ndarray]
STATIC, ADAPTIVE = "static", "adaptive"
_COLUMNS = ("coverage", "width", "interval_score")
_TITLES = ("coverage %", "width", "score")
# of the figures of one kind of intervals in the table
_WIDTH = 32


def measure(
    intervals: Intervals,
    windows: Windows,
    levels: Sequence[float],
    *,
    adaptive: bool = False,
    clip: Callable[[np.ndarray], np.ndarray] = lambda values: values,
) -> dict[str, Any]:
    """The metrics of the intervals on windows, for JSON.

    Returns: "scaling", "validation_windows", "widths" and "scores" of the intervals; "mae", "crps" and
        "crps_quantiles", how many approximate it; "levels": by level, the `coverage` of the intervals "static" and, if
        asked for, "adaptive", and the "validation" coverage of the held-out blocks.

    Args:
        adaptive: also measure intervals that adapt to the errors of earlier windows.
        clip: applied to the bounds.
    Raises: UserError as `Intervals.bounds`, and without `scoringrules`.
    """
    levels = sorted(set(levels))
    bounds = {STATIC: {level: intervals.bounds(windows.prediction, windows.minutes, level) for level in levels}}
    if adaptive:
        bounds[ADAPTIVE] = nested({level: adaptive_bounds(intervals, windows, level) for level in levels})
    found = intervals.facts()
    error = np.abs(windows.target - windows.prediction)
    return {
        "scaling": found["scaling"],
        "validation_windows": found["windows"],
        "widths": found["widths"],
        "scores": found["scores"],
        "mae": float(np.nanmean(error, dtype=np.float64)) if np.isfinite(error).any() else None,
        "crps": crps(intervals, windows),
        "crps_quantiles": 2 * len(CRPS_LEVELS),
        "levels": {
            f"{level:g}": {
                **{kind: _covered(windows, by_level[level], level, clip) for kind, by_level in bounds.items()},
                "validation": intervals.validation_coverage(level).tolist(),
            }
            for level in levels
        },
    }


def _covered(
    windows: Windows, bounds: Bounds, level: float, clip: Callable[[np.ndarray], np.ndarray]
) -> dict[str, Any]:
    lower, upper = map(clip, bounds)
    return coverage(windows, lower, upper, level, scores=True)


def table(found: dict[str, Any], horizons: Sequence[int]) -> str:
    """The result of `measure` as text: for each level overall, by some steps, the worst sensors and the worst hour."""
    lines = []
    for level, entry in found["levels"].items():
        kinds = [kind for kind in (STATIC, ADAPTIVE) if kind in entry]
        lines.append(_line("", (f"{kind:>{_WIDTH}}" for kind in kinds)))
        lines.append(_line(f"{level} % intervals", [_cells(_TITLES)] * len(kinds)))
        for name, pick in _rows(entry[STATIC], horizons):
            figures = [[pick(entry[kind])[column] for column in _COLUMNS] for kind in kinds]
            lines.append(_line(f"  {name}", ([_cells(map(_figure, row)) for row in figures])))
        lines += [drift_line(entry), ""]
    lines.append(
        f"CRPS {_figure(found['crps'])} (by {found['crps_quantiles']} quantiles of the static intervals), "
        f"MAE {_figure(found['mae'])}"
    )
    return "\n".join(lines)


def drift_line(entry: dict[str, Any]) -> str:
    """How the coverage of the static intervals differs between the validation part and the test part, in points."""
    test, blocks = entry[STATIC]["overall"]["coverage"], entry["validation"]
    if not blocks or test is None:
        return "  validation too short to hold out windows: its coverage is not known"
    mean = float(np.mean(blocks))
    return (
        f"  static, validation to test: {mean:.1f} % (held-out blocks {min(blocks):.1f} to {max(blocks):.1f}) to "
        f"{test:.1f} %, {test - mean:+.1f} points"
    )


def worst_hour(found: dict[str, Any]) -> Optional[str]:
    """The hour of the day with the lowest coverage, in the result of `coverage`; None if nothing was measured."""
    return min(found["hours"], key=lambda hour: found["hours"][hour]["coverage"], default=None)


def _rows(found: dict[str, Any], horizons: Sequence[int]) -> list[tuple[str, Callable[[dict[str, Any]], Entry]]]:
    """The name of each row of the table, and what picks its figures from the result of `coverage`."""
    steps = [str(step) for step in horizons if str(step) in found["horizons"]]
    hour = worst_hour(found)
    rows: list[tuple[str, Callable[[dict[str, Any]], Entry]]] = [("overall", lambda one: one["overall"])]
    rows += [(f"step {step}", partial(_nested, "horizons", step)) for step in steps]
    rows.append(("worst tenth of sensors", lambda one: one["worst_tenth"]))
    return rows if hour is None else [*rows, (f"worst hour, {int(hour):02}:00", partial(_nested, "hours", hour))]


def _nested(kind: str, name: str, found: dict[str, Any]) -> Entry:
    return found[kind][name]


def _line(name: str, groups: Iterable[str]) -> str:
    return "  ".join([f"{name:<24}", *groups])


def _cells(texts: Iterable[str]) -> str:
    return " ".join(f"{text:>10}" for text in texts)


def _figure(value: Optional[float]) -> str:
    return "-" if value is None else f"{value:.2f}"

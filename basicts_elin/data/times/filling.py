"""The values of a file on the regular grid. T: rows of the grid, N: sensors, R: rows of the file, C: channels."""

from typing import Optional

import numpy as np

from ..io.raw import RawSeries
from .duplicates import has_duplicates, occurrences
from .options import Placement

# Cells of float64 that means may take at once.
_BLOCK = 2**23


def on_grid(series: RawSeries, placement: Placement) -> tuple[np.ndarray, Optional[np.ndarray]]:
    """Values float32 [T, N], and the covariates [T, N, C - 1] if there are any; NaN where the file has no row.

    They are the file's own arrays, not copies, if it is wide and its rows are those of the grid.
    """
    num_rows = placement.timeline.num_rows
    if series.sensors is None:
        covariates = series.covariates
        values = _wide(series.values, placement)
        if covariates is None:
            return values, None
        return values, _wide(covariates.reshape(len(covariates), -1), placement).reshape(
            num_rows, *covariates.shape[1:]
        )
    assert series.node_names is not None, "a long table"
    nodes = len(series.node_names)
    values = _long(series.values, series.sensors, nodes, placement)
    if series.covariates is None:
        return values, None
    channels = [
        _long(series.covariates[:, channel], series.sensors, nodes, placement)
        for channel in range(series.covariates.shape[1])
    ]
    return values, np.stack(channels, axis=-1)


def _wide(values: np.ndarray, placement: Placement) -> np.ndarray:
    rows, num_rows = placement.rows, placement.timeline.num_rows
    if len(rows) == num_rows and (rows == np.arange(num_rows)).all():
        return values
    found = np.full((num_rows, values.shape[1]), np.nan, np.float32)
    if not has_duplicates(rows, None, num_rows):
        found[rows] = values
        return found
    which = occurrences(rows, None)
    width = max(1, _BLOCK // num_rows)
    for first in range(0, values.shape[1], width):
        columns = slice(first, first + width)
        _merge(found[:, columns], values[:, columns], rows, which, placement.duplicates)
    return found


def _long(values: np.ndarray, sensors: np.ndarray, num_nodes: int, placement: Placement) -> np.ndarray:
    rows, num_rows = placement.rows, placement.timeline.num_rows
    found = np.full((num_rows * num_nodes, 1), np.nan, np.float32)
    places = rows * num_nodes + sensors
    if has_duplicates(rows, sensors, num_rows):
        _merge(found, values[:, None], places, occurrences(rows, sensors), placement.duplicates)
    else:
        found[places, 0] = values
    return found.reshape(num_rows, num_nodes)


def _merge(found: np.ndarray, values: np.ndarray, places: np.ndarray, which: np.ndarray, rule: Optional[str]) -> None:
    """Write rows [R, W] to their places in `found` [T, W], several to some: the mean, or the first measured value."""
    assert rule is not None, "duplicates are refused without a rule"
    by_number = [which == number for number in range(int(which.max()) + 1)]
    if rule == "first":
        for chosen in by_number:
            place = places[chosen]
            found[place] = np.where(np.isnan(found[place]), values[chosen], found[place])
        return
    total, count = np.zeros(found.shape), np.zeros(found.shape, np.int32)
    for chosen in by_number:
        measured = ~np.isnan(values[chosen])
        total[places[chosen]] += np.where(measured, values[chosen], 0.0)
        count[places[chosen]] += measured
    np.divide(total, count, out=found, where=count > 0, casting="unsafe")

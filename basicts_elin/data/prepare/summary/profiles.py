"""What the picture of a dataset's quality shows. T: rows, N: sensors."""

from typing import TYPE_CHECKING

import numpy as np

from ...catalog import DAYS_PER_WEEK, MINUTES_PER_DAY
from .sensors import sensor_blocks

if TYPE_CHECKING:
    from ...times.timeline import Timeline

_SATURDAY = 5


def missing_shares(values: np.ndarray, null_value: float, most_rows: int, most_sensors: int) -> np.ndarray:
    """The missing share in rectangles of rows and sensors: float64 [sensors, rows], each at most so many.

    Args:
        values: [T, N].
    """
    num_rows, num_sensors = values.shape
    row_edges = _edges(num_rows, most_rows)
    counts = np.empty((num_sensors, len(row_edges)))
    for place, block in sensor_blocks(values, null_value):
        counts[place] = np.add.reduceat(np.isnan(block), row_edges, axis=1, dtype=np.int64)
    sensor_edges = _edges(num_sensors, most_sensors)
    sizes = np.outer(_sizes(sensor_edges, num_sensors), _sizes(row_edges, num_rows))
    return np.add.reduceat(counts, sensor_edges, axis=0) / sizes


def daily_profiles(values: np.ndarray, timeline: "Timeline", null_value: float) -> dict[str, np.ndarray]:
    """The mean day of each sensor, float64 [N, steps per day], on working days and on weekends.

    NaN where nothing is. Without dates, the mean of all days.

    Args:
        values: [T, N].
    """
    stamps = timeline.timestamps().astype(np.float64)
    steps = max(1, MINUTES_PER_DAY // timeline.interval_minutes)
    slots = np.rint(stamps[:, 0] * steps).astype(int) % steps
    is_weekend = np.rint(stamps[:, 1] * DAYS_PER_WEEK) >= _SATURDAY
    profiles = {}
    groups = {"Monday to Friday": ~is_weekend, "Saturday and Sunday": is_weekend}
    if timeline.dates() is None:
        # Day 0 is any day.
        groups = {"all days": np.ones(len(stamps), bool)}
    for name, rows in groups.items():
        chosen = np.flatnonzero(rows)
        # the rows of one time of day side by side
        chosen = chosen[np.argsort(slots[chosen], kind="stable")]
        found, starts = np.unique(slots[chosen], return_index=True)
        if not len(found):
            continue
        profile = np.full((values.shape[1], steps), np.nan)
        for place, block in sensor_blocks(values, null_value):
            ordered = block[:, chosen]
            is_measured = ~np.isnan(ordered)
            totals = np.add.reduceat(np.where(is_measured, ordered, 0), starts, axis=1, dtype=np.float64)
            counts = np.add.reduceat(is_measured, starts, axis=1, dtype=np.int64)
            means = np.full(totals.shape, np.nan)
            np.divide(totals, counts, out=means, where=counts > 0)
            profile[place, found] = means
        profiles[name] = profile
    return profiles


def histogram(values: np.ndarray, null_value: float, edges: np.ndarray) -> np.ndarray:
    """How many values lie between two edges; those outside count to the first and the last bin."""
    counts = np.zeros(len(edges) - 1, np.int64)
    for _, block in sensor_blocks(values, null_value):
        measured = block[~np.isnan(block)]
        counts += np.histogram(np.clip(measured, edges[0], edges[-1]), edges)[0]
    return counts


def _edges(total: int, most: int) -> np.ndarray:
    """The first index of each of at most `most` parts of nearly equal sizes."""
    parts = min(total, most)
    return np.arange(parts) * total // parts


def _sizes(edges: np.ndarray, total: int) -> np.ndarray:
    return np.diff(edges, append=total)

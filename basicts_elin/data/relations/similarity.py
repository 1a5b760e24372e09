"""Relations by the measurements: how alike the mean days of two nodes are. T: rows, S: slots of the day, N: nodes."""

import functools
from collections.abc import Callable

import numpy as np

from ...errors import UserError
from ..dataset import Dataset
from ..quality import observed


def mean_day(dataset: Dataset) -> np.ndarray:
    """The mean of the training part at each time of day, float64 [N, S], in original units.

    S: the times of day that the training part has, in order. Missing values do not count. A time of day at which a
    node was never measured takes the value between its neighbours in time, across midnight; a node that was never
    measured is 0 all day.
    """
    times = dataset.timestamps("train")[:, 0].astype(np.float64)
    slot = np.round(times * dataset.steps_per_day).astype(np.int64) % dataset.steps_per_day
    slots, row_slot = np.unique(slot, return_inverse=True)
    values = dataset.values("train")
    sums, counts = np.zeros((len(slots), dataset.num_nodes)), np.zeros((len(slots), dataset.num_nodes))
    for number in range(len(slots)):
        rows = values[row_slot == number]
        measured = observed(rows, dataset.null_value)
        sums[number] = np.where(measured, rows, 0).sum(axis=0, dtype=np.float64)
        counts[number] = measured.sum(axis=0)
    means = sums / np.maximum(counts, 1)
    for node in np.flatnonzero((counts == 0).any(axis=0) & (counts > 0).any(axis=0)):
        known = counts[:, node] > 0
        means[~known, node] = np.interp(slots[~known], slots[known], means[known, node], period=dataset.steps_per_day)
    return means.T


def warping_distances(series: np.ndarray) -> np.ndarray:
    """The distance of each two series by dynamic time warping, float64 [N, N]; series [N, S].

    The sum of absolute differences along the best path, without a limit on the shift. The original takes fastdtw with
    radius 6, which approximates this: on PEMS08, both have the same five nearest nodes of every node tried. tslearn's
    `cdist_dtw` sums squares; of its neighbours 96 % are the same, and 81 % with a Sakoe-Chiba radius of 6.

    Raises: UserError without numba, which tslearn brings.
    """
    distance = _compiled()
    distances = np.zeros((len(series), len(series)))
    series = np.ascontiguousarray(series, np.float64)
    for row in range(1, len(series)):
        distances[row, :row] = distance(series[row], series[:row])
    return distances + distances.T


def unlike_mask(distances: np.ndarray, kept: int) -> np.ndarray:
    """True except for the `kept` nearest nodes in each row, bool [N, N]. Of equal ones the node itself is first."""
    distances = distances.astype(np.float64)
    np.fill_diagonal(distances, -1.0)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :kept]
    mask = np.ones(distances.shape, dtype=bool)
    np.put_along_axis(mask, nearest, False, axis=1)
    return mask


@functools.cache
def _compiled() -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """One series [S] and others [M, S] -> their distances [M]."""
    try:
        from numba import njit
    except ImportError as error:
        raise missing_tslearn("numba") from error

    def distances(one: np.ndarray, others: np.ndarray) -> np.ndarray:
        found = np.empty(len(others))
        steps = len(one)
        best = np.empty(steps + 1)
        for number in range(len(others)):
            other = others[number]
            best[:] = np.inf
            best[0] = 0.0
            for value in one:
                # best[j]: the cheapest path to (step of `one` before, step j of `other`)
                diagonal = best[0]
                best[0] = np.inf
                for step in range(steps):
                    above = best[step + 1]
                    best[step + 1] = abs(value - other[step]) + min(above, best[step], diagonal)
                    diagonal = above
            found[number] = best[steps]
        return found

    return njit(distances)


def missing_tslearn(package: str) -> UserError:
    """The error where a package of the extra is not installed."""
    return UserError(package, "not installed", "tslearn with numba", "pip install 'basicts-elin[pdformer]'")

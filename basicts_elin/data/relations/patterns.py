"""Typical shapes of a few steps, by k-Shape. P: steps of a pattern, M: windows."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ...errors import UserError
from ..dataset import Dataset
from ..quality import observed
from .similarity import missing_tslearn

_ITERATIONS = 5
# One minute, of which half is compilation. All windows of 14 days at 300 sensors would take half an hour.
_MOST_WINDOWS = 20_000


def training_patterns(
    dataset: Dataset, days: int, length: int, input_len: int, output_len: int, seed: int
) -> np.ndarray:
    """The first `length` steps of the first training windows, at every node, float64 [M, length].

    The windows start in the first `days` of the training part. Those with a missing value are left out, and constant
    ones, because they have no shape. At most 20,000 are drawn at random with the seed; the original uses all.
    """
    starts = dataset.window_starts("train", input_len, output_len)[: days * dataset.steps_per_day]
    values = dataset.values("train")
    starts = starts[starts + length <= len(values)]
    usable = np.zeros((len(starts), dataset.num_nodes), dtype=bool)
    for number, start in enumerate(starts):
        rows = values[start : start + length]
        usable[number] = observed(rows, dataset.null_value).all(axis=0) & (np.ptp(rows, axis=0) > 0)
    places = np.flatnonzero(usable)
    if len(places) > _MOST_WINDOWS:
        places = np.sort(np.random.default_rng(seed).choice(places, _MOST_WINDOWS, replace=False))
    window, node = np.divmod(places, dataset.num_nodes)
    return values[starts[window][:, None] + np.arange(length), node[:, None]].astype(np.float64)


def pattern_keys(patterns: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    """The centres of the clusters that k-Shape finds in five iterations, float64 [clusters, P]: mean 0, deviation 1.

    Raises: UserError for fewer windows than clusters, for windows of too few shapes, and without tslearn.
    """
    fix = f"--set model_config.num_patterns=... to a number below {clusters}, or a longer training part"
    if len(patterns) < clusters:
        found = f"{len(patterns)} windows without missing values that are not constant"
        raise UserError("training part", found, f"{clusters} or more, one for each pattern key", fix)
    try:
        from tslearn.clustering import KShape
        from tslearn.preprocessing import TimeSeriesScalerMeanVariance
    except ImportError as error:
        raise missing_tslearn("tslearn") from error
    scaled = TimeSeriesScalerMeanVariance().fit_transform(patterns[..., None])
    model = KShape(n_clusters=clusters, max_iter=_ITERATIONS, random_state=seed)
    with _one_thread(), warnings.catch_warnings():
        # numba warns about its own cache and scheduling
        warnings.simplefilter("ignore")
        model.fit(scaled)
    # every attempt ended with an empty cluster
    if not np.isfinite(model.inertia_) or not np.isfinite(model.cluster_centers_).all():
        found = f"{len(patterns)} windows of fewer than {clusters} shapes"
        raise UserError("training part", found, f"{clusters} shapes, one for each pattern key", fix)
    return model.cluster_centers_[..., 0]


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread for tslearn. Several would wait for each other: numpy's Fourier transform holds Python's lock."""
    import numba

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(before)

"""Mean days and how alike they are."""

import numpy as np
import pytest
from tiny import write_dataset

from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.relations.similarity import mean_day, unlike_mask, warping_distances

SLOTS = 8


def dataset(root, change=lambda values, times: None):
    """96 training rows at eight steps a day, from the third step of a day on."""
    folder = write_dataset(root, steps_per_day=SLOTS)
    values, times = (np.load(folder / f"train_{kind}.npy") for kind in ("data", "timestamps"))
    times[:, 0] = (np.arange(len(times)) + 3) % SLOTS / SLOTS
    change(values, times)
    np.save(folder / "train_data.npy", values)
    np.save(folder / "train_timestamps.npy", times)
    return open_dataset(folder), values.astype(np.float64), np.round(times[:, 0] * SLOTS).astype(int)


def warped(one, other):
    """The same by its definition."""
    best = np.full((len(one) + 1, len(other) + 1), np.inf)
    best[0, 0] = 0
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            best[i + 1, j + 1] = abs(a - b) + min(best[i, j], best[i, j + 1], best[i + 1, j])
    return best[-1, -1]


def test_the_mean_of_what_was_measured_at_each_time_of_day(tmp_path):
    data, values, slot = dataset(tmp_path)
    assert (values == 0).any()
    expected = [[values[(slot == s) & (values[:, n] != 0), n].mean() for s in range(SLOTS)] for n in range(5)]
    np.testing.assert_allclose(mean_day(data), expected, rtol=1e-12)


def test_a_time_of_day_never_measured_lies_between_its_neighbours(tmp_path):
    def change(values, times):
        values[values == 0] = 1
        slot = np.round(times[:, 0] * SLOTS)
        values[np.isin(slot, [3, 4, 0]), 1] = 0
        values[:, 2] = 0
        values[:, 3] = np.nan

    data, values, slot = dataset(tmp_path, change)
    found = mean_day(data)
    means = {s: values[slot == s, 1].mean() for s in (1, 2, 5, 7)}
    expected = [(means[7] + means[1]) / 2, (2 * means[2] + means[5]) / 3, (means[2] + 2 * means[5]) / 3]
    np.testing.assert_allclose(found[1, [0, 3, 4]], expected, rtol=1e-12)
    # never measured
    assert not found[[2, 3]].any() and np.isfinite(found).all()


def test_times_that_the_series_does_not_have_are_left_out(tmp_path):
    def only_days(values, times):
        times[:, 0] = (2 + np.arange(len(times)) % 3) / SLOTS

    assert mean_day(dataset(tmp_path, only_days)[0]).shape == (5, 3)


def test_warping_is_the_least_sum_of_absolute_differences():
    pytest.importorskip("numba")
    series = np.random.default_rng(0).normal(size=(6, 17))
    found = warping_distances(series)
    np.testing.assert_allclose(found, [[warped(a, b) for b in series] for a in series], rtol=1e-12)
    # a shift costs little
    assert warping_distances(np.array([[0, 0, 5, 1, 0], [0, 5, 1, 0, 0.0]]))[0, 1] == 0


def test_the_nearest_are_kept_and_itself_among_equals():
    distances = np.array([[0, 0, 2, 1], [0, 0, 1, 1], [2, 1, 0, 3], [1, 1, 3, 0.0]])
    expected = [[0, 0, 1, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 1, 0]]
    np.testing.assert_array_equal(unlike_mask(distances, 2), np.array(expected, dtype=bool))
    assert not unlike_mask(distances, 9).any()
    np.testing.assert_array_equal(unlike_mask(np.zeros((3, 3)), 1), ~np.eye(3, dtype=bool))


def test_mask_of_the_public_model(pdformer_vectors):
    np.testing.assert_array_equal(unlike_mask(pdformer_vectors["dtw"], 4), pdformer_vectors["sem_mask"])

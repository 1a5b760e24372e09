"""The windows that pattern keys come from, and the keys."""

import sys

import numpy as np
import pytest
from refusal import refuses
from tiny import write_dataset

from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.relations import patterns
from basicts_elin.data.relations.patterns import pattern_keys, training_patterns

SLOTS = 8


def patterns_of(dataset, days=14, length=3):
    return training_patterns(dataset, days, length, 12, 12, seed=0)


def brute_force(values, starts, length=3):
    found = [values[start : start + length, node] for start in starts for node in range(values.shape[1])]
    return [window for window in found if (window != 0).all() and np.ptp(window) > 0]


@pytest.fixture
def written(tmp_path):
    folder = write_dataset(tmp_path, steps_per_day=SLOTS)
    values = np.load(folder / "train_data.npy")
    values[:, 3] = 7
    np.save(folder / "train_data.npy", values)
    return open_dataset(folder), values.astype(np.float64)


@pytest.mark.parametrize(("days", "windows"), [(2, 16), (9, 72), (14, 73)])
def test_the_first_steps_of_the_first_windows(written, days, windows):
    """The training part has 73 windows. A constant node and missing values have no shape."""
    dataset, values = written
    expected = brute_force(values, range(windows))
    assert 0 < len(expected) < 4 * windows
    np.testing.assert_array_equal(patterns_of(dataset, days), expected)
    np.testing.assert_array_equal(patterns_of(dataset, days, 5), brute_force(values, range(windows), 5))


def test_a_share_of_many_windows_is_drawn_by_the_seed(written, monkeypatch):
    dataset, _ = written
    everything = patterns_of(dataset).tolist()
    monkeypatch.setattr(patterns, "_MOST_WINDOWS", 20)
    found = patterns_of(dataset)
    assert len(found) == 20 and all(window in everything for window in found.tolist())
    np.testing.assert_array_equal(patterns_of(dataset), found)


def test_keys_are_scaled_and_follow_from_the_seed(without_jit):
    windows = np.random.default_rng(1).normal(size=(300, 3)) * 40 + 200
    keys = pattern_keys(windows, 5, 0)
    assert keys.shape == (5, 3)
    np.testing.assert_allclose(keys.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(keys.std(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(pattern_keys(windows, 5, 0), keys)
    assert not np.allclose(pattern_keys(windows, 5, 1), keys)


def test_rises_and_falls_are_told_apart(without_jit):
    steps = np.linspace(1, 9, 40)[:, None]
    keys = pattern_keys(np.concatenate([[0, 1, 2] * steps, [2, 1, 0] * steps]), 2, 0)
    np.testing.assert_allclose(sorted(keys[:, 0]), [-np.sqrt(1.5), np.sqrt(1.5)])


@pytest.mark.parametrize("windows", [np.zeros((0, 3)), np.eye(3)])
def test_too_few_windows_are_refused(windows):
    with refuses("training part", found=str(len(windows)), expected="4", fix="num_patterns"):
        pattern_keys(windows, 4, 0)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tslearn.clustering", None)
    with refuses("tslearn", found="not installed", fix="basicts-elin[pdformer]"):
        pattern_keys(np.random.default_rng(0).normal(size=(9, 3)), 4, 0)


def test_too_few_shapes_are_refused(without_jit):
    windows = np.tile([[0.0, 1, 2], [2, 1, 0]], (20, 1))
    with refuses("training part", found="40 windows", expected="6", fix="num_patterns"):
        pattern_keys(windows, 6, 0)

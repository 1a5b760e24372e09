"""Coverage, widths and scores against plain loops."""

import builtins

import numpy as np
import pytest
from forecasting.intervals.synthetic import forecasts
from refusal import refuses

from basicts_elin.forecasting.intervals import Intervals
from basicts_elin.forecasting.intervals.coverage import CRPS_LEVELS, coverage, crps


@pytest.fixture(scope="module")
def case():
    windows = forecasts(windows=70, sensors=4, missing=0.2)
    windows.target[:, :, 3] = np.nan
    generator = np.random.default_rng(5)
    half = generator.uniform(0, 3, windows.prediction.shape).astype(np.float32)
    return windows, windows.prediction - half, windows.prediction + half


def plain(windows, lower, upper, level):
    """Coverage, width and interval score of each measured target, with its place."""
    found = []
    alpha = 1 - level / 100
    for place in zip(*np.nonzero(~np.isnan(windows.target)), strict=True):
        target, low, high = (float(array[place]) for array in (windows.target, lower, upper))
        score = high - low + 2 / alpha * (max(low - target, 0) + max(target - high, 0))
        found.append((place, 100.0 * (low <= target <= high), high - low, score))
    return found


def means(entries):
    coverage, width, score = np.mean([entry[1:] for entry in entries], axis=0)
    return {"coverage": coverage, "width": width, "interval_score": score}


def same(one, other):
    assert one == {name: pytest.approx(value, rel=1e-4) for name, value in other.items()}


def test_against_a_plain_loop(case):
    windows, lower, upper = case
    found = coverage(windows, lower, upper, 80, scores=True)
    entries = plain(windows, lower, upper, 80)
    same(found["overall"], means(entries))
    for step in range(3):
        same(found["horizons"][str(step + 1)], means([entry for entry in entries if entry[0][1] == step]))
    for hour in range(24):
        own = [entry for entry in entries if windows.minutes[entry[0][:2]] // 60 == hour]
        same(found["hours"][str(hour)], means(own))
    by_sensor = [means([entry for entry in entries if entry[0][2] == sensor]) for sensor in range(3)]
    assert found["sensors"] == [*(pytest.approx(one["coverage"], rel=1e-6) for one in by_sensor), None]
    same(found["worst_tenth"], min(by_sensor, key=lambda one: one["coverage"]))
    assert found["level"] == 80


def test_the_worst_tenth_are_sensors():
    windows = forecasts(windows=50, sensors=30)
    half = np.where(np.arange(30) < 3, 0.1, 10).astype(np.float32)
    found = coverage(windows, windows.prediction - half, windows.prediction + half, 90)
    assert found["worst_tenth"]["width"] == pytest.approx(0.2, rel=1e-3)
    assert found["worst_tenth"]["coverage"] == pytest.approx(np.mean(found["sensors"][:3]))
    assert "interval_score" not in found["overall"]


def test_nothing_measured():
    windows = forecasts(windows=5)
    windows.target[:] = np.nan
    found = coverage(windows, windows.prediction, windows.prediction, 90)
    assert found["overall"] == {"coverage": None, "width": None} == found["worst_tenth"]
    assert found["hours"] == {} and found["sensors"] == [None] * 4


def test_crps_against_the_integral_of_the_normal_distribution():
    """For normal errors of deviation 1 the exact score is 1 / sqrt(pi)."""
    windows, unseen = forecasts(windows=3000), forecasts(windows=3000, seed=1)
    assert crps(Intervals.fit(windows), unseen) == pytest.approx(np.pi**-0.5, rel=0.03)


def test_crps_against_a_plain_loop(monkeypatch):
    monkeypatch.setattr("basicts_elin.forecasting.intervals.coverage._BLOCK", 100)
    windows = forecasts(windows=60, missing=0.3)
    intervals = Intervals.fit(windows)
    losses = []
    for level in CRPS_LEVELS:
        for side, bound in zip((-1, 1), intervals.bounds(windows.prediction, windows.minutes, level), strict=True):
            share = 0.5 + side * level / 200
            above = windows.target - bound
            losses.append(2 * np.where(above >= 0, share * above, (share - 1) * above))
    assert crps(intervals, windows) == pytest.approx(np.nanmean(losses), rel=1e-4)


def test_crps_of_too_few_errors():
    windows = forecasts(windows=2)
    assert crps(Intervals.fit(windows), windows) is None


def test_without_the_package_of_the_scores(case, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **named):
        if name == "scoringrules":
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    windows, lower, upper = case
    assert coverage(windows, lower, upper, 90)["overall"]["coverage"] > 0
    with refuses("scoringrules", found="missing", fix="basicts-elin[scores]"):
        coverage(windows, lower, upper, 90, scores=True)


def test_one_sensor():
    windows = forecasts(windows=40, sensors=1)
    lower, upper = windows.prediction - 1, windows.prediction + 1
    found = coverage(windows, lower, upper, 80, scores=True)
    same(found["overall"], means(plain(windows, lower, upper, 80)))
    fitted = Intervals.fit(windows, 3)
    ends = np.array([fitted.bounds(windows.prediction, windows.minutes, level) for level in CRPS_LEVELS])
    probabilities = (1 + np.array([-1, 1])[:, None] * np.array(CRPS_LEVELS) / 100) / 2
    errors = windows.target - ends.swapaxes(0, 1)
    losses = np.maximum(
        probabilities[..., None, None, None] * errors, (probabilities[..., None, None, None] - 1) * errors
    )
    assert crps(fitted, windows) == pytest.approx(2 * losses.mean(axis=(0, 1)).mean(), rel=1e-4)

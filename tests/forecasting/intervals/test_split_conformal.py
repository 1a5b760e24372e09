"""Intervals from the errors of one series of windows, tried on another."""

import numpy as np
import pytest
from forecasting.intervals.synthetic import covered, forecasts
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refuses

from basicts_elin.forecasting.intervals import Intervals
from basicts_elin.forecasting.intervals.crossfit import (
    SCORE,
    WIDTH,
    held_out_blocks,
    step_quantiles,
    thinned,
    width_and_score,
)


def by_level(prediction, minutes):
    return prediction / 10


def by_sensor(prediction, minutes):
    return np.array([1.0, 2.0, 5.0, 20.0])


def by_hour_and_sensor(prediction, minutes):
    rush = np.where((minutes // 60 % 12) < 6, 1.0, 8.0)[..., None]
    return np.where(np.arange(4) % 2, rush, 9 - rush)


@pytest.fixture(scope="module")
def calibrated():
    return Intervals.fit(forecasts(windows=3000, spread=by_level))


@pytest.mark.parametrize(
    ("spread", "scaling"),
    [
        (None, {"horizon", "level", "sensor", "sensor_level", "sensor_hour", "sensor_hour_level"}),
        (by_sensor, {"sensor", "sensor_level"}),
        (by_level, {"level", "sensor_level"}),
        (by_hour_and_sensor, {"sensor_hour", "sensor_hour_level"}),
    ],
)
@pytest.mark.parametrize("level", [80, 90])
def test_coverage_on_windows_of_the_same_kind(spread, scaling, level):
    intervals = Intervals.fit(forecasts(spread=spread))
    assert intervals.scale.name in scaling
    unseen = forecasts(spread=spread, seed=1, first=5000)
    share = covered(unseen, *intervals.bounds(unseen.prediction, unseen.minutes, level))
    assert share == pytest.approx(level / 100, abs=0.02)


@pytest.mark.parametrize("spread", [by_sensor, by_level, by_hour_and_sensor])
def test_scaled_intervals_are_narrower_where_errors_differ(spread):
    intervals = Intervals.fit(forecasts(spread=spread))
    for widths in intervals.widths.values():
        assert widths[intervals.scale.name] < 0.95 * widths["horizon"]


def test_the_score_can_decide_instead_of_the_width():
    """Few targets have large errors, by a sensor: it costs the width much to hold them, and the score more not to."""
    windows = forecasts(windows=1500, sensors=40, spread=lambda p, m: np.where(np.arange(40) < 3, 30.0, 1.0))
    by_width, by_score = (Intervals.fit(windows, criterion=criterion) for criterion in (WIDTH, SCORE))
    assert by_width.widths == by_score.widths and by_width.scores == by_score.scores
    assert by_width.scale.name == min(by_width.widths["90"], key=by_width.widths["90"].get)
    assert by_score.scale.name == min(by_width.scores["90"], key=by_width.scores["90"].get)
    assert by_width.scale.name != by_score.scale.name


def test_widths_and_scores_are_those_of_their_definitions():
    windows = forecasts(windows=400, missing=0.2, spread=by_sensor)
    error = np.abs(windows.target - windows.prediction)
    scale = np.broadcast_to(np.array([1.0, 2.0, 5.0, 20.0], np.float32), error.shape)
    quantiles = step_quantiles(error / scale)
    half = scale * quantiles[:, 799][:, None]
    scores = 2 * half + 2 / 0.2 * np.where(error > half, error - half, 0)
    measured = ~np.isnan(error)
    expected = 2 * half[measured].mean(), scores[measured].mean()
    assert width_and_score(error, scale, quantiles, 80) == pytest.approx(expected, rel=1e-4)


def test_scaling_helps_where_the_errors_are_small(calibrated):
    unseen = forecasts(spread=by_level, seed=1)
    lower, upper = calibrated.bounds(unseen.prediction, unseen.minutes, 90)
    low = unseen.prediction < 60
    inside = (unseen.target >= lower) & (unseen.target <= upper)
    assert inside[low].mean() == pytest.approx(0.9, abs=0.03)
    assert inside[~low].mean() == pytest.approx(0.9, abs=0.03)


def test_the_quantiles_are_those_of_held_out_scores():
    """Of many tables fitted to few windows, the own windows' scores would be too small."""
    windows = forecasts(windows=120, steps=1, sensors=60, spread=lambda p, m: np.exp(np.arange(60) % 5))
    intervals = Intervals.fit(windows, input_len=1)
    assert intervals.scale.name != "horizon"
    own = np.abs(windows.target - windows.prediction) / intervals.scale(windows.prediction, windows.minutes)
    assert (intervals.quantiles[0, 900:990] > step_quantiles(own)[0, 900:990]).mean() > 0.9


@settings(deadline=None)
@given(st.floats(0.1, 99), st.floats(0.1, 99))
def test_a_higher_level_contains_a_lower_one(calibrated, one, other):
    windows = forecasts(windows=20, seed=3)
    low, high = (calibrated.bounds(windows.prediction, windows.minutes, level) for level in sorted((one, other)))
    assert (high[0] <= low[0]).all() and (high[1] >= low[1]).all()


def test_shape_and_type(calibrated):
    windows = forecasts(windows=7)
    for bound in calibrated.bounds(windows.prediction, windows.minutes, 90):
        assert bound.shape == (7, 3, 4) and bound.dtype == np.float32
    lower, upper = calibrated.bounds(windows.prediction, windows.minutes, 90)
    assert (lower < windows.prediction).all() and (windows.prediction < upper).all()


def test_missing_targets_count_for_nothing():
    windows = forecasts(missing=0.3)
    windows.target[:, :, 2] = np.nan
    intervals = Intervals.fit(windows)
    assert (intervals.counts == (~np.isnan(windows.target)).sum((0, 2))).all()
    unseen = forecasts(seed=1)
    assert covered(unseen, *intervals.bounds(unseen.prediction, unseen.minutes, 90)) == pytest.approx(0.9, abs=0.02)


def test_a_step_without_a_measured_target():
    windows = forecasts()
    windows.target[:, 1] = np.nan
    with refuses("intervals", found="2 steps ahead"):
        Intervals.fit(windows)


def test_a_level_that_so_few_windows_cannot_bound():
    windows = forecasts(windows=2)
    intervals = Intervals.fit(windows)
    assert intervals.bounds(windows.prediction, windows.minutes, 80)[0].shape == (2, 3, 4)
    with refuses("level", found="90 with 8 measured targets", expected="9 or more, or a level of at most 88.8"):
        intervals.bounds(windows.prediction, windows.minutes, 90)


@pytest.mark.parametrize(("windows", "sensors"), [(2, 8), (30, 1)])
def test_too_few_windows_to_hold_any_out_are_not_scaled(windows, sensors):
    few = forecasts(windows=windows, sensors=sensors)
    intervals = Intervals.fit(few, input_len=30)
    assert intervals.scale.name == "horizon"
    assert intervals.validation_coverage(80).size == 0


def test_forecasts_without_any_error():
    windows = forecasts(spread=lambda p, m: 0 * p)
    intervals = Intervals.fit(windows)
    lower, upper = intervals.bounds(windows.prediction, windows.minutes, 90)
    assert (lower == windows.prediction).all() and (upper == windows.prediction).all()


def test_of_many_windows_every_kth_is_enough(monkeypatch):
    monkeypatch.setattr("basicts_elin.forecasting.intervals.crossfit._MOST_VALUES", 3000)
    windows = forecasts(windows=1000, spread=by_sensor)
    intervals = Intervals.fit(windows)
    assert intervals.windows == 1000 and (intervals.counts == 4 * 250).all()
    assert covered(windows, *intervals.bounds(windows.prediction, windows.minutes, 90)) == pytest.approx(0.9, abs=0.02)


def test_the_windows_that_are_enough_are_of_all_times_of_the_day(monkeypatch):
    windows = forecasts(windows=288 * 10)
    monkeypatch.setattr("basicts_elin.forecasting.intervals.crossfit._MOST_VALUES", windows.prediction.size // 96)
    assert len({*(thinned(windows).minutes[:, 0] // 60)}) > 20


def test_blocks_are_apart_from_the_windows_that_the_scaling_is_fitted_by():
    rows = np.sort(np.random.default_rng(0).choice(2000, 900, replace=False))
    blocks = held_out_blocks(rows, purge=24)
    assert len(blocks) == 5
    assert (np.sum([held for held, _ in blocks], axis=0) == 1).all()
    for held, fitted in blocks:
        assert np.abs(rows[held][:, None] - rows[fitted]).min() >= 24
        assert (np.diff(np.flatnonzero(held)) == 1).all()


def test_what_is_left_out_of_a_fit_cannot_change_its_scores():
    """Errors of a block reach the scale of that block only by the final fit."""
    windows = forecasts(windows=500, spread=by_sensor)
    held, fitted = held_out_blocks(windows.rows, 6)[2]
    before = Intervals.fit(windows.part(fitted))
    assert not (held & fitted).any()
    windows.target[held] += 1000
    after = Intervals.fit(windows.part(fitted))
    assert (before.quantiles == after.quantiles).all()


def test_coverage_of_the_held_out_blocks_shows_a_drift():
    calm = forecasts(windows=1000)
    assert Intervals.fit(calm).validation_coverage(90) == pytest.approx(np.full(5, 90), abs=4)
    growing = forecasts(windows=1000, spread=lambda p, m: np.linspace(1, 6, 1000)[:, None, None])
    blocks = Intervals.fit(growing).validation_coverage(90)
    assert blocks[0] > 98 and blocks[-1] < 80

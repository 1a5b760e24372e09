"""Online conformal intervals: the same as a plain loop, nothing from the future, and coverage in spite of drift."""

import numpy as np
import pytest
from forecasting.intervals.synthetic import covered, forecasts

from basicts_elin.forecasting.intervals import Intervals
from basicts_elin.forecasting.intervals.adaptive import adaptive_bounds, default_rate, nested
from basicts_elin.forecasting.intervals.coverage import coverage


@pytest.fixture(scope="module")
def intervals():
    return Intervals.fit(forecasts())


def plain(intervals, windows, level, rate):
    """The rule window by window, from the definition: each factor by the sum of all that is known."""
    static = np.array(intervals.half_width(windows.prediction, windows.minutes, level), np.float64)
    count, steps, sensors = static.shape
    half, changes, hours = np.zeros(static.shape), np.zeros(static.shape), windows.minutes // 60
    for window in range(count):
        for step in range(steps):
            known = [w for w in range(window) if windows.rows[w] + step < windows.rows[window]]
            at_this_hour = [w for w in known if hours[w, step] == hours[window, step]]
            by_hour = sum(changes[w, step].mean() for w in at_this_hour)
            for sensor in range(sensors):
                by_sensor = sum(changes[w, step, sensor] for w in known)
                log = rate * by_sensor + min(0.4, 5 * rate) * by_hour
                half[window, step, sensor] = static[window, step, sensor] * np.exp(log)
                error = abs(windows.target[window, step, sensor] - windows.prediction[window, step, sensor])
                missed = error > half[window, step, sensor]
                changes[window, step, sensor] = 0 if np.isnan(error) else level / 100 - (not missed)
    return windows.prediction - half, windows.prediction + half


@pytest.mark.parametrize("every", [1, 2, 3, 7])
def test_against_a_plain_loop(intervals, every):
    windows = forecasts(windows=60, sensors=4, seed=1, missing=0.2, every=every, spread=lambda p, m: 3.0)
    found = adaptive_bounds(intervals, windows, 80, rate=0.1)
    for bound, expected in zip(found, plain(intervals, windows, 80, 0.1), strict=True):
        assert bound.dtype == np.float32
        assert bound == pytest.approx(expected, rel=1e-4)


def test_against_a_plain_loop_with_gaps_between_the_windows(intervals):
    windows = forecasts(windows=80, seed=1)
    windows = windows.part(np.r_[0:10, 11:30, 55:80])
    found = adaptive_bounds(intervals, windows, 90, rate=0.1)
    for bound, expected in zip(found, plain(intervals, windows, 90, 0.1), strict=True):
        assert bound == pytest.approx(expected, rel=1e-4)


def test_bounds_do_not_depend_on_what_is_not_known_yet(intervals):
    windows = forecasts(windows=80, seed=1)
    before = adaptive_bounds(intervals, windows, 80)
    now = 50
    unknown = windows.rows[:, None] + np.arange(3) >= windows.rows[now]
    windows.target[unknown] = 1e6
    after = adaptive_bounds(intervals, windows, 80)
    for one, other in zip(before, after, strict=True):
        assert (one[: now + 1] == other[: now + 1]).all()
        assert (one[now + 1] != other[now + 1]).any()


def test_the_first_window_has_the_static_interval(intervals):
    windows = forecasts(windows=5, seed=1)
    static = intervals.bounds(windows.prediction, windows.minutes, 90)
    for one, other in zip(adaptive_bounds(intervals, windows, 90), static, strict=True):
        assert one[0] == pytest.approx(other[0], rel=1e-6)


@pytest.mark.parametrize("level", [80, 90])
def test_coverage_of_every_sensor_in_spite_of_drift(intervals, level):
    """Errors of one sensor grow fourfold, those of another shrink: the static intervals are off, these are not."""
    change = np.linspace(0, 1, 1500)[:, None, None]
    windows = forecasts(windows=1500, seed=1, spread=lambda p, m: np.array([4.0, 0.25, 1.0, 2.0]) ** change)
    static = coverage(windows, *intervals.bounds(windows.prediction, windows.minutes, level), level)
    found = coverage(windows, *adaptive_bounds(intervals, windows, level), level)
    assert static["worst_tenth"]["coverage"] < level - 15
    assert found["overall"]["coverage"] == pytest.approx(level, abs=1)
    assert found["worst_tenth"]["coverage"] > level - 5


def test_coverage_of_every_hour(intervals):
    """Some hours of the day are harder for all sensors than those that the intervals were made from."""
    windows = forecasts(windows=1500, seed=1, spread=lambda p, m: np.where(m // 60 == 8, 4.0, 1.0)[..., None])
    static, found = (
        coverage(windows, *bounds, 90)["hours"]["8"]["coverage"]
        for bounds in (
            intervals.bounds(windows.prediction, windows.minutes, 90),
            adaptive_bounds(intervals, windows, 90),
        )
    )
    assert static < 40 and found > 65


def test_without_drift_the_width_stays(intervals):
    windows = forecasts(windows=1500, seed=1)
    lower, upper = intervals.bounds(windows.prediction, windows.minutes, 90)
    found = adaptive_bounds(intervals, windows, 90)
    assert covered(windows, *found) == pytest.approx(0.9, abs=0.01)
    assert (found[1] - found[0]).mean() == pytest.approx((upper - lower).mean(), rel=0.1)


def test_several_levels_are_nested(intervals):
    windows = forecasts(windows=400, seed=1)
    bounds = {level: adaptive_bounds(intervals, windows, level, rate=0.5) for level in (80, 70, 75)}
    assert (bounds[75][1] < bounds[70][1]).any()
    found = nested(bounds)
    assert list(found) == [70, 75, 80]
    for inner, outer in ((70, 75), (75, 80)):
        assert (found[outer][0] <= found[inner][0]).all() and (found[outer][1] >= found[inner][1]).all()
    assert (found[70][0] == bounds[70][0]).all()


def test_the_rate_of_windows_that_are_farther_apart():
    assert default_rate(np.arange(10)) == 0.02
    assert default_rate(4 * np.arange(10)) == pytest.approx(0.04)
    assert default_rate(np.array([3])) == 0.02
    assert default_rate(10_000 * np.arange(3)) == 0.2


def test_forecasts_without_any_error_stay_covered():
    exact = forecasts(spread=lambda p, m: 0 * p)
    intervals = Intervals.fit(exact)
    found = adaptive_bounds(intervals, exact, 90)
    assert all(np.isfinite(bound).all() for bound in found)
    assert covered(exact, *found) == 1

"""Each factor of a scaling against the errors it was fitted to."""

import numpy as np
import pytest
from forecasting.intervals.synthetic import forecasts

from basicts_elin.forecasting.intervals.scales import SCALINGS, Scale


def errors(windows):
    return np.abs(windows.target - windows.prediction)


@pytest.mark.parametrize("name", SCALINGS)
def test_the_mean_error_is_the_mean_scale(name):
    windows = forecasts(windows=2000, missing=0.1)
    scale = Scale.fit(name, windows, errors(windows))(windows.prediction, windows.minutes)
    scale = np.broadcast_to(scale, windows.prediction.shape)
    assert (scale > 0).all() and np.isfinite(scale).all()
    assert scale.mean() == pytest.approx(np.nanmean(errors(windows)), rel=0.03)


def test_by_sensor_and_step():
    size = np.array([[1.0, 4.0, 9.0, 16.0], [2.0, 8.0, 18.0, 32.0], [3.0, 12.0, 27.0, 48.0]])
    windows = forecasts(windows=3000, spread=lambda p, m: size)
    scale = Scale.fit("sensor", windows, errors(windows))
    means = np.abs(windows.target - windows.prediction).mean(0)
    overall = means.mean(1, keepdims=True)
    assert scale.tables["base"] == pytest.approx((3000 * means + 100 * overall) / 3100, rel=1e-4)


def test_a_sensor_with_few_measured_values_is_drawn_to_all_and_one_without_any_is_like_all():
    windows = forecasts(windows=3000, spread=lambda p, m: np.array([1.0, 1.0, 50.0, 50.0]))
    windows.target[20:, :, 2] = np.nan
    windows.target[:, :, 3] = np.nan
    base = Scale.fit("sensor", windows, errors(windows)).tables["base"]
    overall = np.nanmean(errors(windows), axis=(0, 2))
    assert base[:, 3] == pytest.approx(overall, rel=1e-5)
    assert (base[:, 2] > 2 * overall).all()
    assert (base[:, 2] < 0.3 * np.nanmean(errors(windows)[:, :, 2], axis=0)).all()


def test_by_hour_and_sensor():
    windows = forecasts(windows=24 * 300, steps=2, spread=lambda p, m: 1.0 + (m[..., None] // 60 + np.arange(4)) % 5)
    scale = np.broadcast_to(Scale.fit("sensor_hour", windows, errors(windows))(windows.prediction, windows.minutes),
                            windows.prediction.shape)  # fmt: skip
    for hour in (0, 3, 23):
        now = windows.minutes // 60 == hour
        assert scale[now].mean(0) == pytest.approx(errors(windows)[now].mean(0), rel=0.35)


@pytest.mark.parametrize("sign", [1, -1])
def test_by_level_the_errors_may_grow_or_fall(sign):
    windows = forecasts(windows=4000, steps=1, spread=lambda p, m: 5 + 10 * (p / 200 if sign > 0 else 1 - p / 200))
    scale = Scale.fit("level", windows, errors(windows))
    values = np.array([30.0, 100.0, 190.0], np.float32)[:, None, None]
    found = scale(np.broadcast_to(values, (3, 1, 4)), np.zeros((3, 1), int))[:, 0, 0]
    expected = (2 / np.pi) ** 0.5 * (5 + 10 * (values / 200 if sign > 0 else 1 - values / 200))[:, 0, 0]
    assert found == pytest.approx(expected, rel=0.1)


def test_beyond_the_forecasts_seen_the_scale_is_that_of_the_last_knot():
    windows = forecasts(windows=1000, steps=1, spread=lambda p, m: p / 10)
    scale = Scale.fit("level", windows, errors(windows))
    far = np.array([-1e6, 1e6], np.float32)[:, None, None] * np.ones((1, 1, 4), np.float32)
    found = scale(far, np.zeros((2, 1), int))
    curve = scale.tables["curve"][0] * scale.tables["base"][0]
    assert found[0] == pytest.approx(curve[0], rel=1e-6) and found[1] == pytest.approx(curve[-1], rel=1e-6)


@pytest.mark.parametrize("name", ["level", "sensor_level", "sensor_hour_level"])
def test_forecasts_that_are_all_equal(name):
    windows = forecasts(windows=500)
    windows.target[:] -= windows.prediction
    windows.prediction[:] = 0
    scale = np.broadcast_to(Scale.fit(name, windows, errors(windows))(windows.prediction, windows.minutes),
                            windows.prediction.shape)  # fmt: skip
    assert np.isfinite(scale).all() and (scale > 0).all()
    assert scale.mean() == pytest.approx(errors(windows).mean(), rel=0.05)

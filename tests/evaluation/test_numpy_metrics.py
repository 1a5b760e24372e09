import math

import numpy as np
import pytest
import torch
from basicts.metrics import ALL_METRICS
from basicts.utils.mask import null_val_mask

from basicts_elin.data.quality import observed
from basicts_elin.evaluation.numpy_metrics import error_sums, masked_metrics, metrics_by_horizon

EMPTY = {"MAE": None, "RMSE": None, "MAPE": None}


def test_metrics_by_hand():
    targets = np.array([10.0, 0.0, 20.0, 40.0])
    prediction = np.array([13.0, 99.0, 16.0, 40.0])
    metrics = masked_metrics(prediction, targets, targets != 0)
    assert metrics["MAE"] == pytest.approx((3 + 4 + 0) / 3)
    assert metrics["RMSE"] == pytest.approx(math.sqrt((9 + 16 + 0) / 3))
    assert metrics["MAPE"] == pytest.approx(100 * (0.3 + 0.2 + 0.0) / 3)


def test_a_measured_zero_counts_except_in_the_percentage():
    metrics = masked_metrics(np.array([2.0, 6.0]), np.array([0.0, 8.0]), np.array([True, True]))
    assert metrics == {"MAE": 2.0, "RMSE": 2.0, "MAPE": 25.0}


def test_only_zeros_have_no_percentage():
    metrics = masked_metrics(np.array([2.0]), np.array([0.0]), np.array([True]))
    assert metrics == {"MAE": 2.0, "RMSE": 2.0, "MAPE": None}


def test_nothing_measured_has_no_metrics():
    assert masked_metrics(np.ones(3), np.zeros(3), np.zeros(3, dtype=bool)) == EMPTY


def test_float32_is_summed_in_float64():
    targets = np.full(3_000_000, 1.0, dtype=np.float32)
    metrics = masked_metrics(targets + np.float32(0.1), targets, targets > 0)
    assert metrics["MAE"] == pytest.approx(float(np.float32(1.1) - np.float32(1.0)), rel=1e-9)


@pytest.mark.parametrize("null_value", [0.0, -1.0, -9999.0, np.nan])
def test_measured_is_what_basicts_takes_for_it(null_value):
    near_zero, near_minus_one = [0, 1e-5, -4.9e-5, 5.1e-5, 1], [-1, -1.00002, -1.0001]
    values = np.float32([*near_zero, *near_minus_one, -9999, -9999.09, -9999.2, np.nan])
    expected = null_val_mask(torch.tensor(values), null_value).numpy()
    if not np.isnan(null_value):
        # basicts_elin refuses NaN there
        values, expected = values[:-1], expected[:-1]
    np.testing.assert_array_equal(observed(values, null_value), expected)
    assert 0 < expected.sum() < len(expected)


def test_metrics_are_basicts_own_with_mape_in_per_cent():
    generator = np.random.default_rng(0)
    targets = generator.uniform(20, 300, (6, 12, 4)) * (generator.random((6, 12, 4)) > 0.4)
    prediction = generator.uniform(20, 300, targets.shape)
    arguments = [torch.tensor(values) for values in (prediction, targets, targets != 0)]
    reference = {name: ALL_METRICS[name](*arguments).item() for name in ("MAE", "RMSE", "MAPE")}
    expected = {**reference, "MAPE": 100 * reference["MAPE"]}
    assert masked_metrics(prediction, targets, targets != 0) == pytest.approx(expected, rel=1e-6)


def by_horizon(prediction, targets):
    steps = range(targets.shape[1])
    mask = observed(targets, 0.0)
    sums = [error_sums(prediction[:, step], targets[:, step], mask[:, step]).sum(axis=0) for step in steps]
    return metrics_by_horizon(np.array(sums))


def test_each_horizon_is_that_step_alone():
    targets = np.full((2, 12, 1), 10.0)
    targets[0, 5] = 0
    prediction = 10 + np.arange(1.0, 13.0)[None, :, None] * np.array([1, 3])[:, None, None]
    rows = by_horizon(prediction, targets)
    assert list(rows) == ["3", "6", "12", "overall", "mean"]
    assert [rows[step]["MAE"] for step in ("3", "6", "12")] == [6.0, 18.0, 24.0]
    assert rows["overall"]["MAE"] == pytest.approx((78 - 6 + 3 * 78) / 23)
    assert rows["mean"]["MAE"] == pytest.approx((2 * 78 - 12 + 18) / 12)


def test_steps_beyond_the_forecast_are_left_out():
    forecast = np.ones((1, 6, 1))
    assert list(by_horizon(forecast, forecast)) == ["3", "6", "overall", "mean"]


def test_a_horizon_without_measurements_is_empty():
    targets = np.ones((1, 12, 1))
    targets[:, 2] = 0
    rows = by_horizon(np.ones_like(targets), targets)
    assert rows["3"] == EMPTY
    assert rows["mean"] == {"MAE": 0.0, "RMSE": 0.0, "MAPE": 0.0}
    assert rows["6"] == {"MAE": 0.0, "RMSE": 0.0, "MAPE": 0.0}

"""BasicTS's test metrics against numpy, with missing values and batches of unequal size."""

from pathlib import Path

import numpy as np
import pytest
from tiny import metrics, ours, raw_windows, record

from basicts_elin.training.launch.launcher import (
    best_checkpoint,
    launch_evaluation,
    launch_prediction,
    launch_training,
    run_folder,
)

BATCH_SIZES = (7, 32, 1000)
METRICS = ("MAE", "RMSE", "MAPE")


def by_hand(prediction, targets):
    """MAE, RMSE and MAPE (a fraction) in float64 of what was measured."""
    measured = targets != 0
    error = prediction[measured].astype(np.float64) - targets[measured]
    return {
        "MAE": np.abs(error).mean(),
        "RMSE": np.sqrt((error**2).mean()),
        "MAPE": np.abs(error / targets[measured]).mean(),
    }


def mean_of_batches(prediction, targets, size):
    """What a metric is not: the mean over batches, whatever was measured in them."""
    batches = [by_hand(prediction[i : i + size], targets[i : i + size]) for i in range(0, len(targets), size)]
    return {name: np.mean([batch[name] for batch in batches]) for name in METRICS}


@pytest.fixture
def trained(tiny):
    config = ours(num_epochs=2)
    launch_training(config)
    return config


def test_the_zeros_make_a_difference(tiny):
    _, targets = raw_windows()
    zeros = (targets == 0).mean(axis=(0, 1))
    assert 0.15 < zeros.min() < 0.2 < 0.35 < zeros.max() < 0.5
    prediction = np.full_like(targets, 150)
    exact, naive = by_hand(prediction, targets), mean_of_batches(prediction, targets, 7)
    assert all(abs(naive[name] / exact[name] - 1) > 1e-4 for name in METRICS)


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_metrics_overall_and_at_each_horizon_are_those_by_hand(trained, batch_size):
    _, targets = raw_windows()
    trained.test_batch_size = batch_size
    forecast = launch_prediction(trained, best_checkpoint(trained), Path("out"))
    reported = metrics("out")
    prediction = forecast["prediction"]
    assert set(reported) == {"overall", "mean_over_horizons", "horizon_3", "horizon_6", "horizon_12"}
    assert reported["overall"] == pytest.approx(by_hand(prediction, targets), rel=1e-5)
    for step in (3, 6, 12):
        expected = by_hand(prediction[:, step - 1], targets[:, step - 1])
        assert reported[f"horizon_{step}"] == pytest.approx(expected, rel=1e-5)
    steps = [by_hand(prediction[:, step], targets[:, step]) for step in range(12)]
    mean = {name: np.mean([step[name] for step in steps]) for name in METRICS}
    assert reported["mean_over_horizons"] == pytest.approx(mean, rel=1e-5)
    # the two averages differ, and that of RMSE always in this direction
    assert mean["RMSE"] < reported["overall"]["RMSE"] * (1 - 1e-4)
    assert abs(mean["MAE"] / reported["overall"]["MAE"] - 1) > 1e-4


def test_metrics_do_not_depend_on_the_batch_size(trained):
    reference = metrics(run_folder(trained))
    for batch_size in BATCH_SIZES:
        launch_evaluation(trained, best_checkpoint(trained), Path(f"out{batch_size}"), batch_size)
        reported = metrics(f"out{batch_size}")
        assert reported.keys() == reference.keys()
        assert all(reported[part] == pytest.approx(reference[part], rel=1e-5) for part in reference)


def test_the_metrics_of_a_training_run_are_those_of_its_best_model(trained):
    launch_evaluation(trained, best_checkpoint(trained), Path("out"))
    assert metrics("out") == metrics(run_folder(trained))


def test_the_validation_metrics_of_the_best_epoch_are_those_of_its_checkpoint(trained):
    """Evaluated on the validation part in place of the test part."""
    epochs = record(run_folder(trained))["epochs"]
    best = [entry for entry in epochs if entry["is_best"]][-1]
    folder = Path("datasets", "Tiny")
    for kind in ("data", "timestamps"):
        np.save(folder / f"test_{kind}.npy", np.load(folder / f"val_{kind}.npy"))
    launch_evaluation(trained, best_checkpoint(trained), Path("validated"))
    assert {name: best["validation"][name] for name in METRICS} == pytest.approx(metrics("validated")["overall"])


def test_epochs_without_validation_have_no_validation_metrics(tiny):
    folder = launch_training(ours(num_epochs=3, val_interval=2, eval_after_train=False))
    validated = [bool(entry["validation"]) for entry in record(folder)["epochs"]]
    assert validated == [False, True, False]

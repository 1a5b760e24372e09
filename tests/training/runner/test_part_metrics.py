"""Metrics as ratios of sums over a part: the same whatever its batches, against numpy in float64."""

from pathlib import Path

import numpy as np
import pytest
import torch
from basicts.metrics import ALL_METRICS
from tiny import metrics, ours, raw_windows, record

from basicts_elin.cli import main
from basicts_elin.training.launch.launcher import (
    best_checkpoint,
    launch_evaluation,
    launch_prediction,
    launch_training,
    run_folder,
)
from basicts_elin.training.runner.part_metrics import PartMetrics

NAMES = ["MAE", "MSE", "RMSE", "MAPE", "WAPE", "SMAPE", "R2", "CORR", "HUBER"]
# as the BasicTS metric of one batch, in the sizes of the parts of a city: 50 windows, 12 steps, 5 sensors
SIZES = (1, 7, 50)


def by_hand(prediction, target, measured):
    """Every metric over the measured targets, in float64."""
    p, y = prediction[measured].astype(np.float64), target[measured].astype(np.float64)
    error, nonzero = p - y, np.abs(y) > 5e-5
    size = np.abs(error)
    return {
        "MAE": size.mean(),
        "MSE": (error**2).mean(),
        "RMSE": (error**2).mean() ** 0.5,
        "MAPE": (size[nonzero] / np.abs(y[nonzero])).mean(),
        "WAPE": size.sum() / np.abs(y).sum(),
        "SMAPE": (2 * size[nonzero] / (np.abs(p) + np.abs(y))[nonzero]).mean(),
        "R2": 1 - (error**2).sum() / ((y - y.mean()) ** 2).sum(),
        "CORR": np.corrcoef(p, y)[0, 1],
        "HUBER": np.where(size < 1, size**2 / 2, size - 0.5).mean(),
    }


def arrays():
    """Prediction, target, mask [50, 12, 5]; some targets are a measured 0, others are not measured."""
    random = np.random.default_rng(3)
    target = random.gamma(2.0, 100, (50, 12, 5))
    prediction = target + random.normal(0, 30, target.shape)
    target[random.random(target.shape) < 0.1] = 0
    return prediction.astype(np.float32), target.astype(np.float32), random.random(target.shape) < 0.8


def part(names, size, by_step=True, values=None):
    """The metrics of the arrays in batches of this size."""
    functions = {name: ALL_METRICS[name] for name in names} if values is None else values
    found = PartMetrics(
        functions,
        lambda metric, batch: metric(batch["prediction"], batch["targets"], batch["targets_mask"]),
        lambda metric, batch: batch["targets_mask"].sum(),
        by_step=by_step,
        are_exact=True,
    )
    pieces = [torch.from_numpy(array).split(size) for array in arrays()]
    for batch in zip(*pieces, strict=True):
        found.add(dict(zip(("prediction", "targets", "targets_mask"), batch, strict=True)))
    return found.values()


@pytest.mark.parametrize("size", SIZES)
def test_ratios_are_of_sums_over_the_part(size):
    found, (prediction, target, measured) = part(NAMES, size), arrays()
    assert found["overall"] == pytest.approx(by_hand(prediction, target, measured), rel=1e-5)
    steps = [by_hand(prediction[:, step], target[:, step], measured[:, step]) for step in range(12)]
    for step, expected in enumerate(steps, 1):
        assert found[str(step)] == pytest.approx(expected, rel=1e-5)
    assert found["mean"] == pytest.approx({name: np.mean([one[name] for one in steps]) for name in NAMES}, rel=1e-5)
    assert part(NAMES, size, by_step=False)["overall"] == pytest.approx(found["overall"])


def test_another_function_is_averaged_over_batches_by_the_measured_targets():
    def worst(prediction, targets, mask):
        return ((prediction - targets).abs() * mask).max()

    found, (prediction, target, measured) = part([], 20, values={"worst": worst}), arrays()

    def expected(step):
        batches = [slice(first, first + 20) for first in (0, 20, 40)]
        values = [(np.abs(prediction - target) * measured)[rows, step].max() for rows in batches]
        return np.average(values, weights=[measured[rows, step].sum() for rows in batches])

    steps = [expected(step) for step in range(12)]
    assert found["overall"]["worst"] == pytest.approx(expected(slice(None)))
    assert [found[str(step + 1)]["worst"] for step in range(12)] == pytest.approx(steps)
    assert found["mean"]["worst"] == pytest.approx(np.mean(steps))


def test_a_step_without_a_target_has_no_value_and_does_not_count_in_the_mean():
    found = PartMetrics({"MAE": ALL_METRICS["MAE"]}, lambda *_: None, lambda *_: None, by_step=True, are_exact=True)
    mask = torch.ones(2, 3, 4, dtype=torch.bool)
    mask[:, 1] = False
    prediction = torch.full((2, 3, 4), float("nan")).masked_fill(mask, 3.0)
    prediction[:, 2] = 5.0
    found.add({"prediction": prediction, "targets": torch.zeros(2, 3, 4), "targets_mask": mask})
    values = found.values()
    assert [values[step]["MAE"] for step in ("1", "2", "3", "overall", "mean")] == [3.0, None, 5.0, 4.0, 4.0]


def sometimes(prediction, targets, targets_mask):
    """The error, or no number once it is small."""
    error = (prediction - targets)[targets_mask].abs().mean()
    return error.where(error > 1e9, torch.nan)


def test_a_metric_that_is_no_number_is_not_the_best(tiny):
    """A meter of BasicTS that gets no value reads 0."""
    config = ours(metrics=["MAE", ("undefined", sometimes)], target_metric="undefined")
    launch_training(config)
    (epoch,) = record(run_folder(config))["epochs"]
    assert epoch["validation"]["undefined"] is epoch["train"]["undefined"] is None
    assert epoch["validation"]["MAE"] > 0 and best_checkpoint(config).is_file()
    assert torch.load(best_checkpoint(config))["best_metrics"]["val/undefined"] != 0


@pytest.fixture
def trained(tiny):
    config = ours(num_epochs=2, metrics=["MAE", "WAPE", "WAPE_batch_mean", "SMAPE"], target_metric="WAPE")
    launch_training(config)
    return config


def test_a_run_has_the_ratio_of_sums_in_training_validation_and_test(trained):
    _, target = raw_windows()
    prediction = launch_prediction(trained, best_checkpoint(trained), Path("out"))["prediction"]
    expected = by_hand(prediction, target, target != 0)
    for size in SIZES:
        launch_evaluation(trained, best_checkpoint(trained), Path(f"out{size}"), size)
        overall = metrics(f"out{size}")["overall"]
        assert {name: overall[name] for name in ("MAE", "WAPE", "SMAPE")} == pytest.approx(
            {name: expected[name] for name in ("MAE", "WAPE", "SMAPE")}, rel=1e-5
        )
        # BasicTS's own, under its own name, differs
        assert abs(overall["WAPE_batch_mean"] / expected["WAPE"] - 1) > 0.01
    epochs = record(run_folder(trained))["epochs"]
    assert all(0 < entry[part][name] < 1 for entry in epochs for part in ("train", "validation") for name in ("WAPE",))
    assert best_checkpoint(trained).name == "Tiny_best_val_WAPE.pt"


def test_the_named_metric_is_that_of_basicts(trained):
    found = launch_prediction(trained, best_checkpoint(trained), Path("out"))
    prediction, target, mask = (torch.from_numpy(found[name]) for name in ("prediction", "target", "mask"))
    trained.test_batch_size = len(prediction)
    launch_evaluation(trained, best_checkpoint(trained), Path("one"))
    expected = ALL_METRICS["WAPE"](prediction, target, mask).item()
    assert metrics("one")["overall"]["WAPE_batch_mean"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_the_known_answer_of_a_week_of_synthetic_traffic(tmp_path, monkeypatch):
    """What BasicTS 1.1.0 reports there as WAPE, and what it is, whatever the batch."""
    monkeypatch.chdir(tmp_path)
    assert main(["prepare", "SyntheticTraffic", "--nodes", "8", "--days", "7"]) == 0
    run = ["-c", "DLinear/SyntheticTraffic", "--gpus", "cpu", "--set", "num_epochs=2"]
    run += ["num_features=8", "metrics=['MAE','WAPE','WAPE_batch_mean']"]
    assert main(["train", *run]) == 0
    (checkpoint,) = Path("checkpoints").glob("*/*/*/*_best_val_MAE.pt")
    found = metrics(checkpoint.parent)["overall"]
    assert (round(found["WAPE"], 4), round(found["WAPE_batch_mean"], 4)) == (0.1559, 0.2063)
    assert main(["evaluate", *run, "--ckpt", str(checkpoint), "-b", "37"]) == 0
    (again,) = Path("checkpoints").glob("*/*/*/evaluation/*/test_metrics.json")
    assert metrics(again.parent)["overall"]["WAPE"] == pytest.approx(found["WAPE"], rel=1e-6)

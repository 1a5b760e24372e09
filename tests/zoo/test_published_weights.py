"""The published PEMS08 weights of STLAformer: their known answer, by the commands that a user gives."""

import json
from pathlib import Path

import numpy as np
import pytest

from basicts_elin import Forecaster
from basicts_elin.cli import main

# mean and deviation of the training windows of PEMS08
SCALING = ["--mean", "229.8431355598314", "--std", "145.62553066568907"]
# MAPE as a fraction
KNOWN = {"MAE": 13.2415, "RMSE": 23.1064, "MAPE": 0.087627}


@pytest.fixture
def imported(shared, workplace):
    """The folder of the run, beside the dataset with the benchmark's test part of PEMS08."""
    raw = shared / "data" / "PEMS08_tail" / "PEMS08_tail.npz"
    parts = ["--split-rows", "2142", "1429", "3572", "--name", "PEMS08_test"]
    assert main(["prepare", "PEMS08_tail", "--raw", str(raw), *parts]) == 0
    weights = shared / "reference" / "stlaformer_pems08.npz"
    options = ["--dataset", "PEMS08_test", "--out", "published", *SCALING]
    assert main(["import-weights", "stlaformer", str(weights), *options]) == 0
    return Path("published")


def test_forecasts_of_four_windows(imported, shared):
    """Through the imported run, from rows of the dataset."""
    test = np.load("datasets/PEMS08_test/test_data.npy")
    stamps = np.load("datasets/PEMS08_test/test_timestamps.npy")
    forecaster = Forecaster.load(imported)
    with np.load(shared / "reference" / "stlaformer_pems08.npz") as found:
        # rows of the tail, whose last 3572 are the test part
        starts, expected = found["starts"] - 3571, found["outputs"]
    prediction = forecaster._predict(test, stamps, starts)
    # vehicles, up to 800
    np.testing.assert_allclose(prediction, expected, rtol=1e-6, atol=2e-3)


@pytest.mark.slow
def test_the_known_answer(imported):
    """All 3549 windows: 4 minutes on one core."""
    checkpoint = imported / "STLAformer_best_val_loss.pt"
    rows = ["--set", "model_config.slot_rule=float32"]
    assert main(["evaluate", "-c", "STLAformer/PEMS08_test", "--ckpt", str(checkpoint), "--gpus", "cpu", *rows]) == 0
    folder = imported / "evaluation" / "PEMS08_test_STLAformer_best_val_loss"
    found = json.loads((folder / "test_metrics.json").read_text())["overall"]
    assert {name: round(value, 6 if name == "MAPE" else 4) for name, value in found.items() if name in KNOWN} == KNOWN

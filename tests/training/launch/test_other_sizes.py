"""A checkpoint of other sensors or another interval is refused by these, not by the shapes of the parameters."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from refusal import refuses
from tiny import forget_loggers

from basicts_elin.cli import main
from basicts_elin.config.overrides import with_overrides
from basicts_elin.data.prepare import prepare_own
from basicts_elin.training.launch.launcher import launch_evaluation, launch_training
from basicts_elin.zoo.registry import config_for

MODEL = "STID"


def prepared(name, sensors, minutes):
    times = pd.date_range("2024-03-04", periods=200, freq=f"{minutes}min", name="time")
    values = np.random.default_rng(0).uniform(20, 80, (200, len(sensors)))
    pd.DataFrame(values, times, sensors).to_csv(f"{name}.csv")
    prepare_own(f"{name}.csv", name)


@pytest.fixture
def run(workplace):
    prepared("City", ["a", "b", "c"], 60)
    assert main(["train", "-c", f"{MODEL}/City", "-g", "cpu", "--set", "num_epochs=1"]) == 0
    forget_loggers()
    (folder,) = Path("checkpoints", MODEL).glob("City_*/*")
    return folder


@pytest.mark.parametrize("job", ["train", "evaluate"])
@pytest.mark.parametrize(
    ("sensors", "minutes", "found"),
    [(["a", "b"], 60, "c"), (["a", "b", "c", "d"], 60, "d"), (["a", "b", "c"], 120, "120 minutes")],
    ids=["fewer sensors", "more sensors", "a longer interval"],
)
def test_the_reason_is_named_before_the_shapes(run, job, sensors, minutes, found):
    prepared("Other", sensors, minutes)
    checkpoint = str(run / f"{MODEL}_best_val_MAE.pt")
    config = with_overrides(config_for(MODEL, "Other"), {"num_epochs": 1})
    with refuses("datasets/Other", found=found):
        if job == "train":
            launch_training(with_overrides(config, {"init_from": checkpoint}))
        else:
            launch_evaluation(config, checkpoint, Path("evaluated"))

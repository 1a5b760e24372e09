"""BasicTS's long-horizon datasets: four timestamp columns, NaN for missing values, windows of 96 and 720 steps."""

import json
import re

import numpy as np
import pytest
import torch
from basicts import BasicTSLauncher
from basicts.configs import BasicTSForecastingConfig
from long_horizon import CHANNELS, ETT, write_long_horizon
from tiny import DIMS, metrics

from basicts_elin import ELinFormer, ELinFormerConfig, STAEformer, STAEformerConfig
from basicts_elin.cli import main
from basicts_elin.training.launch.launcher import best_checkpoint, launch_prediction, run_folder
from basicts_elin.zoo.registry import config_for

SIZES = {**DIMS, "num_time_in_day": 24}


@pytest.fixture
def ett(workplace):
    write_long_horizon(workplace)
    return workplace


def train(model, *changes):
    small = ["num_epochs=1", "train_batch_size=64", *changes]
    assert main(["train", "-c", f"{model}/{ETT}", "--gpus", "cpu", "--set", *small]) == 0


def test_96_steps_in_and_720_out(ett):
    train("DLinear", "input_len=96", "output_len=720")
    (folder,) = ett.glob(f"checkpoints/DLinear/{ETT}_1_96_720/*")
    steps = {"horizon_180", "horizon_360", "horizon_720"}
    assert metrics(folder).keys() == {"overall", "mean_over_horizons", *steps}


def test_the_figures_are_those_by_hand(ett):
    config = config_for("STID", ETT, input_len=96, output_len=24, num_epochs=1)
    config.gpus = None
    assert config.norm_each_channel
    train("STID", "input_len=96", "output_len=24", "train_batch_size=16")
    config.train_batch_size = 16
    config["_md5"], config["_serialized"] = "", {}
    forecast = launch_prediction(config, str(best_checkpoint(config)), ett / "out")
    values = np.load(ett / "datasets" / ETT / "test_data.npy").astype(np.float64)
    targets = np.stack([values[start : start + 24] for start in range(96, len(values) - 23)])
    error = (forecast["prediction"] - targets)[~np.isnan(targets)]
    reported = metrics(run_folder(config))
    assert reported["overall"]["MAE"] == pytest.approx(np.abs(error).mean(), rel=1e-4)
    assert reported["horizon_6"]["RMSE"] == pytest.approx(
        np.sqrt(np.nanmean((forecast["prediction"] - targets)[:, 5] ** 2)), rel=1e-4
    )


def test_the_report_has_the_naive_forecasts_at_the_same_steps(ett, capsys):
    train("NLinear", "input_len=24", "output_len=48")
    capsys.readouterr()
    (folder,) = ett.glob(f"checkpoints/NLinear/{ETT}_1_24_48/*")
    assert main(["report", "--naive", str(folder)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines()[1:] if "warning" not in line]
    # what stands before the three metrics
    heads = [" ".join(line.split()[:-3]) for line in lines]
    assert [re.search(r"(\d+|overall|mean over horizons)$", head)[0] for head in heads] == [
        "12", "24", "48", "overall", "mean over horizons",
    ] * 3  # fmt: skip


def test_figures_on_the_scale_of_the_model(ett):
    train("NLinear", "input_len=24", "output_len=24", "rescale=False")
    (folder,) = ett.glob("checkpoints/NLinear/*/*")
    assert 0.1 < metrics(folder)["overall"]["MAE"] < 2


@pytest.mark.parametrize(("model", "settings"), [(STAEformer, STAEformerConfig), (ELinFormer, ELinFormerConfig)])
def test_by_basicts_launcher_alone(workplace, model, settings):
    write_long_horizon(workplace, gaps=False)
    config = BasicTSForecastingConfig(
        model=model,
        model_config=settings(num_features=CHANNELS, **SIZES),
        dataset_name=ETT,
        input_len=24,
        output_len=12,
        num_epochs=1,
        batch_size=256,
        use_timestamps=True,
    )
    BasicTSLauncher.launch_training(config)
    assert 0 < metrics(run_folder(config))["overall"]["MAE"] < 2


def test_further_timestamp_columns_change_nothing(workplace):
    torch.manual_seed(0)
    model = STAEformer(STAEformerConfig(input_len=4, output_len=3, num_features=2, **SIZES)).eval()
    inputs, stamps = torch.randn(2, 4, 2), torch.rand(2, 4, 4) * 0.8
    assert torch.equal(model(inputs, stamps), model(inputs, stamps[..., :2]))


def test_the_small_dataset_is_as_basicts_writes_it(ett):
    meta = json.loads((ett / "datasets" / ETT / "meta.json").read_text())
    assert np.isnan(meta["regular_settings"]["null_val"])
    assert np.load(ett / "datasets" / ETT / "train_timestamps.npy").shape[1] == 4

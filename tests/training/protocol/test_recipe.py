"""The recipe, field by field, and what a configuration may change of it."""

from dataclasses import replace

import numpy as np
from basicts.configs import BasicTSForecastingConfig
from basicts.models.TimesNet import TimesNetConfig, TimesNetForForecasting
from basicts.runners.callback import EarlyStopping, GradientClipping
from refusal import refuses
from tiny import FACTS, NAME, Tiny, TinyConfig, ours
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import MultiStepLR

from basicts_elin import ELinFormer, ELinFormerConfig
from basicts_elin.data.catalog import CATALOG
from basicts_elin.training.protocol.callbacks import FinitePredictions
from basicts_elin.training.protocol.recipe import benchmark_config
from basicts_elin.training.protocol.scaler import BenchmarkZScoreScaler
from basicts_elin.training.protocol.taskflow import OriginalScaleTaskFlow

PROTOCOL = [FinitePredictions]
RECIPE = {
    "input_len": 12,
    "output_len": 12,
    "use_timestamps": True,
    "null_val": 0.0,
    "scaler": BenchmarkZScoreScaler,
    "norm_each_channel": False,
    "rescale": True,
    "metrics": ["MAE", "RMSE", "MAPE"],
    "target_metric": "MAE",
    "best_metric": "min",
    "eval_horizons": [3, 6, 12],
    "loss": "MAE",
    "optimizer": Adam,
    "optimizer_params": {"lr": 1e-3, "weight_decay": 3e-4},
    "lr_scheduler": MultiStepLR,
    "lr_scheduler_params": {"milestones": [20, 25], "gamma": 0.1},
    "num_epochs": 100,
    "num_steps": None,
    "train_batch_size": 16,
    "val_batch_size": 64,
    "test_batch_size": 64,
    "train_data_shuffle": True,
    "val_interval": 1,
    "test_interval": 10**9,
    "seed": 42,
    "gpus": None,
    "ckpt_save_dir": "checkpoints/ELinFormer/PEMS08_100_12_12",
}


def kinds(config):
    return [type(callback) for callback in config.callbacks]


def test_the_recipe():
    config = benchmark_config(ELinFormer, ELinFormerConfig(), "PEMS08")
    assert type(config) is BasicTSForecastingConfig
    assert {name: config[name] for name in RECIPE} == RECIPE
    assert type(config.taskflow) is OriginalScaleTaskFlow
    assert kinds(config) == PROTOCOL
    assert (config.model, config.dataset_name) == (ELinFormer, "PEMS08")
    model_config = config.model_config
    assert type(model_config) is ELinFormerConfig
    assert (model_config.input_len, model_config.output_len, model_config.num_features) == (12, 12, 170)
    dataset = config.dataset_params
    assert (dataset.dataset_name, dataset.input_len, dataset.output_len, dataset.use_timestamps) == (
        "PEMS08",
        12,
        12,
        True,
    )


def test_differences_win():
    config = benchmark_config(
        ELinFormer,
        ELinFormerConfig(),
        "PEMS08",
        output_len=6,
        eval_horizons=[3, 6],
        null_val=np.nan,
        optimizer=SGD,
        optimizer_params={"lr": 0.5},
        train_batch_size=8,
        test_interval=1,
        seed=7,
    )
    assert (config.output_len, config.model_config.output_len, config.dataset_params.output_len) == (6, 6, 6)
    assert (config.eval_horizons, config.optimizer, config.optimizer_params) == ([3, 6], SGD, {"lr": 0.5})
    assert (config.train_batch_size, config.val_batch_size, config.test_interval, config.seed) == (8, 64, 1, 7)
    assert np.isnan(config.null_val)


def test_callbacks_are_added():
    given = [EarlyStopping(3), GradientClipping(1.0)]
    config = benchmark_config(ELinFormer, ELinFormerConfig(), "PEMS08", callbacks=given)
    assert kinds(config) == [*PROTOCOL, EarlyStopping, GradientClipping]
    assert [type(callback) for callback in given] == [EarlyStopping, GradientClipping]


def test_two_configurations_share_nothing():
    one, other = (benchmark_config(ELinFormer, ELinFormerConfig(), "PEMS08") for _ in range(2))
    for name in ("callbacks", "taskflow", "optimizer_params", "lr_scheduler_params", "metrics", "model_config"):
        assert one[name] is not other[name]
    assert not {id(callback) for callback in one.callbacks} & {id(callback) for callback in other.callbacks}


def test_the_callers_model_config_stays_as_it_is():
    given = ELinFormerConfig()
    benchmark_config(ELinFormer, given, "PEMS08")
    assert given == ELinFormerConfig()
    assert given.num_features is None and given.input_len is None


def test_the_number_of_nodes_can_be_set():
    config = benchmark_config(ELinFormer, ELinFormerConfig(num_features=67), "PEMS-BAY")
    assert config.model_config.num_features == 67


def test_the_time_of_day_follows_the_interval(workplace, monkeypatch):
    monkeypatch.setitem(CATALOG, NAME, replace(FACTS, interval_minutes=10))
    assert benchmark_config(ELinFormer, ELinFormerConfig(), NAME).model_config.num_time_in_day == 144


def test_missing_values_follow_the_catalogue(workplace, monkeypatch):
    monkeypatch.setitem(CATALOG, NAME, replace(FACTS, null_value=-1.0))
    assert ours().null_val == -1.0


def test_an_unknown_dataset_lists_the_known_ones():
    with refuses("dataset", found="PEMS99", expected=tuple(CATALOG)):
        benchmark_config(Tiny, TinyConfig(), "PEMS99")


def test_an_unknown_difference_is_refused():
    with refuses("benchmark_config(num_epoch=...)", expected="num_epochs", fix="TinyConfig"):
        benchmark_config(Tiny, TinyConfig(), "PEMS08", num_epoch=8)


def test_sizes_of_timestamps_are_those_of_the_dataset(workplace, monkeypatch):
    monkeypatch.setitem(CATALOG, NAME, replace(FACTS, interval_minutes=60))
    config = benchmark_config(TimesNetForForecasting, TimesNetConfig(), NAME)
    assert config.model_config.timestamp_sizes == [24, 7]
    config = benchmark_config(TimesNetForForecasting, TimesNetConfig(timestamp_sizes=[48, 7]), NAME)
    assert config.model_config.timestamp_sizes == [48, 7]

"""The benchmark's recipe: the defaults of every configuration of a model on a dataset."""

import copy
from dataclasses import fields
from typing import Any, Union

from basicts.configs import BasicTSForecastingConfig, BasicTSModelConfig
from torch.optim import Adam
from torch.optim.lr_scheduler import MultiStepLR

from ...config.lengths import INPUT_LEN, OUTPUT_LEN, is_count, usual_horizons
from ...config.own_fields import OWN_FIELDS, remove_defaults
from ...data.catalog import DAYS_PER_WEEK, DatasetFacts
from ...data.dataset import Dataset, find_dataset, open_dataset
from ...errors import UserError
from .callbacks import FinitePredictions
from .scaler import BenchmarkZScoreScaler
from .taskflow import OriginalScaleTaskFlow

# BasicTS defect 8: the test part is evaluated after every epoch. No run reaches this interval, so that only the
# evaluation of the best model at the end remains.
NEVER = 10**9

_FIELDS = {field.name for field in fields(BasicTSForecastingConfig) if not field.name.startswith("_")} | {*OWN_FIELDS}


def benchmark_config(
    model: type, model_config: BasicTSModelConfig, dataset: Union[str, Dataset, DatasetFacts], **differences: Any
) -> BasicTSForecastingConfig:
    """The configuration of a run by the benchmark's protocol: that of BasicTS 0.5's STAEformer configurations.

    12 steps in, 12 out; one mean and one deviation over the training part, or one for each node where the dataset's
    settings say so; Adam, learning rate 1e-3, weight decay 3e-4,
    times 0.1 after epochs 20 and 25; batch 16, 64 for validation and test; masked MAE on the original scale; 100
    epochs, best validation MAE kept; test metrics overall and at a quarter, the half and
    the whole of the steps: 3, 6, 12; seed 42.

    Args:
        model: model class.
        model_config: its configuration; `num_features` and `timestamp_sizes`, if None, and `num_time_in_day` come from
            the dataset.
        dataset: a name, or the result of `find_dataset`. Facts come from the folder `datasets/<name>` in the working
            directory if it is prepared, else from the catalogue.
        differences: any field of `BasicTSForecastingConfig`, or of `config.own_fields`. `callbacks` are added to the
            protocol's own.
    """
    unknown = differences.keys() - _FIELDS
    if unknown:
        raise UserError(
            f"benchmark_config({', '.join(f'{name}=...' for name in sorted(unknown))})",
            "no field of BasicTSForecastingConfig",
            f"one of {', '.join(sorted(_FIELDS))}",
            f"set fields of the model in its own configuration, {type(model_config).__name__}",
        )
    found = _found(dataset, differences.get("dataset_params") or {})
    model_config = copy.deepcopy(model_config)
    if model_config.get("num_features", 0) is None:
        model_config.num_features = found.num_nodes
    if "num_time_in_day" in model_config:
        model_config.num_time_in_day = found.steps_per_day
    if model_config.get("timestamp_sizes", ()) is None:
        model_config.timestamp_sizes = [found.steps_per_day, DAYS_PER_WEEK]
    output_len = differences.get("output_len", OUTPUT_LEN)
    recipe = {
        "dataset_name": dataset if isinstance(dataset, str) else dataset.name,
        "input_len": INPUT_LEN,
        "output_len": output_len,
        "use_timestamps": True,
        "null_val": found.null_value,
        "scaler": BenchmarkZScoreScaler,
        "norm_each_channel": found.regular_settings.get("norm_each_channel") is True,
        "rescale": True,
        "taskflow": OriginalScaleTaskFlow(),
        "metrics": ["MAE", "RMSE", "MAPE"],
        "target_metric": "MAE",
        "eval_horizons": usual_horizons(output_len) if is_count(output_len) else None,
        "loss": "MAE",
        "optimizer": Adam,
        "optimizer_params": {"lr": 1e-3, "weight_decay": 3e-4},
        "lr_scheduler": MultiStepLR,
        "lr_scheduler_params": {"milestones": [20, 25], "gamma": 0.1},
        "num_epochs": 100,
        "train_batch_size": 16,
        "val_batch_size": 64,
        "test_batch_size": 64,
        "test_interval": NEVER,
        "seed": 42,
    }
    recipe.update(differences)
    remove_defaults(recipe)
    recipe["callbacks"] = [FinitePredictions(), *differences.get("callbacks", [])]
    config = BasicTSForecastingConfig(model=model, model_config=model_config, **recipe)
    if isinstance(found, Dataset):
        config["_dataset"] = found
    return config


def _found(dataset: Union[str, Dataset, DatasetFacts], dataset_params: dict[str, Any]) -> Union[Dataset, DatasetFacts]:
    folder = dataset_params.get("data_file_path")
    if not isinstance(dataset, str):
        return dataset
    return open_dataset(folder) if folder else find_dataset(dataset)

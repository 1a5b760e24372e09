"""The benchmark's recipe: everything that a configuration of one model on one dataset does not need to say."""

import copy
from dataclasses import fields
from typing import Any

from basicts.configs import BasicTSForecastingConfig, BasicTSModelConfig
from torch.optim import Adam
from torch.optim.lr_scheduler import MultiStepLR

from ...data.catalog import DAYS_PER_WEEK, dataset_facts
from ...errors import UserError
from .callbacks import FinitePredictions, LastStep
from .scaler import BenchmarkZScoreScaler
from .taskflow import OriginalScaleLoss, OriginalScaleTaskFlow

# BasicTS defect 8: the test part is evaluated after every epoch. An interval that no run reaches leaves the one
# evaluation of the best model at the end.
NEVER = 10**9

# BasicTS's fields, and one of this package, see `loop`
_FIELDS = {field.name for field in fields(BasicTSForecastingConfig) if not field.name.startswith("_")} | {"precision"}


def benchmark_config(
    model: type, model_config: BasicTSModelConfig, dataset: str, **differences: Any
) -> BasicTSForecastingConfig:
    """The configuration of a run by the benchmark's protocol: that of BasicTS 0.5's STAEformer configurations.

    12 steps in, 12 out; one mean and one deviation over the training part; Adam, learning rate 1e-3, weight decay 3e-4,
    times 0.1 after epochs 20 and 25; batch 16, 64 for validation and test; masked MAE on the original scale; 100
    epochs, best validation MAE kept; test metrics overall and at steps 3, 6, 12; seed 42.

    Args:
        model: model class.
        model_config: its configuration; `num_features` and `timestamp_sizes`, where None, and `num_time_in_day` come
            from the dataset.
        dataset: its name; its folder is `datasets/<name>` where the run starts.
        differences: any field of `BasicTSForecastingConfig`. `callbacks` are added to the protocol's own.
    Raises: UserError for an unknown dataset, and for a field that BasicTS does not have.
    """
    unknown = differences.keys() - _FIELDS
    if unknown:
        raise UserError(
            f"benchmark_config({', '.join(f'{name}=...' for name in sorted(unknown))})",
            "no field of BasicTSForecastingConfig",
            f"one of {', '.join(sorted(_FIELDS))}",
            f"set fields of the model in its own configuration, {type(model_config).__name__}",
        )
    facts = dataset_facts(dataset)
    model_config = copy.deepcopy(model_config)
    if model_config.get("num_features", 0) is None:
        model_config.num_features = facts.num_nodes
    if "num_time_in_day" in model_config:
        model_config.num_time_in_day = facts.steps_per_day
    if model_config.get("timestamp_sizes", ()) is None:
        model_config.timestamp_sizes = [facts.steps_per_day, DAYS_PER_WEEK]
    recipe = {
        "dataset_name": dataset,
        "input_len": 12,
        "output_len": 12,
        "use_timestamps": True,
        "null_val": facts.null_value,
        "scaler": BenchmarkZScoreScaler,
        "norm_each_channel": False,
        "rescale": True,
        "taskflow": OriginalScaleTaskFlow(),
        "metrics": ["MAE", "RMSE", "MAPE"],
        "target_metric": "MAE",
        "eval_horizons": [3, 6, 12],
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
    recipe["callbacks"] = [OriginalScaleLoss(), LastStep(), FinitePredictions(), *differences.get("callbacks", [])]
    return BasicTSForecastingConfig(model=model, model_config=model_config, **recipe)

"""Checks of a configuration's values before a run starts.

BasicTS fails on wrong values late, with another message, or not at all.
"""

from pathlib import Path
from types import FunctionType
from typing import Any

import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.runners.callback import GradAccumulation
from torch.optim.lr_scheduler import ReduceLROnPlateau

from ...config.field_types import check_types
from ...config.own_fields import MISSING_INPUTS, PRECISIONS
from ...data.layout import PARTS
from ...errors import UserError, one_line
from ..protocol.losses import is_mean_over_targets
from ..protocol.schedules import PlateauLR
from ..protocol.taskflow import OriginalScaleTaskFlow
from ..runner.part_metrics import known_metrics

# The metrics of BasicTS that can be trained with. The gradient of MAPE is NaN where a target is missing.
_LOSSES = ("MAE", "MSE", "RMSE", "WAPE", "HUBER")

# A larger number is a typing error, and would start that many processes.
_MOST_WORKERS = 256
_LARGEST_SEED = 2**31 - 1


def check_config(config: BasicTSForecastingConfig, processes: int = 1) -> None:
    """Check the values of a configuration for a run in `processes` processes.

    Raises: UserError.
    """
    _check_hash(config)
    check_types(config)
    _check_sizes(config)
    _check_intervals(config)
    _check_loss(config)
    _check_metrics(config)
    _check_schedule(config)
    _check_accumulation(config)
    _check_numerics(config)
    _check_missing_inputs(config)
    if processes > 1:
        _check_processes(config, processes)


def _check_hash(config: BasicTSForecastingConfig) -> None:
    """The folder of a run is named after the hash of its configuration."""
    try:
        _ = config.md5
    except Exception as error:
        # BasicTS serialises whatever the configuration holds, with whatever errors those objects raise.
        raise UserError(
            "configuration",
            f"a value that cannot be serialised ({one_line(error)})",
            "numbers, texts, classes, functions, and objects that hold only these",
        ) from error


def _check_sizes(config: BasicTSForecastingConfig) -> None:
    for field in (*(f"{part}_batch_size" for part in PARTS), "input_len", "output_len"):
        _require_count(config, field)
    for field in (f"{part}_data_num_workers" for part in PARTS):
        _require(0 <= config[field] <= _MOST_WORKERS, config, field, f"0 to {_MOST_WORKERS}")


def _check_intervals(config: BasicTSForecastingConfig) -> None:
    """Check the number of epochs and the intervals counted in epochs."""
    _require(
        config.num_steps is None, config, "num_steps", "None", "set num_epochs: BasicTS 1.1.0 cannot end a run by steps"
    )
    for field in ("num_epochs", "val_interval", "test_interval"):
        _require_count(config, field)
    # without a validation there is no best model
    most = config.num_epochs
    _require(config.val_interval <= most, config, "val_interval", f"at most num_epochs={most}")
    kept = config.ckpt_save_strategy
    epochs = () if kept is None else kept if isinstance(kept, (list, tuple)) else (kept,)
    _require(all(map(_is_count, epochs)), config, "ckpt_save_strategy", "epochs, 1 or more")
    start = config.finetune_from
    _require(start is None or Path(start).is_file(), config, "finetune_from", "the file of a checkpoint (.pt)")
    other = config.get("init_from")
    is_file = isinstance(other, str) and Path(other).is_file()
    _require(other is None or is_file, config, "init_from", "the file of a checkpoint (.pt)", "--init RUN sets it")
    expected = "None with init_from: a run starts from one checkpoint"
    _require(other is None or start is None, config, "finetune_from", expected)


def _check_loss(config: BasicTSForecastingConfig) -> None:
    loss = config.loss
    choices = f"one of {', '.join(_LOSSES)}, or a function in a configuration file"
    _require(not isinstance(loss, str) or loss in _LOSSES, config, "loss", choices)
    is_function = isinstance(loss, FunctionType) and not loss.__closure__
    is_callable = isinstance(loss, (str, torch.nn.Module)) or is_function
    _require(is_callable, config, "loss", "a torch Module, or a function that holds no variables of another function")


def _check_metrics(config: BasicTSForecastingConfig) -> None:
    known = known_metrics()
    unknown = [metric for metric in config.metrics if isinstance(metric, str) and metric not in known]
    _require(config.metrics and not unknown, config, "metrics", f"one or more names among {', '.join(known)}")
    targets = _watchable(config)
    _require(len({*targets}) == len(targets), config, "metrics", "each name once, and none named loss")
    _require(config.target_metric in targets, config, "target_metric", f"one of {', '.join(targets)}")
    horizons, steps = config.eval_horizons or (), config.dataset_params.output_len
    fits = all(1 <= horizon <= steps for horizon in horizons) and len({*horizons}) == len(horizons)
    _require(fits, config, "eval_horizons", f"steps from 1 to output_len={steps}, each once, such as [{steps}]")
    _require(not config.save_results, config, "save_results", "False", "use --save-predictions (BasicTS defect 10)")


def _check_schedule(config: BasicTSForecastingConfig) -> None:
    """A schedule that follows a metric needs its value."""
    schedule = config.lr_scheduler
    if schedule is None or not issubclass(schedule, ReduceLROnPlateau):
        return
    path = f"{PlateauLR.__module__}.PlateauLR"
    _require(issubclass(schedule, PlateauLR), config, "lr_scheduler", "PlateauLR", f"--set lr_scheduler={path}")
    metric, names = config.lr_scheduler_params.get("metric"), _watchable(config)
    if metric not in (None, *names):
        raise UserError("lr_scheduler_params.metric", repr(metric), f"one of {', '.join(names)}")


def _check_accumulation(config: BasicTSForecastingConfig) -> None:
    for callback in config.callbacks:
        if isinstance(callback, GradAccumulation):
            steps = callback.accumulation_steps
            expected = "no GradAccumulation: it sums gradients instead of averaging them (BasicTS defect 36)"
            raise UserError("callbacks", f"GradAccumulation({steps})", expected, f"accumulate={steps} in its place")
    batches = config.get("accumulate")
    _require(batches is None or _is_count(batches), config, "accumulate", "batches, 1 or more")
    is_mean = batches in (None, 1) or is_mean_over_targets(config.loss)
    _require(is_mean, config, "loss", "MAE, MSE or HUBER with accumulate: a mean over the targets")


def _watchable(config: BasicTSForecastingConfig) -> list[str]:
    """What a validation measures."""
    return [*(metric if isinstance(metric, str) else metric[0] for metric in config.metrics), "loss"]


def _check_numerics(config: BasicTSForecastingConfig) -> None:
    """Seed, number formats, compilation."""
    seed = config.seed
    _require(seed is None or 0 <= seed <= _LARGEST_SEED, config, "seed", f"0 to {_LARGEST_SEED}")
    _require(not config.tf32 or config.gpus, config, "tf32", "False: tf32 is for GPUs")
    precision = config.get("precision", "fp32")
    _require(precision in PRECISIONS, config, "precision", f"one of {', '.join(PRECISIONS)}")
    _require(precision != "tf32" or config.gpus, config, "precision", "fp32 or bf16: tf32 is for GPUs")
    can_compile = getattr(config.model, "supports_compile", True)
    expected = f"False: torch cannot compile {config.model.__name__}"
    _require(not config.compile_model or can_compile, config, "compile_model", expected, "omit --compile")


def _check_missing_inputs(config: BasicTSForecastingConfig) -> None:
    rule = config.get("missing_inputs")
    _require(rule is None or rule in MISSING_INPUTS, config, "missing_inputs", f"one of {', '.join(MISSING_INPUTS)}")
    is_ours = isinstance(config.taskflow, OriginalScaleTaskFlow)
    expected = f"None: {type(config.taskflow).__name__} does not read it"
    _require(rule is None or is_ours, config, "missing_inputs", expected, "use OriginalScaleTaskFlow, or omit it")


def _check_processes(config: BasicTSForecastingConfig, processes: int) -> None:
    several = f"with {processes} processes"
    _require(config.seed is not None, config, "seed", f"a number {several}: they shuffle by it")
    _require(is_mean_over_targets(config.loss), config, "loss", f"MAE, MSE or HUBER {several}: a mean over the targets")
    enough = config.train_batch_size >= processes
    _require(enough, config, "train_batch_size", f"{processes} or more {several}, which divide each batch")


def _require_count(config: BasicTSForecastingConfig, field: str) -> None:
    _require(_is_count(_value(config, field)), config, field, "1 or more")


def _require(is_right: Any, config: BasicTSForecastingConfig, field: str, expected: str, fix: str = "") -> None:
    if not is_right:
        raise UserError(field, repr(_value(config, field)), expected, fix)


def _value(config: BasicTSForecastingConfig, field: str) -> Any:
    return config.dataset_params.get(field, config.get(field))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value >= 1

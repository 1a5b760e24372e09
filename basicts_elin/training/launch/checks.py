"""What is checked before a run starts, because BasicTS fails on it late, in other words, or not at all."""

import copy
import inspect
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.metrics import ALL_METRICS

from ...config.field_types import check_types
from ...data.fingerprint import dataset_fingerprint
from ...data.layout import PARTS
from ...data.prepared import open_prepared
from ...errors import UserError, one_line
from ...files import read_json
from ...legacy.loss import legacy_loss
from ...legacy.model import LegacyModel
from ..runner.checkpoints import DamagedCheckpointError, read_checkpoint
from ..runner.loop import PRECISIONS
from .failures import is_out_of_memory

# Those of BasicTS's metrics that can be trained with. The gradient of MAPE is NaN where a target is missing; of HUBER
# BasicTS 1.1.0 drops the default arguments.
_LOSSES = ("MAE", "MSE", "RMSE", "WAPE")

# more are a slip that would start so many processes, or build layers until the memory is full
_MOST_WORKERS = 256
_MOST_LAYERS = 1000
_LARGEST = 10**6


def parse_gpus(gpus: str) -> Optional[str]:
    """BasicTS's `gpus` from the command line's: "cpu" -> None, "0,1" -> "0,1".

    Raises: UserError for devices that are not there.
    """
    if gpus == "cpu":
        return None
    numbers = gpus.split(",")
    if not all(number.isdigit() for number in numbers) or len(set(numbers)) != len(numbers):
        raise UserError(f"--gpus {gpus}: expected device numbers such as 0 or 0,1, or cpu")
    count = torch.cuda.device_count()
    if count == 0:
        raise UserError(f"--gpus {gpus}: torch {torch.__version__} finds no GPU here; use --gpus cpu")
    if max(map(int, numbers)) >= count:
        raise UserError(f"--gpus {gpus}: there are {count} GPUs here, numbered from 0; use one of them or --gpus cpu")
    return gpus


def check_config(config: BasicTSForecastingConfig, processes: int = 1) -> None:
    """Raise UserError for values that BasicTS would fail on late, perhaps after the whole training."""
    try:
        _ = config.md5
    except Exception as error:
        # BasicTS writes down whatever objects there are
        raise UserError(
            f"the configuration holds what cannot be written down ({one_line(error)}); expected numbers, texts, "
            "classes and functions, and objects made of such"
        ) from error
    check_types(config)
    several = f" with {processes} processes"
    steps = config.dataset_params.output_len
    sizes = {f"{part}_batch_size": config[f"{part}_batch_size"] for part in PARTS}
    sizes |= {name: config.dataset_params[name] for name in ("input_len", "output_len")}
    workers = {f"{part}_data_num_workers": config[f"{part}_data_num_workers"] for part in PARTS}
    horizons = config.eval_horizons or ()
    names = [metric if isinstance(metric, str) else metric[0] for metric in config.metrics]
    for name, size in sizes.items():
        if not _at_least_one(size):
            raise UserError(f"{name}={size!r} in the configuration; expected 1 or more")
    wrong = [
        (config.num_steps is not None, "num_steps", "None: BasicTS 1.1.0 cannot finish a run by steps; set num_epochs"),
        (not _at_least_one(config.num_epochs), "num_epochs", "1 or more"),
        (not _at_least_one(config.val_interval), "val_interval", "1 or more"),
        (not _at_least_one(config.test_interval), "test_interval", "1 or more"),
        (not all(map(_at_least_one, _listed(config.ckpt_save_strategy))), "ckpt_save_strategy", "epochs, 1 or more"),
        (config.seed is not None and not 0 <= config.seed < 2**31, "seed", f"0 to {2**31 - 1}"),
        *((not 0 <= count <= _MOST_WORKERS, name, f"0 or more, to {_MOST_WORKERS}") for name, count in workers.items()),
        (
            any(not 1 <= horizon <= steps for horizon in horizons) or len({*horizons}) < len(horizons),
            "eval_horizons",
            f"steps from 1 to output_len={steps}, each once, such as [{steps}]",
        ),
        (
            isinstance(config.loss, str) and config.loss not in _LOSSES,
            "loss",
            f"one of {', '.join(_LOSSES)}, or a function in a configuration file",
        ),
        *(
            (isinstance(metric, str) and metric not in ALL_METRICS, "metrics", f"names out of {', '.join(ALL_METRICS)}")
            for metric in config.metrics
        ),
        (len({*names}) < len(names), "metrics", "each name once"),
        (config.tf32 and not config.gpus, "tf32", "False: tf32 is for GPUs"),
        (processes > 1 and config.seed is None, "seed", f"a number{several}, which shuffle alike by it"),
        (
            processes > 1 and config.loss in ("RMSE", "WAPE"),
            "loss",
            f"MAE or MSE{several}: this one is no mean over the targets, which they could share",
        ),
        (
            processes > 1 and config.loss is legacy_loss,
            "loss",
            f"MAE{several}: what the baseline's own one is a mean over is not known",
        ),
        (
            processes > config.train_batch_size,
            "train_batch_size",
            f"{processes} or more{several}, which divide each batch",
        ),
        (config.target_metric not in (*names, "loss"), "target_metric", f"one of {', '.join(names)}, loss"),
        (
            config.compile_model and issubclass(config.model, LegacyModel),
            "compile_model",
            "False, without --compile: torch cannot compile the baselines of BasicTS 0.5",
        ),
        (config.save_results, "save_results", "False: BasicTS 1.1.0 writes predictions to the wrong rows"),
        (config.get("precision", "fp32") not in PRECISIONS, "precision", f"one of {', '.join(PRECISIONS)}"),
        (config.get("precision") == "tf32" and not config.gpus, "precision", "fp32 or bf16: tf32 is for GPUs"),
    ]
    for is_wrong, field, expected in wrong:
        if is_wrong:
            value = config.dataset_params.get(field, config.get(field))
            raise UserError(f"{field}={value!r} in the configuration; expected {expected}")
    if config.val_interval > config.num_epochs:
        raise UserError(
            f"val_interval={config.val_interval} is more than num_epochs={config.num_epochs}; expected at most that: "
            "without a validation there is no best model"
        )
    if config.finetune_from is not None and not Path(config.finetune_from).is_file():
        raise UserError(f"finetune_from={config.finetune_from!r}: there is no such file; expected a checkpoint (.pt)")


def check_model(config: BasicTSForecastingConfig) -> None:
    """Raise UserError where model, optimizer, schedule or the checkpoint to go on from cannot be had."""
    for field, value in config.model_config.items():
        most = _MOST_LAYERS if field.endswith("layers") else _LARGEST
        if isinstance(value, int) and value > most:
            raise UserError(f"{field}={value} in the configuration of the model; expected {most} or less")
    stamps = inspect.signature(config.model.forward).parameters.get("inputs_timestamps")
    if stamps is not None and stamps.default is stamps.empty and not config.dataset_params.get("use_timestamps"):
        raise UserError(f"use_timestamps=False: {config.model.__name__} needs time of day and of week; expected True")
    with _refusals(config):
        model = _sketch(config)
    _check_memory(config, model)
    if any(weights.is_meta for weights in model.parameters()):
        # constants have memory in a sketch, too: of GTS on PEMS07 5 GiB, which are not held while it is built
        del model
        with _refusals(config):
            model = config.model(config.model_config)
    _check_optimizer(config, model)
    if config.finetune_from is not None:
        check_checkpoint(config.finetune_from, config)


@contextmanager
def _refusals(config: BasicTSForecastingConfig) -> Iterator[None]:
    """Models refuse by assertions, missing keys, or whatever their layers raise: a UserError.

    Raises: UserError; MemoryError, which says nothing of the configuration.
    """
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            raise MemoryError(one_line(error)) from error
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        raise UserError(f"{config.model.__name__} refuses its configuration: {kind}{one_line(error)}") from error


def _sketch(config: BasicTSForecastingConfig) -> torch.nn.Module:
    """The model without memory for its weights; with it, if it computes with them while it is built."""
    try:
        with torch.device("meta"):
            return config.model(copy.deepcopy(config.model_config))
    except (RuntimeError, TypeError, ValueError):
        # what torch, numpy and the models raise of tensors without values; a refusal of the configuration comes again
        pass
    # not in the clause above, whose traceback holds the one that failed
    return config.model(copy.deepcopy(config.model_config))


def _check_memory(config: BasicTSForecastingConfig, model: torch.nn.Module) -> None:
    """The weights must fit, or the system would end the process."""
    needed = sum(weights.nbytes for weights in model.state_dict().values())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else math.inf
    if needed > memory:
        raise UserError(
            f"{config.model.__name__} would have weights of {needed / 1e9:.1f} GB; this machine has {memory / 1e9:.1f} "
            "GB of memory: choose smaller sizes"
        )


def _check_optimizer(config: BasicTSForecastingConfig, model: torch.nn.Module) -> None:
    """Optimizer and schedule must take their arguments, by name and by value."""
    first = model.parameters()
    for field in ("optimizer", "lr_scheduler"):
        kind, arguments = config[field], config[f"{field}_params"] or {}
        if kind is None:
            continue
        try:
            # the names by themselves, which says it more clearly
            inspect.signature(kind).bind(first, **arguments)
            first = kind(first, **arguments)
        except Exception as error:
            # torch refuses by ValueError, TypeError and assertions, or fails in arithmetic
            raise UserError(
                f"{field}_params={dict(arguments)!r}: {kind.__name__} refuses them ({one_line(error)}); give what it "
                f"takes by --set {field}_params.NAME=VALUE"
            ) from error
        try:
            inspect.signature(first.step).bind()
        except TypeError as error:
            raise UserError(
                f"{field}={kind.__name__}: BasicTS takes its steps without arguments ({one_line(error)}); expected one "
                "that needs none"
            ) from error


def _listed(value: Any) -> tuple:
    return () if value is None else tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _at_least_one(value: Any) -> bool:
    return isinstance(value, int) and value >= 1


def dataset_folder(config: BasicTSForecastingConfig) -> Path:
    return Path(config.dataset_params.get("data_file_path") or f"datasets/{config.dataset_name}")


def check_dataset(config: BasicTSForecastingConfig) -> list[np.ndarray]:
    """The values of the parts. UserError unless the run's dataset folder holds what the configuration expects."""
    folder = dataset_folder(config)
    parts = open_prepared(folder, config.dataset_name, config.null_val)
    needed = config.dataset_params.input_len + config.dataset_params.output_len
    nodes = config.model_config.get("num_features")
    for part, values in parts.items():
        file = folder / f"{part}_data.npy"
        if nodes is not None and values.shape[1] != nodes:
            raise UserError(
                f"{file} has {values.shape[1]} nodes but the config expects num_features={nodes}; prepare the dataset "
                f"that the config is for, or use --set model_config.num_features={values.shape[1]}"
            )
        if len(values) < needed:
            rows = len(values)
            raise UserError(f"{file} has {rows} rows; input_len + output_len = {needed} are needed for one window")
    return list(parts.values())


def check_checkpoint(path: str, config: BasicTSForecastingConfig) -> dict[str, Any]:
    """What `path` holds; UserError unless it is a checkpoint of the configuration's model."""
    if not Path(path).is_file():
        raise UserError(f"checkpoint {path} is missing; a run prints where its checkpoints are")
    try:
        content = read_checkpoint(path)
    except DamagedCheckpointError as error:
        raise UserError(f"{error}; expected a .pt file of a run") from error
    state = content.get("model_state_dict") if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise UserError(f"{path} is not a BasicTS checkpoint: it has no model_state_dict; expected a .pt file of a run")
    # models on one backbone have the same parameters: what made the checkpoint is noted beside it
    noted = Path(path).parent / "cfg.json"
    name = config.model.__name__
    if noted.is_file():
        made_with = read_json(noted, "remove it, or use the checkpoint of another run").get("model")
        made_with = made_with.get("name", name) if isinstance(made_with, dict) else name
        if made_with != name:
            raise UserError(f"checkpoint {path} is of another model, {made_with}, than the config's {name}")
    expected = config.model(config.model_config).state_dict()
    missing, extra = expected.keys() - state.keys(), state.keys() - expected.keys()
    different = [name for name in expected.keys() & state.keys() if expected[name].shape != state[name].shape]
    if missing or extra or different:
        example = sorted(missing or extra or different)[0]
        if example in different:
            example += f", {list(state[example].shape)} instead of {list(expected[example].shape)}"
        raise UserError(
            f"checkpoint {path} is of another model than the config's {name}: {len(missing)} "
            f"parameters missing, {len(extra)} unknown, {len(different)} of another shape (such as {example})"
        )
    return content


def check_same_dataset(checkpoint: dict[str, Any], path: str, config: BasicTSForecastingConfig) -> None:
    """Say where the dataset is not the one that the checkpoint was trained on; UserError if its nodes are others."""
    trained = checkpoint.get("dataset_sha256")
    if not isinstance(trained, dict) or not trained:
        return
    folder = dataset_folder(config)
    found = dataset_fingerprint(folder)
    if found["nodes"] != trained.get("nodes"):
        raise UserError(
            f"{folder} has other nodes, or in another order, than the dataset that {path} was trained on; prepare that "
            "one"
        )
    if found["data"] != trained.get("data"):
        print(f"warning: the arrays in {folder} are not those that {path} was trained on")
    # checkpoints of datasets without a graph, and older ones, say nothing of it
    if "graph" in trained and found.get("graph", trained["graph"]) != trained["graph"]:
        print(f"warning: the graph in {folder} is not the one that was there when {path} was trained")

"""What is checked before a run starts, because BasicTS fails on it late, in other words, or not at all."""

import inspect
import json
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.metrics import ALL_METRICS

from ..data.fingerprint import dataset_fingerprint
from ..data.layout import PARTS
from ..data.status import how_to_get
from ..errors import UserError, one_line
from .checkpoints import DamagedCheckpointError, read_checkpoint
from .legacy.loss import baseline_loss
from .loop import PRECISIONS

# Those of BasicTS's metrics that can be trained with. The gradient of MAPE is NaN where a target is missing; of HUBER
# BasicTS 1.1.0 drops the default arguments.
_LOSSES = ("MAE", "MSE", "RMSE", "WAPE")


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
    several = f" with {processes} processes"
    steps = config.dataset_params.output_len
    sizes = {f"{part}_batch_size": config[f"{part}_batch_size"] for part in PARTS}
    sizes |= {name: config.dataset_params[name] for name in ("input_len", "output_len")}
    workers = {f"{part}_data_num_workers": config[f"{part}_data_num_workers"] for part in PARTS}
    names = [metric if isinstance(metric, str) else metric[0] for metric in config.metrics]
    wrong = [
        (config.num_steps is not None, "num_steps", "None: BasicTS 1.1.0 cannot finish a run by steps; set num_epochs"),
        (not _at_least_one(config.num_epochs), "num_epochs", "1 or more"),
        (not _at_least_one(config.val_interval), "val_interval", "1 or more"),
        *((not _at_least_one(size), name, "1 or more") for name, size in sizes.items()),
        *((not _at_least_one(count + 1), name, "0 or more") for name, count in workers.items()),
        (
            any(not 1 <= horizon <= steps for horizon in config.eval_horizons or ()),
            "eval_horizons",
            f"steps from 1 to output_len={steps}, such as [{steps}]",
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
        (processes > 1 and config.seed is None, "seed", f"a number{several}, which shuffle alike by it"),
        (
            processes > 1 and config.loss in ("RMSE", "WAPE"),
            "loss",
            f"MAE or MSE{several}: this one is no mean over the targets, which they could share",
        ),
        (
            processes > 1 and config.loss is baseline_loss,
            "loss",
            f"MAE{several}: what the baseline's own one is a mean over is not known",
        ),
        (
            processes > config.train_batch_size,
            "train_batch_size",
            f"{processes} or more{several}, which divide each batch",
        ),
        (config.target_metric not in (*names, "loss"), "target_metric", f"one of {', '.join(names)}, loss"),
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
    try:
        model = config.model(config.model_config)
    except Exception as error:
        # models refuse by assertions, missing keys, or whatever their layers raise
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        raise UserError(f"{config.model.__name__} refuses its configuration: {kind}{one_line(error)}") from error
    _check_optimizer(config, model)


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


def _at_least_one(value: Any) -> bool:
    return isinstance(value, int) and value >= 1


def dataset_folder(config: BasicTSForecastingConfig) -> Path:
    return Path(config.dataset_params.get("data_file_path") or f"datasets/{config.dataset_name}")


def check_dataset(config: BasicTSForecastingConfig) -> None:
    """Raise UserError unless the run's dataset folder holds what the configuration expects."""
    name, folder = config.dataset_name, dataset_folder(config)
    if not folder.is_dir():
        raise UserError(f"dataset {name} is not prepared: there is no folder {folder} here; {how_to_get(name)}")
    needed = config.dataset_params.input_len + config.dataset_params.output_len
    nodes = config.model_config.get("num_features")
    for part in PARTS:
        data, timestamps = (_open(folder / f"{part}_{kind}.npy", name) for kind in ("data", "timestamps"))
        file = folder / f"{part}_data.npy"
        if data.ndim != 2 or data.dtype != np.float32:
            raise UserError(f"{file} is {data.dtype} {data.shape}; expected float32 [rows, nodes]: prepare it again")
        if nodes is not None and data.shape[1] != nodes:
            raise UserError(
                f"{file} has {data.shape[1]} nodes but the config expects num_features={nodes}; prepare the dataset "
                f"that the config is for, or use --set model_config.num_features={data.shape[1]}"
            )
        if len(timestamps) != len(data):
            raise UserError(f"{file} has {len(data)} rows, {part}_timestamps.npy {len(timestamps)}: prepare it again")
        if timestamps.ndim != 2 or timestamps.shape[1] < 2:
            raise UserError(
                f"{folder / part}_timestamps.npy has shape {timestamps.shape}; expected [rows, 2], time of day and "
                "day of week: prepare it again"
            )
        if len(data) < needed:
            raise UserError(f"{file} has {len(data)} rows; input_len + output_len = {needed} are needed for one window")
        if not np.isfinite(data).all():
            raise UserError(f"{file} holds NaN or infinity; missing values must be {config.null_val}: prepare it again")


def check_checkpoint(path: str, config: BasicTSForecastingConfig) -> dict[str, Any]:
    """What `path` holds; UserError unless it is a checkpoint of the configuration's model."""
    if not Path(path).is_file():
        raise UserError(f"checkpoint {path} is missing; a run prints where its checkpoints are")
    try:
        content = read_checkpoint(path)
    except DamagedCheckpointError as error:
        raise UserError(f"{error}; expected a .pt file of a run") from error
    if not isinstance(content, dict) or not isinstance(content.get("model_state_dict"), dict):
        raise UserError(f"{path} is not a BasicTS checkpoint: it has no model_state_dict; expected a .pt file of a run")
    state = content["model_state_dict"]
    # models on one backbone have the same parameters: what made the checkpoint is noted beside it
    noted = Path(path).parent / "cfg.json"
    if noted.is_file():
        made_with = json.loads(noted.read_text())["model"]["name"]
        if made_with != config.model.__name__:
            name = config.model.__name__
            raise UserError(f"checkpoint {path} is of another model, {made_with}, than the config's {name}")
    expected = config.model(config.model_config).state_dict()
    missing, extra = expected.keys() - state.keys(), state.keys() - expected.keys()
    different = [name for name in expected.keys() & state.keys() if expected[name].shape != state[name].shape]
    if missing or extra or different:
        example = sorted(missing or extra or different)[0]
        if example in different:
            example += f", {list(state[example].shape)} instead of {list(expected[example].shape)}"
        raise UserError(
            f"checkpoint {path} is of another model than the config's {config.model.__name__}: {len(missing)} "
            f"parameters missing, {len(extra)} unknown, {len(different)} of another shape (such as {example})"
        )
    return content


def check_same_dataset(checkpoint: dict[str, Any], path: str, config: BasicTSForecastingConfig) -> None:
    """Say where the dataset is not the one that the checkpoint was trained on; UserError if its nodes are others."""
    trained = checkpoint.get("dataset_sha256")
    if not trained:
        return
    folder = dataset_folder(config)
    found = dataset_fingerprint(folder)
    if found["nodes"] != trained["nodes"]:
        raise UserError(
            f"{folder} has other nodes, or in another order, than the dataset that {path} was trained on; prepare that "
            "one"
        )
    if found["data"] != trained["data"]:
        print(f"warning: the arrays in {folder} are not those that {path} was trained on")


def _open(file: Path, name: str) -> np.ndarray:
    if not file.is_file():
        raise UserError(f"dataset {name} is incomplete: {file} is missing; {how_to_get(name)}")
    try:
        return np.load(file, mmap_mode="r")
    except (ValueError, EOFError) as error:
        raise UserError(f"{file} is not an .npy array ({error}); prepare dataset {name} again") from error

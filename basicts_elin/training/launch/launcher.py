"""BasicTS's launcher around our runner: it has no field for another one."""

import copy
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Optional

import numpy as np
import torch
from basicts.configs import BasicTSForecastingConfig
from easytorch.device import set_device_type
from easytorch.utils import set_visible_devices
from easytorch.utils.logging import logger_initialized

from ...config.describe import CONFIG_TEXT, describe
from ...data.fingerprint import dataset_fingerprint
from ...data.labels import node_names
from ...data.quality import suspicions
from ...errors import UserError
from ...files import made_folder, write_atomically
from ..runner.predictions import FILE_NAME, announcement
from ..runner.runner import BenchmarkRunner, CollectingRunner
from .checks import check_checkpoint, check_config, check_model
from .data_checks import check_dataset, check_same_dataset, dataset_folder
from .failures import close_quietly, failures_logged, raise_what_logging_raised
from .processes import Group, check_sendable, run_in_group
from .run_dir import check_same_data, fresh_folder, intent, locked, run_folder

_VISIBLE_DEVICES = os.environ.get("CUDA_VISIBLE_DEVICES")


def best_checkpoint(config: BasicTSForecastingConfig) -> Path:
    """The checkpoint with the best validation metric."""
    return run_folder(config) / f"{config.model.__name__}_best_val_{config.target_metric}.pt"


def launch_training(
    config: BasicTSForecastingConfig,
    *,
    save_predictions: bool = False,
    fresh: bool = False,
    resume: bool = False,
    group: Optional[Group] = None,
) -> Path:
    """Train, keep the best model by validation, evaluate it once on the test part. Returns the run's folder.

    A run that was interrupted goes on where it was and ends with the numbers it would have had.

    Args:
        save_predictions: also write the predictions of that evaluation into the folder, see `predictions.Predictions`.
        fresh: start in a new folder and keep what there is of this run.
        resume: there must be something to go on from.
        group: the processes, which divide each batch; None = one for each GPU.
    Raises: UserError; among others, where another process is training in the folder. FailedRunError.
    """
    group = group or Group(config.gpu_num or 1)
    group.check()
    check_config(config, group.size)
    check_model(config)
    parts = check_dataset(config)
    check_sendable(config, group)
    folder = fresh_folder(config) if fresh else run_folder(config)
    if save_predictions and not config.eval_after_train:
        raise UserError("--save-predictions: eval_after_train=False leaves nothing to save; expected True, the default")
    config["_output_dir"] = str(folder)
    if not group.is_first:
        # the first one writes, whether the others see its folder or not
        choose_devices(config)
        run_in_group(group, _train, config, None)
        return folder
    for line in suspicions(parts, config.null_val, node_names(dataset_folder(config), parts[0].shape[1])):
        print(line)
    said = intent(config, folder, resume=resume)
    if said:
        print(said)
    predictions_file = _announced(config, folder) if save_predictions else None
    if group.size > 1:
        print(f"{group.size} processes divide each batch of {config.train_batch_size}")
    with locked(folder):
        config["_fingerprint"] = dataset_fingerprint(dataset_folder(config))
        check_same_data(folder, config["_fingerprint"], dataset_folder(config))
        write_atomically(folder / "cfg.json", str(config).encode())
        write_atomically(folder / CONFIG_TEXT, describe(config).encode())
        choose_devices(config)
        run_in_group(group, _train, config, predictions_file)
    return folder


def launch_evaluation(
    config: BasicTSForecastingConfig,
    checkpoint: str,
    output: Path,
    batch_size: Optional[int] = None,
    *,
    save_predictions: bool = False,
) -> Path:
    """Evaluate a checkpoint on the test part; metrics, log and predictions go to the folder `output`, returned."""
    _evaluate(config, checkpoint, output, batch_size, save_predictions=save_predictions)
    return output


def launch_prediction(config: BasicTSForecastingConfig, checkpoint: str, output: Path) -> dict[str, np.ndarray]:
    """`launch_evaluation` that returns prediction, target and mask of every test window [windows, steps, nodes].

    Prediction and target are in original units; mask is True where the target was measured.
    """
    return _evaluate(config, checkpoint, output, collect=True).predictions.arrays


def _evaluate(
    config: BasicTSForecastingConfig,
    checkpoint: str,
    output: Path,
    batch_size: Optional[int] = None,
    *,
    collect: bool = False,
    save_predictions: bool = False,
) -> BenchmarkRunner:
    check_config(config)
    check_model(config)
    check_dataset(config)
    check_same_dataset(check_checkpoint(checkpoint, config), checkpoint, config)
    config = copy.deepcopy(config)
    predictions_file = _announced(config, output) if save_predictions else None
    config["_output_dir"] = str(output)
    if batch_size is not None:
        config.test_batch_size = batch_size
    choose_devices(config)
    with made_folder(Path(output)):
        return _run(
            "evaluation", config, predictions_file, lambda runner: runner.eval(str(checkpoint)), collect=collect
        )


def _announced(config: BasicTSForecastingConfig, folder: Path) -> Path:
    """The file that predictions are written to, once its size is said."""
    path = folder / FILE_NAME
    print(announcement(config, path))
    return path


def choose_devices(config: BasicTSForecastingConfig) -> None:
    set_device_type("gpu" if config.gpus else "cpu")
    if config.gpus:
        # numbers count the devices that this process may see, such as those that a cluster has assigned to it
        visible = _VISIBLE_DEVICES.split(",") if _VISIBLE_DEVICES else None
        numbers = config.gpus.split(",")
        set_visible_devices(",".join(visible[int(number)] for number in numbers) if visible else config.gpus)


def _init_logger(runner: BenchmarkRunner, job: str) -> None:
    """Defect: loggers are kept by name, so that a second run in one process would log into the first one's file."""
    name = f"BasicTS-{job}"
    logger = logging.getLogger(name)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        # what it could not write, on a full disk, is lost
        with suppress(OSError):
            handler.close()
    logger_initialized.discard(name)
    runner.init_logger(logger_name=name, log_file_name=f"{job}_log")
    for handler in runner.logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handleError = raise_what_logging_raised


def _train(config: BasicTSForecastingConfig, predictions_file: Optional[Path]) -> None:
    if torch.distributed.is_initialized():
        # with --fresh, what each machine finds there may be something else
        folder = [config["_output_dir"]]
        torch.distributed.broadcast_object_list(folder)
        (config["_output_dir"],) = folder
    _run("training", config, predictions_file, lambda runner: runner.train())


def _run(
    job: str,
    config: BasicTSForecastingConfig,
    predictions_file: Optional[Path],
    work: Callable[[BenchmarkRunner], None],
    *,
    collect: bool = False,
) -> BenchmarkRunner:
    """A runner that has done its work."""
    with failures_logged(Path(config["_output_dir"]), job):
        runner = CollectingRunner(config, predictions_file) if collect or predictions_file else BenchmarkRunner(config)
        try:
            _init_logger(runner, job)
            work(runner)
        finally:
            close_quietly(runner.tensorboard_writer)
    return runner

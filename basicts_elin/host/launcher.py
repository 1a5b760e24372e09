"""BasicTS's launcher around our runner: it has no field for another one."""

import copy
import logging
import os
import traceback
from pathlib import Path
from typing import Optional

import numpy as np
from basicts.configs import BasicTSForecastingConfig
from easytorch.device import set_device_type
from easytorch.launcher.dist_wrap import dist_wrap
from easytorch.utils import set_visible_devices
from easytorch.utils.logging import logger_initialized

from ..errors import NonFinitePredictionError
from .checks import check_checkpoint, check_config, check_dataset
from .runner import BenchmarkRunner, CollectingRunner

_VISIBLE_DEVICES = os.environ.get("CUDA_VISIBLE_DEVICES")


def run_folder(config: BasicTSForecastingConfig) -> Path:
    """The folder of a run: checkpoints, log, metrics."""
    return Path(config.ckpt_save_dir) / config.md5


def best_checkpoint(config: BasicTSForecastingConfig) -> Path:
    """The checkpoint with the best validation metric."""
    return run_folder(config) / f"{config.model.__name__}_best_val_{config.target_metric}.pt"


def launch_training(config: BasicTSForecastingConfig) -> Path:
    """Train, keep the best model by validation, evaluate it once on the test part. Returns the run's folder."""
    check_config(config)
    check_dataset(config)
    folder = run_folder(config)
    if any(folder.glob("*.pt")):
        print(f"{folder} holds this run already: it goes on where it stopped; delete the folder to start over")
    config.save()
    _choose_devices(config)
    dist_wrap(_train, device_num=config.gpu_num)(config)
    return folder


def launch_evaluation(
    config: BasicTSForecastingConfig, checkpoint: str, output: Path, batch_size: Optional[int] = None
) -> Path:
    """Evaluate a checkpoint on the test part; metrics and log go to the folder `output`, which is returned."""
    _evaluate(BenchmarkRunner, config, checkpoint, output, batch_size)
    return output


def launch_prediction(config: BasicTSForecastingConfig, checkpoint: str, output: Path) -> dict[str, np.ndarray]:
    """`launch_evaluation` that returns prediction, target and mask of every test window [windows, steps, nodes].

    Prediction and target are in original units; mask is True where the target was measured.
    """
    runner = _evaluate(CollectingRunner, config, checkpoint, output)
    names = {"prediction": "prediction", "target": "targets", "mask": "targets_mask"}
    return {name: np.concatenate([batch[key] for batch in runner.batches]) for name, key in names.items()}


def _evaluate(
    runner_type: type,
    config: BasicTSForecastingConfig,
    checkpoint: str,
    output: Path,
    batch_size: Optional[int] = None,
) -> BenchmarkRunner:
    check_config(config)
    check_dataset(config)
    check_checkpoint(checkpoint, config)
    config = copy.deepcopy(config)
    config["_output_dir"] = str(output)
    if batch_size is not None:
        config.test_batch_size = batch_size
    _choose_devices(config)
    runner = runner_type(config)
    _init_logger(runner, "evaluation")
    runner.eval(str(checkpoint))
    return runner


def _choose_devices(config: BasicTSForecastingConfig) -> None:
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
        handler.close()
    logger_initialized.discard(name)
    runner.init_logger(logger_name=name, log_file_name=f"{job}_log")


def _train(config: BasicTSForecastingConfig) -> None:
    runner = BenchmarkRunner(config)
    _init_logger(runner, "training")
    try:
        runner.train()
    except NonFinitePredictionError as error:
        runner.logger.error(error)
        raise
    except BaseException:
        runner.logger.error(traceback.format_exc())
        raise

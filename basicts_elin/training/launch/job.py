"""One job of a runner in this process: its log, its work, and the cleanup after a failure."""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Optional

import torch
from basicts.configs import BasicTSForecastingConfig
from easytorch.utils.logging import logger_initialized

from ..runner.runner import BenchmarkRunner, CollectingRunner
from .failures import close_quietly, failures_logged, raise_logging_error


def train(config: BasicTSForecastingConfig, predictions_file: Optional[Path]) -> None:
    """Train in this process, alone or as one of a group."""
    if torch.distributed.is_initialized():
        # With --fresh, other machines may find another folder.
        folder = [config["_output_dir"]]
        torch.distributed.broadcast_object_list(folder)
        (config["_output_dir"],) = folder
    run_job("training", config, lambda runner: runner.train(), predictions_file)


def run_job(
    job: str,
    config: BasicTSForecastingConfig,
    work: Callable[[BenchmarkRunner], None],
    predictions_file: Optional[Path] = None,
    *,
    collect: bool = False,
) -> BenchmarkRunner:
    """The runner, after its work, in the folder config["_output_dir"].

    BasicTS defect 28: its launcher has no field for a runner.

    Args:
        job: "training" or "evaluation", for the name of the log.
        predictions_file: where the predictions of the test part are written, if anywhere.
        collect: whether the runner keeps those predictions even without a file.
    Raises: as `failures_logged`.
    """
    with failures_logged(Path(config["_output_dir"]), job):
        runner = CollectingRunner(config, predictions_file) if collect or predictions_file else BenchmarkRunner(config)
        try:
            _init_logger(runner, job)
            work(runner)
        finally:
            close_quietly(runner.tensorboard_writer)
    return runner


def _init_logger(runner: BenchmarkRunner, job: str) -> None:
    """BasicTS defect 27: loggers are kept by name, so a second run logs into the file of the first."""
    name = f"BasicTS-{job}"
    logger = logging.getLogger(name)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        # on a full disk, what it has not written is lost
        with suppress(OSError):
            handler.close()
    logger_initialized.discard(name)
    runner.init_logger(logger_name=name, log_file_name=f"{job}_log")
    for handler in runner.logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handleError = raise_logging_error

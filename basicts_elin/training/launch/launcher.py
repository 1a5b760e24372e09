"""Training and evaluation from start to end: check, open the folder, lock it, run."""

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

import numpy as np
from basicts.configs import BasicTSForecastingConfig

from ...config.describe import CONFIG_TEXT, describe
from ...data.dataset import Dataset
from ...data.layout import PARTS
from ...data.marker_warnings import marker_warnings
from ...data.quality import missing_share, quality_warnings
from ...errors import UserError
from ...files import made_folder, write_atomically
from ...record import CONFIG_FILE
from ..protocol.missing_inputs import missing_inputs_line
from ..protocol.prepared import prepare_buffers
from ..protocol.taskflow import OriginalScaleTaskFlow
from ..runner.checkpoints import best_checkpoint_file, epoch_checkpoints, read_checkpoint
from ..runner.predictions import PREDICTIONS_FILE, announcement
from ..runner.runner import BenchmarkRunner
from .checkpoint_checks import check_checkpoint
from .config_checks import check_config
from .data_checks import checked_dataset
from .devices import choose_devices
from .job import run_job, train
from .model_checks import check_model
from .processes import Group, check_picklable, run_in_group
from .run_dir import check_same_data, describe_resumption, locked, next_run_folder, run_folder
from .trained_on import (
    array_warning,
    check_lengths,
    check_same_dataset,
    check_start,
    checkpoint_warnings,
    facts_of,
    model_warnings,
    trained_on,
)


def best_checkpoint(config: BasicTSForecastingConfig) -> Path:
    """The checkpoint with the best validation metric."""
    return best_checkpoint_file(run_folder(config), config.model.__name__, f"val/{config.target_metric}")


def launch_training(
    config: BasicTSForecastingConfig,
    *,
    save_predictions: bool = False,
    fresh: bool = False,
    resume: bool = False,
    group: Optional[Group] = None,
) -> Path:
    """Train, keep the best model by validation, evaluate it once on the test part. Returns the run's folder.

    An interrupted run resumes, and ends with the numbers of an uninterrupted one.

    Args:
        save_predictions: also write the predictions of that evaluation into the folder, see `predictions.Predictions`.
        fresh: train in a new folder, and keep the existing ones of this run.
        resume: refuse to start a run that does not exist.
        group: the processes, which divide each batch; None = one for each GPU.
    Raises: UserError, also if another process is training in the folder. FailedRunError.
    """
    group = group or Group(config.gpu_num or 1)
    dataset = check_run(config, group.size)
    if save_predictions and not config.eval_after_train:
        raise UserError("--save-predictions", "eval_after_train=False", "eval_after_train=True, to have predictions")
    choose_devices(config)
    folder = next_run_folder(config) if fresh else run_folder(config)
    config["_output_dir"] = str(folder)
    if not group.is_first:
        # Only the first process writes. The others may not see its folder.
        run_in_group(group, train, config, None)
        return folder
    for warnings in (quality_warnings, marker_warnings):
        _print_all(warnings([dataset.values(part) for part in PARTS], config.null_val, dataset.node_names))
    _announce(config, dataset, folder, group, resume=resume)
    predictions_file = _announced_predictions(config, dataset, folder) if save_predictions else None
    with locked(folder):
        prepare_buffers(config, resumes=bool(epoch_checkpoints(folder, config.model.__name__)))
        _record_inputs(config, dataset, folder)
        run_in_group(group, train, config, predictions_file)
    return folder


def launch_evaluation(
    config: BasicTSForecastingConfig,
    checkpoint: str,
    output: Path,
    batch_size: Optional[int] = None,
    *,
    save_predictions: bool = False,
) -> Path:
    """Evaluate a checkpoint on the test part. Metrics, log and predictions go to the folder `output`, returned."""
    _evaluate(config, checkpoint, output, batch_size, save_predictions=save_predictions)
    return output


def launch_prediction(config: BasicTSForecastingConfig, checkpoint: str, output: Path) -> dict[str, np.ndarray]:
    """`launch_evaluation` that returns prediction, target and mask of every test window [windows, steps, nodes].

    Prediction and target are in original units; mask is True where the target was measured.
    """
    return _evaluate(config, checkpoint, output, collect=True).predictions.arrays


def check_run(config: BasicTSForecastingConfig, processes: int = 1) -> Dataset:
    """Check everything that a run needs before it starts. Returns its dataset. Raises: UserError."""
    check_config(config, processes)
    check_picklable(config, processes)
    check_model(config)
    dataset = checked_dataset(config)
    start = config.get("init_from")
    if start is not None:

        def check_content(content: dict[str, Any]) -> None:
            check_start(content, start, config)
            check_same_dataset(content, start, dataset)

        check_checkpoint(start, config, check_content)
    return dataset


def _evaluate(
    config: BasicTSForecastingConfig,
    checkpoint: str,
    output: Path,
    batch_size: Optional[int] = None,
    *,
    collect: bool = False,
    save_predictions: bool = False,
) -> BenchmarkRunner:
    """The runner, after an evaluation."""
    dataset = check_run(config)

    def check_content(content: dict[str, Any]) -> None:
        check_lengths(content, checkpoint, config)
        check_same_dataset(content, checkpoint, dataset)

    content = check_checkpoint(checkpoint, config, check_content)
    if config.scaler is not None and not content.get("scaler_stats"):
        print(f"no statistics of a scaler in {checkpoint}: fitted to the training part in {dataset.folder}")
    _print_all([array_warning(content, checkpoint, dataset), *model_warnings(checkpoint, config)])
    _print_all(checkpoint_warnings(content, checkpoint, config, dataset))
    config = copy.deepcopy(config)
    predictions_file = _announced_predictions(config, dataset, output) if save_predictions else None
    config["_output_dir"] = str(output)
    if batch_size is not None:
        config.test_batch_size = batch_size
    choose_devices(config)
    with made_folder(Path(output)):
        return run_job(
            "evaluation", config, lambda runner: runner.eval(str(checkpoint)), predictions_file, collect=collect
        )


def _announce(config: BasicTSForecastingConfig, dataset: Dataset, folder: Path, group: Group, *, resume: bool) -> None:
    """Tell the user what training in the folder will do."""
    if isinstance(config.taskflow, OriginalScaleTaskFlow):
        share = missing_share([dataset.values(part) for part in PARTS], config.null_val)
        _print_all([missing_inputs_line(share, config)])
    unused = dataset.meta.get("covariates")
    if unused:
        print(
            f"{config.model.__name__} uses only the channel {dataset.meta.get('channel')}, and not {', '.join(unused)}"
        )
    start = config.get("init_from")
    if start is not None:
        checkpoint = read_checkpoint(Path(start))
        print(f"starts from {start}, epoch {checkpoint.get('epoch')}, with its scaling")
        _print_all(checkpoint_warnings(checkpoint, start, config, dataset))
    resumption = describe_resumption(config, folder, resume=resume)
    _print_all([resumption])
    if group.size > 1:
        print(f"{group.size} processes divide each batch of {config.train_batch_size}")
    if config.get("accumulate"):
        print(f"{config['accumulate']} batches of {config.train_batch_size} make one optimizer step")


def _print_all(lines: Iterable[str]) -> None:
    for line in filter(None, lines):
        print(line)


def _announced_predictions(config: BasicTSForecastingConfig, dataset: Dataset, folder: Path) -> Path:
    """The file for the predictions. Prints its size first."""
    path = folder / PREDICTIONS_FILE
    print(announcement(path, dataset, config.dataset_params.input_len, config.dataset_params.output_len))
    return path


def _record_inputs(config: BasicTSForecastingConfig, dataset: Dataset, folder: Path) -> None:
    """Write the configuration into the run's folder, and note in it what its checkpoints say of the dataset."""
    start = config.get("init_from")
    before = None if start is None else facts_of(read_checkpoint(Path(start)), start)
    config["_fingerprint"], config["_trained_on"] = dataset.fingerprint, trained_on(config, dataset, before)
    check_same_data(folder, dataset)
    write_atomically(folder / CONFIG_FILE, str(config).encode())
    write_atomically(folder / CONFIG_TEXT, describe(config).encode())

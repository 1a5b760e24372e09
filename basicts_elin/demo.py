"""The demonstration: synthetic traffic, and a small ELinFormer against the naive forecasts."""

import os
import shutil
import time
from pathlib import Path

import numpy as np

from .data.dataset import Dataset, open_dataset
from .data.prepare import prepare_synthetic
from .errors import UserError
from .evaluation.numpy_metrics import OVERALL
from .results.forecast_figure import plot_forecast
from .results.report import naive_results, text_table
from .results.run_reader import read_run
from .results.schema import Result
from .results.store import write_results
from .training.launch.launcher import best_checkpoint, launch_prediction, launch_training, run_folder
from .zoo.config_file import load_config

DATASET = "SyntheticTraffic"
STEP = 12


def run_demo(config_file: Path) -> float:
    """Prepare, train, evaluate and compare, all from the beginning, in the folder `demo` of the current folder.

    Returns: the model's overall MAE divided by that of the better naive forecast.
    """
    started = time.time()
    config = load_config(str(config_file))
    if config.dataset_name != DATASET or Path(config.ckpt_save_dir).is_absolute():
        found = f"{config.dataset_name} in {config.ckpt_save_dir}"
        raise UserError(config_file, found, f"{DATASET} in a relative ckpt_save_dir")
    folder = Path("demo").resolve()
    folder.mkdir(exist_ok=True)
    # BasicTS reads datasets/ and writes checkpoints/ in the current folder
    os.chdir(folder)
    dataset = open_dataset(prepare_synthetic(force=True))
    # an earlier demonstration would be resumed, whatever has changed since
    if run_folder(config).exists():
        shutil.rmtree(run_folder(config))
    launch_training(config)
    forecast = launch_prediction(config, best_checkpoint(config), run_folder(config) / "demo")

    model = read_run(run_folder(config))
    naive = naive_results(model, dataset)
    write_results(Path("metrics.csv"), [model, *naive])
    _plot(Path("forecast.png"), model.model, forecast, dataset)

    print(f"\n{text_table([model, *naive])}\n")
    better = min(naive, key=_overall_mae)
    ratio = _overall_mae(model) / _overall_mae(better)
    print(f"{model.model}'s overall MAE is {ratio:.3f} of the better naive forecast's ({better.model}).")
    print(f"written: {folder / 'metrics.csv'}, {folder / 'forecast.png'}; {time.time() - started:.0f} s in all")
    return ratio


def _overall_mae(result: Result) -> float:
    return result.metrics[OVERALL]["MAE"]


def _plot(path: Path, model: str, forecast: dict[str, np.ndarray], dataset: Dataset) -> None:
    target, mask, prediction = (forecast[name][:, STEP - 1] for name in ("target", "mask", "prediction"))
    truth = np.where(mask, target, np.nan)
    # the node with the median error: neither the best nor the worst
    error = np.nanmean(np.abs(prediction - truth), axis=0)
    node = int(np.argsort(error)[len(error) // 2])
    rows = slice(0, 3 * dataset.steps_per_day)
    held = np.where(mask[:-STEP], target[:-STEP], np.nan)[:, node]
    last_value = np.concatenate([np.full(STEP, np.nan), held])
    plot_forecast(
        path,
        {model: prediction[rows, node], "last value": last_value[rows]},
        truth[rows, node],
        node=node,
        step=STEP,
        interval_minutes=dataset.interval_minutes,
        title=DATASET,
        quantity=dataset.domain,
    )


def check(ratio: float, bound: float = 0.9) -> None:
    """Raises UserError unless the ratio is below the bound, as it is for a sound model on sound data."""
    if not ratio < bound:
        raise UserError("overall MAE", f"{ratio:.3f} of the better naive forecast's", f"below {bound}")

"""The demonstration: synthetic traffic, a small ELinFormer, and what it wins over the naive forecasts."""

import os
import shutil
import time
from pathlib import Path

import numpy as np

from .data.dataset import Dataset, open_dataset
from .data.prepare import prepare_synthetic
from .errors import UserError
from .evaluation.metrics import OVERALL
from .evaluation.naive import naive_metrics
from .results.forecast_figure import plot_forecast
from .results.runs import metrics_of
from .results.table import METRIC_COLUMNS, format_table, metric_rows, write_csv
from .training.launch.launcher import best_checkpoint, launch_prediction, launch_training, run_folder
from .zoo.config_file import load_config

DATASET = "SyntheticTraffic"
STEP = 12


def run_demo(config_file: Path) -> float:
    """Prepare, train, evaluate, compare, each from the beginning, in the folder `demo` where it is started.

    Returns: the model's overall MAE divided by that of the better naive forecast.
    """
    started = time.time()
    config = load_config(str(config_file))
    if config.dataset_name != DATASET or Path(config.ckpt_save_dir).is_absolute():
        raise UserError(f"{config_file} is for {config.dataset_name} in {config.ckpt_save_dir}; expected {DATASET}")
    folder = Path("demo").resolve()
    folder.mkdir(exist_ok=True)
    # BasicTS reads datasets/ and writes checkpoints/ where it runs
    os.chdir(folder)
    dataset = open_dataset(prepare_synthetic(force=True))
    # an earlier demonstration would be resumed: its epochs would be skipped, whatever has changed since
    if run_folder(config).exists():
        shutil.rmtree(run_folder(config))
    launch_training(config)
    forecast = launch_prediction(config, best_checkpoint(config), run_folder(config) / "demo")

    model = config.model.__name__
    by_model = {model: metrics_of(run_folder(config) / "test_metrics.json"), **naive_metrics(dataset)}
    rows = [row for name, metrics in by_model.items() for row in metric_rows(name, metrics)]
    write_csv(Path("metrics.csv"), rows, METRIC_COLUMNS)
    _plot(Path("forecast.png"), model, forecast, dataset)

    print(f"\n{format_table(rows)}\n")
    maes = {name: metrics[OVERALL]["MAE"] for name, metrics in by_model.items()}
    better = min((name for name in maes if name != model), key=maes.get)
    ratio = maes[model] / maes[better]
    print(f"{model}'s overall MAE is {ratio:.3f} of the better naive forecast's ({better}).")
    print(f"written: {folder / 'metrics.csv'}, {folder / 'forecast.png'}; {time.time() - started:.0f} s in all")
    return ratio


def _plot(path: Path, model: str, forecast: dict[str, np.ndarray], dataset: Dataset) -> None:
    target, mask, prediction = (forecast[name][:, STEP - 1] for name in ("target", "mask", "prediction"))
    truth = np.where(mask, target, np.nan)
    # the node whose error is the median one: neither flattering nor the worst
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
        rows_per_day=dataset.steps_per_day,
        title=DATASET,
        unit=dataset.domain,
    )


def check(ratio: float, bound: float = 0.9) -> None:
    """Raise UserError unless the ratio is below the bound that a sound model on sound data stays below."""
    if not ratio < bound:
        raise UserError(f"overall MAE is {ratio:.3f} of the better naive forecast's; expected below {bound}")

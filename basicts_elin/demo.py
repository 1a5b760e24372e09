"""The demonstration: synthetic traffic, and a small ELinFormer against the naive forecasts."""

import os
import shutil
import time
from importlib.util import find_spec
from pathlib import Path

from .averages import OVERALL
from .data.dataset import open_dataset
from .data.prepare import prepare_synthetic
from .errors import UserError
from .results.page.of_run import write_run_page
from .results.pictures.run import PlottedRun
from .results.pictures.run_forecast import plot_run_forecast
from .results.report import naive_results, text_table
from .results.run_reader import read_run
from .results.schema import Result
from .results.store import write_results
from .training.launch.launcher import launch_training, run_folder
from .zoo.config_file import load_config

DATASET = "SyntheticTraffic"
PICTURE, REPORT = Path("forecast.png"), Path("report.html")


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
    run = PlottedRun.read(launch_training(config, save_predictions=True))

    model = read_run(run.folder)
    naive = naive_results(model, dataset)
    write_results(Path("metrics.csv"), [model, *naive])
    for path in (PICTURE, REPORT):
        path.unlink(missing_ok=True)
    plot_run_forecast(PICTURE, run)
    has_report = find_spec("plotly") is not None
    if has_report:
        write_run_page(REPORT, run)

    print(f"\n{text_table([model, *naive])}\n")
    better = min(naive, key=_overall_mae)
    ratio = _overall_mae(model) / _overall_mae(better)
    print(f"{model.model}'s overall MAE is {ratio:.3f} of the better naive forecast's ({better.model}).")
    written = ", ".join(str(folder / name) for name in ("metrics.csv", PICTURE, *[REPORT][:has_report]))
    print(f"written: {written}; {time.time() - started:.0f} s in all")
    if not has_report:
        print(f"no {REPORT}, a page to explore: plotly is not installed; pip install 'basicts-elin[html]'")
    return ratio


def _overall_mae(result: Result) -> float:
    return result.metrics[OVERALL]["MAE"]


def check(ratio: float, bound: float = 0.9) -> None:
    """Raises UserError unless the ratio is below the bound, as it is for a sound model on sound data."""
    if not ratio < bound:
        raise UserError("overall MAE", f"{ratio:.3f} of the better naive forecast's", f"below {bound}")

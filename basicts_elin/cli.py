"""The commands: one verb per job, each a few lines over the package."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from .compat import require_basicts
from .data.prepare.command import add_arguments as prepare_arguments
from .data.prepare.command import prepare
from .errors import FailedRunError, UserError, one_line, system_message
from .forecasting.command import add_arguments as forecast_arguments
from .forecasting.export.command import add_arguments as export_arguments
from .forecasting.intervals.command import add_arguments as interval_arguments
from .reproduce.command import add_arguments, reproduce
from .reproduce.interrupts import signals_as_ctrl_c
from .reproduce.seeds import seeds_of, train_seeds
from .results.command import add_arguments as report_arguments
from .results.command import report
from .results.pictures.command import add_arguments as plot_arguments
from .run_arguments import add_run_arguments, positive, processes_of, run_config
from .version import __version__
from .zoo.weights.command import add_arguments as import_arguments

CONFIGS = "MODEL/DATASET, legacy/MODEL/DATASET, or a file"


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one verb. Returns the exit code.

    0: done. Otherwise stderr has one line. 1: a run failed. 2: something that the user can fix. 130: interrupted.
    """
    arguments = _parser().parse_args(argv)
    if sys.stdout.errors == "strict":
        # a path may hold characters that the terminal cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = arguments.run(arguments) or 0
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # the reader of our output, such as head, has closed it
        return _ended(1)
    except UserError as error:
        return _ended(2, f"error: {error}")
    except FailedRunError as error:
        return _ended(1, f"error: {error}")
    except OSError as error:
        return _ended(2, f"error: {system_message(error)}")
    except MemoryError as error:
        return _ended(2, f"error: memory: insufficient ({one_line(error)}); use less data or a larger machine")
    except KeyboardInterrupt:
        hint = ": the same command resumes after its last finished epoch" if arguments.run in (train, reproduce) else ""
        return _ended(130, f"interrupted{hint}")


def _ended(code: int, line: str = "") -> int:
    """Print the line, and return the exit code. Output that a closed or full stdout cannot take is dropped."""
    if line:
        print(line, file=sys.stderr)
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def train(arguments: argparse.Namespace) -> Optional[int]:
    with signals_as_ctrl_c():
        return _train(arguments)


def _train(arguments: argparse.Namespace) -> Optional[int]:
    require_basicts()
    from .training.launch.launcher import best_checkpoint, launch_training

    seeds = seeds_of(arguments)
    if seeds:
        arguments.seed = seeds[0]
    config = run_config(arguments)
    if arguments.print_config:
        _print_config(config)
        return None
    group = processes_of(arguments, config)
    if arguments.steps or arguments.batch:
        _try_steps(arguments, config, group.size)
        return None
    if seeds:
        return train_seeds(arguments, seeds, config, group)
    folder = launch_training(
        config, save_predictions=arguments.save_predictions, fresh=arguments.fresh, resume=arguments.resume, group=group
    )
    if group.is_first:
        _print_results(best_checkpoint(config), folder, "training", arguments.save_predictions)
        _print_mape_warning(config)
    return None


def _try_steps(arguments: argparse.Namespace, config: Any, processes: int) -> None:
    from .training.launch.try_steps import try_steps

    if not arguments.steps:
        raise UserError("--batch", arguments.batch, "to be given with --steps", "for a run, use --set train_batch_size")
    if processes > 1:
        raise UserError("--steps", f"{processes} processes", "one process")
    for name in ("fresh", "resume", "save_predictions"):
        if getattr(arguments, name):
            option = f"--{name.replace('_', '-')}"
            raise UserError(option, f"given with --steps {arguments.steps}, which keeps nothing", fix="omit it")
    print(try_steps(config, arguments.steps, arguments.batch))


def evaluate(arguments: argparse.Namespace) -> None:
    require_basicts()
    from .data.dataset import dataset_of
    from .forecasting.intervals.command import check_arguments, evaluate_intervals
    from .training.launch.launcher import launch_evaluation

    config = run_config(arguments)
    if arguments.print_config:
        _print_config(config)
        return
    check_arguments(arguments.level, adaptive=arguments.adaptive)
    checkpoint = Path(arguments.ckpt)
    folder = checkpoint.parent / "evaluation" / f"{config.dataset_name}_{checkpoint.stem}"
    save_predictions = arguments.save_predictions
    launch_evaluation(config, str(checkpoint), folder, arguments.batch_size, save_predictions=save_predictions)
    _print_results(checkpoint, folder, "evaluation", save_predictions)
    _print_mape_warning(config)
    if arguments.level:
        dataset, horizons = dataset_of(config), config.eval_horizons or ()
        adaptive = arguments.adaptive
        file = evaluate_intervals(checkpoint, dataset, arguments.level, folder, horizons, adaptive=adaptive)
        print(f"interval metrics: {file}")


def forecast(arguments: argparse.Namespace) -> None:
    require_basicts()
    from .forecasting.command import forecast
    from .results.page.of_forecast import check_shown, show

    show(forecast(arguments, lambda sensors: check_shown(arguments, sensors)), arguments)


def plot(arguments: argparse.Namespace) -> None:
    require_basicts()
    from .results.pictures.command import plot

    plot(arguments)


def export(arguments: argparse.Namespace) -> None:
    require_basicts()
    from .forecasting.export.command import export

    export(arguments)


def import_weights(arguments: argparse.Namespace) -> None:
    require_basicts()
    from .zoo.weights.command import import_weights

    import_weights(arguments)


def list_all(arguments: argparse.Namespace) -> None:
    from .data.availability import status_lines
    from .data.dataset import DATASETS

    datasets = DATASETS.resolve()
    print(f"datasets, in {datasets}:")
    print("\n".join(f"  {line}" for line in status_lines(datasets)))
    require_basicts()
    from .zoo.listing import model_lines

    print("\n".join(model_lines()))


def demo(arguments: argparse.Namespace) -> None:
    require_basicts()
    from .demo import check, run_demo

    check(run_demo(Path(arguments.cfg)))


def _print_results(checkpoint: Path, folder: Path, job: str, saved_predictions: bool) -> None:
    from .record import METRICS_FILE
    from .results.report import average_lines
    from .results.run_reader import read_metrics
    from .training.runner.predictions import PREDICTIONS_FILE

    metrics, predictions = folder / METRICS_FILE, folder / PREDICTIONS_FILE
    print(f"checkpoint: {checkpoint}")
    print(f"log:        {max(folder.glob(f'{job}_log_*.log'))}")
    print(f"metrics:    {metrics if metrics.is_file() else 'none, because eval_after_train=False'}")
    if metrics.is_file():
        print("\n".join(f"  {line}" for line in average_lines(read_metrics(metrics))))
    if predictions.is_file():
        print(f"predictions: {predictions}{'' if saved_predictions else ', from an earlier evaluation'}")


def _print_mape_warning(config: Any) -> None:
    from .data.dataset import dataset_of
    from .data.marker_warnings import mape_warning

    line = mape_warning(dataset_of(config).values("test"), config.null_val) if "MAPE" in config.metrics else ""
    if line:
        print(line)


def _print_config(config: Any) -> None:
    from .config.describe import describe

    print(describe(config), end="")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        self.exit(2, f"error: {message}; {self.prog} -h explains every argument\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("basicts-elin", description="ELinFormer and entropy-equal attention on BasicTS.")
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    verb = _verb(verbs, train, "train a model, keep the best by validation, evaluate that on the test part")
    verb.add_argument("-c", "-cfg", "--cfg", "--config", required=True, help=f"configuration: {CONFIGS}")
    again = verb.add_mutually_exclusive_group()
    again.add_argument("--fresh", action="store_true", help="train again in a new folder, and keep the existing run")
    again.add_argument("--resume", action="store_true", help="fail unless there is a run to resume")
    init = "start from the weights and the scaling of a run: MODEL/DATASET for the newest, or its folder"
    verb.add_argument("--init", metavar="RUN", help=init)
    verb.add_argument("--processes", type=positive, help="with --gpus cpu: number of processes that divide each batch")
    precision = "number format of matrix products during training (default: fp32)"
    verb.add_argument("--precision", choices=("fp32", "tf32", "bf16"), help=precision)
    accumulate = "batches per optimizer step; the gradient is that of one batch of all their windows (default: 1)"
    verb.add_argument("--accumulate", type=positive, metavar="K", help=accumulate)
    verb.add_argument("--compile", action="store_true", help="compile the model; its checkpoints are the same")
    several = "train one run per seed, one after the other, and print mean ± standard deviation"
    verb.add_argument("--seeds", nargs="+", type=int, metavar="N", help=several)
    verb.add_argument("--steps", type=positive, help="only take this many steps on one batch, and keep nothing")
    verb.add_argument("--batch", type=positive, help="with --steps: windows in the batch (default: the config's)")
    add_run_arguments(verb)

    verb = _verb(verbs, evaluate, "evaluate a checkpoint on the test part")
    verb.add_argument("-cfg", "-c", "--cfg", "--config", required=True, help=f"the run's configuration: {CONFIGS}")
    verb.add_argument("-ckpt", "--ckpt", "--checkpoint", required=True, help="checkpoint (.pt) of a run")
    verb.add_argument("-b", "--batch-size", "--batch_size", type=positive, help="test batch size (default: config's)")
    interval_arguments(verb)
    add_run_arguments(verb)

    verb = _verb(verbs, forecast, "forecast the next steps of a table of measurements, or run a backtest on it")
    forecast_arguments(verb)

    verb = _verb(verbs, plot, "plot a run: forecasts, errors, learning curves, attention, or an interactive report")
    plot_arguments(verb)

    verb = _verb(verbs, export, "write a trained model to one file for ONNX Runtime or torch.export, and check it")
    export_arguments(verb)

    verb = _verb(verbs, import_weights, "turn published weights into a run", name="import-weights")
    import_arguments(verb)

    verb = _verb(verbs, prepare, "write a dataset in BasicTS 1.1's layout")
    prepare_arguments(verb)

    _verb(verbs, list_all, "list the models, the prepared datasets, and how to get the others", name="list")

    verb = _verb(verbs, report, "print and write the metrics of finished runs as a table")
    report_arguments(verb)

    verb = _verb(verbs, reproduce, "make a table of the paper: train the missing runs, collect, render")
    add_arguments(verb)

    verb = _verb(verbs, demo, "run an example in the folder demo: synthetic data, a small model, a table, a picture")
    verb.add_argument("-c", "--cfg", "--config", required=True, help="configuration file on SyntheticTraffic")
    return parser


def _verb(verbs: Any, run: Any, summary: str, name: Optional[str] = None) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name or run.__name__, help=summary, description=summary[0].upper() + summary[1:] + ".")
    verb.set_defaults(run=run)
    return verb


if __name__ == "__main__":
    sys.exit(main())

"""The command that draws a run."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ...errors import UserError, refuse_options
from ...zoo.run_name import named_run
from .run import PlottedRun

KINDS = ("forecast", "errors", "training", "attention", "report")
# the options of each kind; those with several runs
_OPTIONS = {
    "forecast": ("sensor", "horizon", "days", "level"),
    "errors": (),
    "training": ("metric",),
    "attention": ("sensor", "layer", "head", "window"),
    "report": ("horizon", "level"),
}
_OF_SEVERAL = ("errors", "training")
# of the band in a report, in per cent
_LEVEL = 90.0


def add_arguments(verb: argparse.ArgumentParser) -> None:
    runs = "MODEL/DATASET for the newest run, or its folder; several for errors and training"
    verb.add_argument("runs", nargs="+", type=Path, metavar="RUN", help=runs)
    verb.add_argument("kind", choices=KINDS, help="what to plot; report: an interactive page")
    output = ".png or .svg, or .html for report (default: KIND.png or report.html in the run's folder)"
    verb.add_argument("-o", "--output", type=Path, metavar="FILE", help=output)
    sensor = "forecast, attention: the sensor (default: the one with the median error; the first)"
    verb.add_argument("--sensor", metavar="NAME", help=sensor)
    verb.add_argument("--horizon", type=int, metavar="N", help="forecast, report: steps ahead (default: the last)")
    verb.add_argument("--days", type=float, metavar="N", help="forecast: days of the test part (default: 3)")
    level = "forecast, report: level of the prediction interval in per cent (default: none; 90)"
    verb.add_argument("--level", type=float, metavar="PER_CENT", help=level)
    verb.add_argument("--metric", metavar="NAME", help="training: a metric, or loss (default: that of the best epoch)")
    verb.add_argument(
        "--layer", metavar="NAME", help="attention: a layer whose tokens are sensors (default: the first)"
    )
    verb.add_argument("--head", type=int, metavar="N", help="attention: a head, from 1 (default: the mean of all)")
    verb.add_argument(
        "--window", type=int, metavar="N", help="attention: a window of the test part, from 1 (default: 1)"
    )


def plot(arguments: argparse.Namespace) -> None:
    kind = arguments.kind
    others = {name for options in _OPTIONS.values() for name in options} - {*_OPTIONS[kind]}
    refuse_options(arguments, sorted(others), f"the kind {kind}")
    if len(arguments.runs) > 1 and kind not in _OF_SEVERAL:
        raise UserError("run", f"{len(arguments.runs)} folders", f"one for the kind {kind}", "draw one at a time")
    runs = [PlottedRun.read(named_run(folder)) for folder in arguments.runs]
    path = arguments.output or runs[0].folder / f"{kind}.{'html' if kind == 'report' else 'png'}"
    print(_DRAW[kind](arguments, path, runs))
    print(f"written: {path}")


def _forecast(arguments: argparse.Namespace, path: Path, runs: list[PlottedRun]) -> str:
    from .run_forecast import DAYS, plot_run_forecast

    days = DAYS if arguments.days is None else arguments.days
    if not days > 0:
        raise UserError("--days", days, "more than 0")
    chosen = {name: getattr(arguments, name) for name in ("sensor", "horizon", "level")}
    return plot_run_forecast(path, runs[0], days=days, **chosen)


def _errors(_: argparse.Namespace, path: Path, runs: list[PlottedRun]) -> str:
    from .run_errors import plot_run_errors

    return plot_run_errors(path, runs)


def _training(arguments: argparse.Namespace, path: Path, runs: list[PlottedRun]) -> str:
    from .run_training import plot_run_training

    return plot_run_training(path, runs, arguments.metric)


def _attention(arguments: argparse.Namespace, path: Path, runs: list[PlottedRun]) -> str:
    from .run_attention import plot_run_attention

    chosen = {name: getattr(arguments, name) for name in _OPTIONS["attention"]}
    return plot_run_attention(path, runs[0], **chosen)


def _report(arguments: argparse.Namespace, path: Path, runs: list[PlottedRun]) -> str:
    from ..page.of_run import write_run_page

    level = _LEVEL if arguments.level is None else arguments.level
    return write_run_page(path, runs[0], step=arguments.horizon, level=level)


_DRAW: dict[str, Callable[[argparse.Namespace, Path, list[PlottedRun]], str]] = {
    "forecast": _forecast,
    "errors": _errors,
    "training": _training,
    "attention": _attention,
    "report": _report,
}

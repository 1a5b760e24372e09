"""The command that forecasts a user's own table."""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ..data.series_arguments import add_series_arguments, read_options, time_options
from ..env_vars import ROOT_VARIABLE
from ..errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from .backtest import Backtest
    from .forecaster import Forecaster
    from .tables.inputs import History


RUN = "a run: its folder, or MODEL/DATASET for the newest below checkpoints; or a saved forecaster"

DEFAULT = Path("forecast.csv")


def add_arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("folder", metavar="RUN", type=Path, help=RUN)
    verb.add_argument("--data", type=Path, required=True, metavar="FILE", help="the measurements up to now")
    verb.add_argument("--output", "-o", type=Path, metavar="CSV", help="the forecasts (default: forecast.csv)")
    level = "also write intervals that hold the truth with this probability in per cent, such as 80 90"
    verb.add_argument("--level", type=float, nargs="+", metavar="PER_CENT", help=level)
    verb.add_argument("--wide", action="store_true", help="write a column for each sensor, not a row")
    plot = "also draw the forecast of one sensor, as .png or .svg"
    verb.add_argument("--plot", type=Path, metavar="FILE", help=plot)
    plotted = "the sensor of the picture (default: the one whose values are in the middle)"
    verb.add_argument("--plot-sensor", metavar="NAME", help=plotted)
    page = "also write a page to explore: every sensor, errors by hour, weekday and horizon (needs plotly)"
    verb.add_argument("--html", type=Path, metavar="FILE", help=page)
    places = "with --html: a table of the columns sensor, latitude, longitude, for a map"
    verb.add_argument("--coordinates", type=Path, metavar="CSV", help=places)
    every = "backtest: forecast after every N-th row of the file, and compare with its later rows"
    verb.add_argument("--every", type=int, metavar="N", help=every)
    adaptive = "with --every: let the intervals follow the errors so far (online conformal prediction)"
    verb.add_argument("--adaptive", action="store_true", help=adaptive)
    clip = "raise forecasts below 0 to 0 (default: where the dataset says that the quantity cannot be negative)"
    verb.add_argument("--clip", action=argparse.BooleanOptionalAction, default=None, help=clip)
    verb.add_argument("--allow-missing", action="store_true", help="treat absent sensors as missing values")
    verb.add_argument("--fill", action="store_true", help="treat absent rows as missing values")
    verb.add_argument("--force", action="store_true", help="replace an existing output file of another kind")
    first = "number of the file's first row in the training series, for a model that was trained without dates"
    verb.add_argument("--first-row", type=int, metavar="N", help=first)
    verb.add_argument("--ids", type=Path, metavar="FILE", help="sensor ids, one per line, if the data have none")
    legacy = "checkout of BasicTS 0.5, for a run of one of its models"
    verb.add_argument("--legacy-root", metavar="FOLDER", help=legacy)
    add_series_arguments(verb.add_argument_group("the file (docs/your-data.md has the formats)"))


@dataclass(frozen=True)
class Made:
    """What the command has made. R rows, O steps ahead, N sensors, W windows.

    Attributes:
        quantities: the forecast and the ends of its intervals: [O, N], or [W, O, N] of a backtest.
        backtest: None of a single forecast.
    """

    forecaster: "Forecaster"
    history: "History"
    levels: list[float]
    quantities: "dict[str, np.ndarray]"
    backtest: "Optional[Backtest]" = None


def forecast(arguments: argparse.Namespace, check: Callable[[Sequence[str]], None] = lambda sensors: None) -> Made:
    """Forecast, and write the table.

    check: called with the model's sensors once the arguments and the file have been read, before the model runs.
    """
    from ..data.io.reading import read_series
    from ..data.prepare.sensors import named
    from ..zoo.run_name import named_run
    from .forecaster import Forecaster
    from .tables.csv_file import check_output
    from .tables.inputs import InputOptions, read_history

    _check(arguments)
    if arguments.legacy_root:
        os.environ[ROOT_VARIABLE] = arguments.legacy_root
    output = arguments.output or DEFAULT
    forecaster = Forecaster.load(named_run(arguments.folder))
    levels = _levels(forecaster, arguments.level)
    options = InputOptions(
        time_options(arguments), arguments.missing or (), arguments.allow_missing, arguments.fill, arguments.first_row
    )
    read = forecaster.read_options(read_options(arguments))
    series = named(read_series(arguments.data, read), arguments.data, arguments.ids)
    check_output(output, arguments.data, force=arguments.force)
    history = read_history(series, forecaster.facts, options)
    check(forecaster.facts.node_names)
    print(f"{forecaster.facts.model}, trained on {forecaster.facts.dataset}; {_span(history)}")
    _print_notes(history.notes)
    make = _forecast if arguments.every is None else _backtest
    return make(forecaster, history, levels, arguments, output)


def _check(arguments: argparse.Namespace) -> None:
    together = {"adaptive": ("every", "level"), "plot_sensor": ("plot",), "coordinates": ("html",)}
    for name, needed in together.items():
        if getattr(arguments, name) and not all(getattr(arguments, one) is not None for one in needed):
            option = name.replace("_", "-")
            raise UserError(name, "given alone", " and ".join(f"--{one}" for one in needed), f"omit --{option}")
    outputs = {"output": arguments.output or DEFAULT, "plot": arguments.plot, "html": arguments.html}
    places: dict[Path, str] = {}
    for name, path in outputs.items():
        if path is not None and (first := places.setdefault(path.resolve(), name)) != name:
            raise UserError(name, f"{path}, as --{first}", "a file of its own", "name another file")
    if arguments.wide and arguments.every is not None:
        raise UserError("wide", "given with --every, which has several forecasts of a time", fix="omit --wide")


def _levels(forecaster: "Forecaster", level: Optional[list[float]]) -> list[float]:
    """The levels; intervals are made where they are needed and there are none."""
    from .forecaster import check_levels

    if level and forecaster.intervals is None:
        check_levels(level)
        dataset = forecaster.dataset()
        print(f"intervals: made from the validation part of {dataset.folder}", flush=True)
        forecaster.calibrate()
    return forecaster.levels(level)


def _forecast(
    forecaster: "Forecaster", history: "History", levels: list[float], arguments: argparse.Namespace, output: Path
) -> Made:
    from .tables.csv_file import write_frames
    from .tables.frames import SENSOR, TIME, long_frame, wide_frame

    _print_notes(forecaster.check_input(history, fill=arguments.fill))
    quantities = forecaster.quantities(history, levels, clip=arguments.clip)
    names, index = forecaster.facts.node_names, history.clock.index()[-forecaster.facts.output_len :]
    if arguments.wide:
        frame = wide_frame(index, names, quantities).reset_index()
    else:
        frame = long_frame(index, names, quantities, TIME, SENSOR)
    write_frames(output, [frame])
    print(f"{len(index)} steps of {len(names)} sensors, {index[0]} to {index[-1]}; written: {output}")
    return Made(forecaster, history, levels, quantities)


def _backtest(
    forecaster: "Forecaster", history: "History", levels: list[float], arguments: argparse.Namespace, output: Path
) -> Made:
    from .tables.csv_file import backtest_frames, write_frames

    backtest = forecaster.backtest_of(history, arguments.every, fill=arguments.fill)
    _print_notes(backtest.notes)
    quantities = forecaster.window_quantities(
        backtest.windows, levels, clip=arguments.clip, adaptive=arguments.adaptive
    )
    write_frames(output, backtest_frames(backtest, list(forecaster.facts.node_names), quantities))
    print(f"{len(backtest.windows.rows)} forecasts; written: {output}")
    print(metrics_table(backtest, quantities, levels))
    return Made(forecaster, history, levels, quantities, backtest)


def metrics_table(backtest: "Backtest", quantities: dict[str, "np.ndarray"], levels: list[float]) -> str:
    """A line for each step ahead, and one for all: the metrics, and the coverage of each level in per cent."""
    import numpy as np

    from .tables.frames import bound_names

    target = backtest.windows.target
    measured = ~np.isnan(target)
    titles = ["MAE", "RMSE", "MAPE %", *(f"in {level:g} %" for level in levels)]
    lines = ["  ".join([f"{'steps ahead':>11}", *(f"{title:>9}" for title in titles)])]
    for horizon, values in backtest.metrics().items():
        chosen = slice(None) if horizon == "overall" else slice(int(horizon) - 1, int(horizon))
        cells = list(values.values())
        for level in levels:
            lower, upper = (quantities[name][:, chosen] for name in bound_names(level))
            truth, counted = target[:, chosen], measured[:, chosen]
            inside = ((truth >= lower) & (truth <= upper))[counted]
            cells.append(100 * float(inside.mean()) if len(inside) else None)
        lines.append(
            "  ".join([f"{horizon:>11}", *(f"{'-':>9}" if cell is None else f"{cell:9.2f}" for cell in cells)])
        )
    return "\n".join(lines)


def _span(history: "History") -> str:
    index = history.clock.index()
    return f"{len(history.values)} rows from {index[0]} to {index[len(history.values) - 1]}"


def _print_notes(notes: tuple[str, ...] | list[str]) -> None:
    for note in notes:
        print(f"  {note}")

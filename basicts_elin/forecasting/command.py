"""The command that forecasts a user's own table."""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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


RUN = "MODEL/DATASET for the newest run in checkpoints, the folder of a run, a checkpoint, or a saved forecaster"

DEFAULT = Path("forecast.csv")


def add_arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("folder", metavar="RUN", type=Path, help=RUN)
    verb.add_argument("--data", type=Path, required=True, metavar="FILE", help="the latest measurements")
    verb.add_argument("--output", "-o", type=Path, metavar="CSV", help="file of the forecasts (default: forecast.csv)")
    level = "also write prediction intervals of these levels in per cent, such as 80 90"
    verb.add_argument("--level", type=float, nargs="+", metavar="PER_CENT", help=level)
    verb.add_argument("--wide", action="store_true", help="write one row per time, with columns for each sensor")
    plot = "also plot the forecast of one sensor, as .png or .svg"
    verb.add_argument("--plot", type=Path, metavar="FILE", help=plot)
    plotted = "with --plot: the sensor (default: the one with the median forecast)"
    verb.add_argument("--plot-sensor", metavar="NAME", help=plotted)
    page = "also write an interactive page: every sensor, errors by horizon, hour and weekday (needs plotly)"
    verb.add_argument("--html", type=Path, metavar="FILE", help=page)
    places = "with --html: a table with the columns sensor, latitude, longitude, for a map"
    verb.add_argument("--coordinates", type=Path, metavar="CSV", help=places)
    every = "backtest: forecast every N rows of the file, and compare with the rows that follow"
    verb.add_argument("--every", type=int, metavar="N", help=every)
    adaptive = "with --every and --level: adapt the intervals to the errors so far (online conformal prediction)"
    verb.add_argument("--adaptive", action="store_true", help=adaptive)
    clip = "set negative forecasts to 0 (default: if the dataset says that the quantity cannot be negative)"
    verb.add_argument("--clip", action=argparse.BooleanOptionalAction, default=None, help=clip)
    verb.add_argument("--allow-missing", action="store_true", help="treat absent sensors as missing values")
    verb.add_argument("--fill", action="store_true", help="treat gaps in the rows as missing values")
    verb.add_argument("--force", action="store_true", help="replace an existing output file of another kind")
    first = "model trained without dates: position of the file's first row in the training series, from 0"
    verb.add_argument("--first-row", type=int, metavar="N", help=first)
    verb.add_argument("--ids", type=Path, metavar="FILE", help="sensor ids, one per line, if the data have none")
    legacy = "checkout of BasicTS 0.5, for a run of a legacy model"
    verb.add_argument("--legacy-root", metavar="FOLDER", help=legacy)
    add_series_arguments(verb.add_argument_group("the file (docs/your-data.md has the formats)"))


@dataclass(frozen=True)
class Made:
    """What the command has made. R rows, O steps ahead, N sensors, W windows.

    Attributes:
        quantities: the forecast and the ends of its intervals: [O, N], or [W, O, N] of a backtest.
        backtest: None of a single forecast. Its prediction is that of the quantities.
        clip: whether the quantities have no values below 0; None: as what is measured.
    """

    forecaster: "Forecaster"
    history: "History"
    levels: list[float]
    quantities: "dict[str, np.ndarray]"
    backtest: "Optional[Backtest]" = None
    clip: Optional[bool] = None


def forecast(arguments: argparse.Namespace, check: Callable[[Sequence[str]], None] = lambda sensors: None) -> Made:
    """Forecast, and write the table.

    check: called with the model's sensors once the arguments and the file have been read, before the model runs.
    """
    from ..data.io.reading import read_series
    from ..data.prepare.sensors import named
    from ..zoo.run_name import named_run
    from .forecaster import Forecaster
    from .intervals.rank import check_levels
    from .tables.csv_file import check_output
    from .tables.inputs import InputOptions, read_history

    _check(arguments)
    if arguments.legacy_root:
        os.environ[ROOT_VARIABLE] = arguments.legacy_root
    output = arguments.output or DEFAULT
    forecaster = Forecaster.load(named_run(arguments.folder))
    check_levels(arguments.level)
    options = InputOptions(
        time_options(arguments), arguments.missing or (), arguments.allow_missing, arguments.fill, arguments.first_row
    )
    read = forecaster.read_options(read_options(arguments))
    series = named(read_series(arguments.data, read), arguments.data, arguments.ids)
    check_output(output, arguments.data, force=arguments.force)
    history = read_history(series, forecaster.facts, options)
    check(forecaster.facts.node_names)
    # may take minutes, so it comes after what can be refused
    levels = _levels(forecaster, arguments.level)
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
    if level and forecaster.intervals is None:
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
    return Made(forecaster, history, levels, quantities, clip=arguments.clip)


def _backtest(
    forecaster: "Forecaster", history: "History", levels: list[float], arguments: argparse.Namespace, output: Path
) -> Made:
    from .tables.csv_file import backtest_frames, write_frames
    from .tables.frames import FORECAST

    backtest = forecaster.backtest_of(history, arguments.every, fill=arguments.fill)
    _print_notes(backtest.notes)
    quantities = forecaster.window_quantities(
        backtest.windows, levels, clip=arguments.clip, adaptive=arguments.adaptive
    )
    # the errors are those of the forecasts that are written
    backtest = replace(backtest, windows=replace(backtest.windows, prediction=quantities[FORECAST]))
    write_frames(output, backtest_frames(backtest, list(forecaster.facts.node_names), quantities))
    print(f"{len(backtest.windows.rows)} forecasts; written: {output}")
    print(metrics_table(backtest, quantities, levels))
    return Made(forecaster, history, levels, quantities, backtest, arguments.clip)


def metrics_table(backtest: "Backtest", quantities: dict[str, "np.ndarray"], levels: list[float]) -> str:
    """A line for each step ahead, and one for all: the metrics, and the coverage of each level in per cent."""
    import numpy as np

    from ..averages import MEAN, OVERALL
    from .tables.frames import bound_names

    target = backtest.windows.target
    measured = ~np.isnan(target)
    titles = ["MAE", "RMSE", "MAPE %", *(f"in {level:g} %" for level in levels)]
    lines = ["  ".join([f"{'steps ahead':>11}", *(f"{title:>9}" for title in titles)])]
    for horizon, values in backtest.metrics().items():
        if horizon == MEAN:
            continue
        chosen = slice(None) if horizon == OVERALL else slice(int(horizon) - 1, int(horizon))
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

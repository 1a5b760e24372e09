"""The command that writes a dataset: from a user's own files, from a public raw file, or generated."""

import argparse
from pathlib import Path
from typing import Any

from ...errors import UserError, nearest, refuse_options
from ..catalog import CATALOG, find_facts
from .synthetic import NAME

# the options by the data that they are for; those in none of the lists are for all
_GENERATED = ("nodes", "days", "seed")
_PUBLIC = ("raw", "rows", "first_row")
_READ = ("key", "time", "sensor", "channel", "covariates")
_TIMES = ("freq", "tz", "time_format", "align", "duplicates", "start", "hours", "weekdays")
_OWN = ("name", *_READ, *_TIMES, "missing", "split", "domain", "drop_windows_across_breaks", "append")
_GRAPH = ("graph_rule", "graph_sigma", "threshold", "graph_key")
_FILES = ("sensors", "ids", "graph", "distances", "adjacency", *_GRAPH)


def add_arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("data", metavar="FILE|NAME", help="your file or folder, or a dataset such as PEMS08")
    verb.add_argument("--out", type=Path, default=Path("datasets"), help="folder of the datasets (default: datasets)")
    verb.add_argument("--force", action="store_true", help="replace a dataset that is already there")
    verb.add_argument("--plot", action="store_true", help="also draw the quality of the data: quality.png")

    own = verb.add_argument_group("your own file (docs/your-data.md lists the formats)")
    own.add_argument("--name", help="name of the dataset (default: the file's)")
    own.add_argument("--append", action="store_true", default=None, help="add the file's rows to the dataset")
    own.add_argument("--key", help="the array of an .npz, or the table of an .h5")
    own.add_argument("--time", metavar="COLUMN", help="the column of times")
    own.add_argument("--sensor", metavar="COLUMN", help="the column of sensor ids, one row per sensor and time")
    own.add_argument("--channel", help="the channel to forecast, by number or name (default: the first)")
    own.add_argument("--covariates", action="store_true", default=None, help="keep the other channels beside it")
    own.add_argument("--freq", metavar="15min", help="interval between rows (default: found)")
    own.add_argument("--tz", metavar="ZONE", help="time zone of the clock, such as Europe/Berlin")
    own.add_argument("--time-format", metavar="FORMAT", help="such as %%d/%%m/%%Y %%H:%%M")
    own.add_argument("--align", choices=("floor", "nearest"), help="move times that are off the grid onto it")
    own.add_argument("--duplicates", choices=("mean", "first"), help="what several rows of one time become")
    own.add_argument("--start", metavar="TIME", help="time of the first row, if the file has no times")
    own.add_argument("--hours", metavar="06:00-23:00", help="times of day of the rows, if the file has no times")
    own.add_argument("--weekdays", metavar="mon-fri", help="weekdays of the rows, if the file has no times")
    missing = "numbers that mark missing values (empty cells and NaN always do)"
    own.add_argument("--missing", nargs="+", action="extend", metavar="VALUE", help=missing)
    split = "training, validation and test part (default: 0.6 0.2 0.2)"
    own.add_argument("--split", nargs=3, type=float, metavar="SHARE", help=split)
    own.add_argument("--domain", help='what is measured, such as "traffic flow (vehicles per 15 minutes)"')
    broken = "leave out windows over a night or weekend that the series never has"
    own.add_argument("--drop-windows-across-breaks", action="store_true", default=None, help=broken)

    graph = verb.add_argument_group("the graph")
    graph.add_argument("--graph", type=Path, metavar="FILE", help="a list of edges or a matrix")
    graph.add_argument("--distances", type=Path, metavar="FILE", help="a list of edges: from, to, cost")
    graph.add_argument("--adjacency", type=Path, metavar="FILE", help="a matrix: .npy, .csv, .npz or .pkl")
    graph.add_argument("--graph-rule", choices=("binary", "gaussian"), help="how distances become weights")
    graph.add_argument("--graph-sigma", type=float, metavar="X", help="gaussian: deviation (default: the list's)")
    graph.add_argument("--threshold", type=float, metavar="X", help="gaussian: least weight (default: 0.1)")
    graph.add_argument("--graph-key", metavar="NAME", help="the array of the graph in an .npz file")
    graph.add_argument("--ids", type=Path, metavar="FILE", help="sensor ids of a file that has none, one per line")
    graph.add_argument("--sensors", type=Path, metavar="FILE", help="take only these sensors: ids, one per line")

    public = verb.add_argument_group("public datasets")
    public.add_argument("--raw", type=Path, metavar="FILE", help="the original file, or a BasicTS 0.5 folder")
    public.add_argument("--rows", metavar="A:B", help="take only these rows of the full series, such as 10713:")
    public.add_argument("--first-row", type=int, metavar="N", help="the file starts at row N of the full series")

    made = verb.add_argument_group(NAME)
    made.add_argument("--nodes", type=int, help="number of nodes (default 64)")
    made.add_argument("--days", type=int, help="number of days (default 28)")
    made.add_argument("--seed", type=int, help="random seed (default 0)")


def prepare(arguments: argparse.Namespace) -> None:
    # imported here because the other commands start faster without
    from ..graphs.rules import GraphOptions
    from ..io.reading import ReadOptions
    from ..times.options import TimeOptions
    from .generated import prepare_synthetic
    from .known import prepare_dataset
    from .own import prepare_own

    name, path = arguments.data, Path(arguments.data)
    common = {"out": arguments.out, "force": arguments.force, "plot": arguments.plot}
    if name == NAME:
        refuse_options(arguments, (*_PUBLIC, *_OWN, *_FILES), f"{NAME}, which is generated")
        prepare_synthetic(**common, **_given(arguments, {"nodes": "num_nodes", "days": "num_days", "seed": "seed"}))
        return
    refuse_options(arguments, _GENERATED, f"{name}, which is read from a file")
    files = {field: getattr(arguments, field) for field in ("sensors", "ids", "graph", "distances", "adjacency")}
    options = {"graph_rule": "rule", "graph_sigma": "sigma", "threshold": "threshold", "graph_key": "key"}
    files["graph_options"] = GraphOptions(**_given(arguments, options))
    if arguments.raw is not None or find_facts(name) is not None:
        refuse_options(arguments, _OWN, f"{name}, a public dataset")
        if arguments.raw is None:
            raise UserError("--raw", "missing", f"the raw file of {name}, or a BasicTS 0.5 folder")
        prepare_dataset(name, arguments.raw, rows=arguments.rows, first_row=arguments.first_row, **files, **common)
        return
    if not path.exists():
        expected = f"your file or folder, or one of {', '.join(CATALOG)}{nearest(name, CATALOG)}"
        raise UserError("file", f"{name} does not exist", expected, "correct the path or the name")
    refuse_options(arguments, _PUBLIC, "a file of your own")
    prepare_own(
        path,
        arguments.name,
        read=ReadOptions(**_given(arguments, dict(zip(_READ, _READ, strict=True)))),
        times=TimeOptions(**_given(arguments, dict(zip(_TIMES, _TIMES, strict=True)))),
        **_given(arguments, {"missing": "missing", "split": "split", "domain": "domain", "append": "append"}),
        across_breaks=not arguments.drop_windows_across_breaks,
        **files,
        **common,
    )


def _given(arguments: argparse.Namespace, names: dict[str, str]) -> dict[str, Any]:
    """The options that were given, under the names of the function's arguments."""
    values = {argument: getattr(arguments, option) for option, argument in names.items()}
    return {argument: value for argument, value in values.items() if value is not None}

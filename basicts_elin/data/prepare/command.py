"""The command that writes a dataset: from a user's own files, from a public raw file, or synthetic."""

import argparse
from pathlib import Path

from ...errors import UserError, nearest, refuse_options
from ..catalog import CATALOG, find_facts
from ..series_arguments import SERIES_OPTIONS, add_series_arguments, given, read_options, time_options
from .synthetic import NAME

# options by the kind of data that they apply to; those in none of the lists apply to all
_GENERATED = ("nodes", "days", "seed")
_PUBLIC = ("raw", "rows", "first_row", "meta")
_SPLIT = ("name", "split_rows")
_OWN = (*SERIES_OPTIONS, "split", "domain", "drop_windows_across_breaks", "append")
_GRAPH = ("graph_rule", "graph_sigma", "threshold", "graph_key")
_FILES = ("sensors", "ids", "graph", "distances", "adjacency", *_GRAPH)


def add_arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "data", metavar="FILE|NAME", help="your file or folder, or the name of a public dataset such as PEMS08"
    )
    verb.add_argument(
        "--out", type=Path, default=Path("datasets"), help="folder that holds the datasets (default: datasets)"
    )
    verb.add_argument("--force", action="store_true", help="replace an existing dataset")
    name = "name of the dataset (default: that of the file, or of the public dataset)"
    verb.add_argument("--name", help=name)
    rows = "numbers of rows of the training, validation and test part"
    verb.add_argument("--split-rows", nargs=3, type=int, metavar="N", help=rows)
    verb.add_argument(
        "--plot", action="store_true", help="also draw quality.png: missing values, mean day, distribution"
    )

    own = verb.add_argument_group("your own file (docs/your-data.md has the formats and examples)")
    own.add_argument(
        "--append", action="store_true", default=None, help="add the rows of the file to an existing dataset"
    )
    add_series_arguments(own)
    own.add_argument(
        "--covariates", action="store_true", default=None, help="keep the other channels in files of their own"
    )
    own.add_argument("--freq", metavar="15min", help="interval between rows (default: found)")
    own.add_argument("--hours", metavar="06:00-23:00", help="times of day that have rows (default: found)")
    own.add_argument("--weekdays", metavar="mon-fri", help="weekdays that have rows (default: found)")
    split = "shares of the training, validation and test part (default: 0.6 0.2 0.2)"
    own.add_argument("--split", nargs=3, type=float, metavar="SHARE", help=split)
    own.add_argument("--domain", help='what is measured, such as "traffic flow (vehicles per 15 minutes)"')
    broken = "leave out windows that span a night or weekend without rows"
    own.add_argument("--drop-windows-across-breaks", action="store_true", default=None, help=broken)

    graph = verb.add_argument_group("the graph")
    graph.add_argument("--graph", type=Path, metavar="FILE", help="an edge list or a matrix")
    graph.add_argument("--distances", type=Path, metavar="FILE", help="an edge list: from, to, cost")
    graph.add_argument("--adjacency", type=Path, metavar="FILE", help="a matrix: .npy, .csv, .npz or .pkl")
    graph.add_argument(
        "--graph-rule", choices=("binary", "gaussian"), help="how distances become weights: 1, or exp(-(d/sigma)^2)"
    )
    graph.add_argument(
        "--graph-sigma", type=float, metavar="X", help="gaussian: sigma (default: standard deviation of the distances)"
    )
    graph.add_argument(
        "--threshold", type=float, metavar="X", help="gaussian: weights below it become 0 (default: 0.1)"
    )
    graph.add_argument("--graph-key", metavar="NAME", help="which array of an .npz is the graph")
    graph.add_argument("--ids", type=Path, metavar="FILE", help="sensor ids, one per line, if the data have none")
    graph.add_argument("--sensors", type=Path, metavar="FILE", help="keep only these sensors: ids, one per line")

    public = verb.add_argument_group("public datasets")
    public.add_argument("--raw", type=Path, metavar="FILE", help="the published file, or a BasicTS 0.5 folder")
    public.add_argument("--rows", metavar="A:B", help="keep only these rows of the full series, such as 10713:")
    public.add_argument("--first-row", type=int, metavar="N", help="the file starts at row N of the full series")

    public.add_argument("--meta", type=Path, metavar="FILE", help="LargeST (SD, GBA, GLA, CA): ca_meta.csv")

    made = verb.add_argument_group(NAME)
    made.add_argument("--nodes", type=int, help="number of sensors (default: 64)")
    made.add_argument("--days", type=int, help="number of days (default: 28)")
    made.add_argument("--seed", type=int, help="random seed (default: 0)")


def prepare(arguments: argparse.Namespace) -> None:
    # imported here so that the other commands start faster
    from ..graphs.rules import GraphOptions
    from .generated import prepare_synthetic
    from .known import prepare_dataset
    from .own import prepare_own

    name, path = arguments.data, Path(arguments.data)
    common = {"out": arguments.out, "force": arguments.force, "plot": arguments.plot}
    if name == NAME:
        refuse_options(arguments, (*_PUBLIC, *_SPLIT, *_OWN, *_FILES), f"{NAME}, which is generated")
        prepare_synthetic(**common, **given(arguments, {"nodes": "num_nodes", "days": "num_days", "seed": "seed"}))
        return
    refuse_options(arguments, _GENERATED, f"{name}, which is read from a file")
    files = {field: getattr(arguments, field) for field in ("sensors", "ids", "graph", "distances", "adjacency")}
    options = {"graph_rule": "rule", "graph_sigma": "sigma", "threshold": "threshold", "graph_key": "key"}
    files["graph_options"] = GraphOptions(**given(arguments, options))
    if arguments.raw is not None or find_facts(name) is not None:
        refuse_options(arguments, _OWN, f"{name}, a public dataset")
        if arguments.raw is None:
            raise UserError("--raw", "missing", f"the raw file of {name}, or a BasicTS 0.5 folder")
        files |= given(arguments, {"meta": "meta", "name": "own_name", "split_rows": "split_rows"})
        prepare_dataset(name, arguments.raw, rows=arguments.rows, first_row=arguments.first_row, **files, **common)
        return
    if not path.exists():
        expected = f"your file or folder, or one of {', '.join(CATALOG)}{nearest(name, CATALOG)}"
        raise UserError("file", f"{name} does not exist", expected, "correct the path or the name")
    refuse_options(arguments, _PUBLIC, "a file of your own")
    prepare_own(
        path,
        arguments.name,
        read=read_options(arguments),
        times=time_options(arguments),
        **given(arguments, {name: name for name in ("missing", "split", "split_rows", "domain", "append")}),
        across_breaks=not arguments.drop_windows_across_breaks,
        **files,
        **common,
    )

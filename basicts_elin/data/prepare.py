"""From a raw file, or from nothing, to a dataset folder that BasicTS 1.1 reads."""

from dataclasses import replace
from pathlib import Path
from typing import Optional

import numpy as np

from ..errors import UserError
from . import synthetic
from .catalog import DATES, DAYS_PER_WEEK, DatasetFacts, dataset_facts, split_lengths
from .dates import check_timestamps, date_timestamps, find_gaps, format_time, row_dates
from .graph import Graph, fit_graph, pickled, read_adjacency, read_distances, read_ids
from .io.basicts05 import read_legacy
from .io.npz import RawSeries, read_npz
from .io.writer import check_destination
from .layout import write_dataset
from .row_range import locate

# the benchmark's window: 12 steps in, 12 out
MIN_PART_ROWS = 24


def prepare_dataset(
    name: str,
    raw: Path,
    *,
    out: Path = Path("datasets"),
    rows: Optional[str] = None,
    first_row: Optional[int] = None,
    sensors: Optional[Path] = None,
    distances: Optional[Path] = None,
    ids: Optional[Path] = None,
    adjacency: Optional[Path] = None,
    force: bool = False,
) -> Path:
    """Write dataset `name` from its raw file, or from a BasicTS 0.5 folder, and print what was written.

    Rows are counted in the full public series throughout: where a file has no dates, time of day and day of week follow
    from that index. Without `rows` and `first_row` the file must hold exactly the rows that the catalogue names.

    Args:
        name: a dataset of the catalogue.
        raw: an original `.npz` file (key `data`, [T, N, C] or [T, N], first channel), an original `.h5` file (a pandas
            frame, dates x sensors) or a BasicTS 0.5 folder.
        out: the folder `name` is written into this one.
        rows: take only "A:B" ("A:", ":B", ":"; as in a Python slice, no negative numbers), of a file that starts at row
            0 of the full series unless `first_row` says otherwise.
        first_row: the row of the full series at which the file, a part of it, starts. Only for `.npz`: the others have
            timestamps of their own.
        sensors: take only the sensors that this file names, in its order, one id a line. Only for `.h5`.
        distances: the graph as CSV (from, to, cost), see `graph.read_distances`.
        ids: the ids of the nodes, one a line: what `distances` names them by.
        adjacency: the graph as a matrix, see `graph.read_adjacency`.
        force: replace an existing folder; files in it that are not written anew are kept.

    Returns:
        The written folder, `out/name`.

    Raises:
        UserError: anything about the arguments, the files or their values is not as expected.
    """
    facts, raw, folder = dataset_facts(name), Path(raw), Path(out) / name
    if facts.source is None:
        raise UserError(f"raw: {name} is made, not read; leave --raw away")
    if first_row is not None and first_row < 0:
        raise UserError(f"first_row: {first_row} is negative; expected the index within the full series, 0 or more")
    if distances is not None and adjacency is not None:
        raise UserError("adjacency: the graph is given twice, by --distances too; expected one of them")
    check_destination(folder, force=force)

    series = _read(facts, raw, first_row)
    all_names = series.node_names
    if sensors is not None:
        series = _select(series, raw, sensors)
    num_steps, num_nodes = series.values.shape
    if num_nodes != facts.num_nodes:
        source = f"raw: {raw}" if sensors is None else f"sensors: {sensors}"
        choose = sensors is None and series.node_names is not None and num_nodes > facts.num_nodes
        fix = "; choose its sensors by --sensors FILE" if choose else ": is it another dataset's?"
        raise UserError(f"{source} has {num_nodes} nodes; {name} has {facts.num_nodes}{fix}")
    if ids is not None:
        if series.node_names is not None:
            raise UserError(f"ids: {raw} has ids of its own, which name its nodes; leave --ids away")
        series = replace(series, node_names=_ids(ids, num_nodes))
    graph = _graph(series, distances, adjacency, all_names)

    first, part = locate(facts, num_steps, rows, first_row)
    values = series.values[part]
    _check_values(values, facts, raw, part.start, series.node_names)
    stamps, origin = _times(facts, series, part, first)
    origin = {"source": facts.source, "first_row": first, **origin}
    if series.node_names is not None:
        origin["node_names"] = series.node_names
    write_dataset(folder, facts, values, stamps, graph=graph, origin=origin, force=force)
    return folder


def prepare_synthetic(
    *, out: Path = Path("datasets"), num_nodes: int = 64, num_days: int = 28, seed: int = 0, force: bool = False
) -> Path:
    """Make the dataset SyntheticTraffic with its graph and print what was written.

    Args:
        out: the folder `SyntheticTraffic` is written into this one.
        num_nodes, num_days, seed: see `synthetic.synthetic_traffic`.
        force: replace an existing folder; files in it that are not written anew are kept.

    Returns:
        The written folder, `out/SyntheticTraffic`.

    Raises:
        UserError: a parameter is out of range, or the folder exists and `force` is not set.
    """
    facts = dataset_facts(synthetic.NAME)
    folder = Path(out) / facts.name
    check_destination(folder, force=force)
    values, network = synthetic.synthetic_traffic(num_nodes, num_days, seed)
    timestamps = row_timestamps(facts, 0, len(values))
    made_with = {"num_nodes": num_nodes, "num_days": num_days, "seed": seed}
    origin = {"made_with": made_with, "first_row": 0, "start": facts.start}
    graph = pickled(network.adjacency)
    write_dataset(folder, facts, values, timestamps, graph=graph, origin=origin, force=force)
    return folder


def row_timestamps(facts: DatasetFacts, first_row: int, num_rows: int) -> np.ndarray:
    """Time of day and day of week, float32 [num_rows, 2] in [0, 1), of rows of the full series from `first_row` on."""
    index = np.arange(first_row, first_row + num_rows)
    time_of_day = index % facts.steps_per_day / facts.steps_per_day
    day_of_week = index // facts.steps_per_day % DAYS_PER_WEEK / DAYS_PER_WEEK
    return np.stack([time_of_day, day_of_week], axis=1).astype(np.float32)


def _read(facts: DatasetFacts, raw: Path, first_row: Optional[int]) -> RawSeries:
    if not raw.exists():
        raise UserError(f"raw: {raw} does not exist; expected the file of {facts.name}, see {facts.source}")
    expected = ".h5" if facts.timestamp_rule == DATES else ".npz"
    kind = "folder" if raw.is_dir() else raw.suffix.lower()
    if kind not in ("folder", expected):
        raise UserError(
            f"raw: {raw} is neither a {expected} file nor a folder of BasicTS 0.5; expected one of them, see "
            f"{facts.source}"
        )
    if kind == ".npz":
        return read_npz(raw)
    if first_row is not None:
        raise UserError(f"first_row: {first_row} is not for the {kind} {raw}, which has its own timestamps")
    if kind == "folder":
        series = read_legacy(raw)
        check_timestamps(series.timestamps, facts.steps_per_day, f"raw: {raw / 'data.dat'}, channels 1 and 2")
        return series
    # only here, because the commands start faster without it
    from .io.h5 import read_h5

    return read_h5(raw)


def _select(series: RawSeries, raw: Path, sensors: Path) -> RawSeries:
    """The sensors that the file `sensors` names, in its order."""
    if series.node_names is None:
        raise UserError(f"sensors: {raw} has no sensor ids to choose by; leave --sensors away, it is for .h5")
    chosen = read_ids(sensors, "sensors")
    place = {name: column for column, name in enumerate(series.node_names)}
    unknown = [name for name in chosen if name not in place]
    if unknown:
        raise UserError(
            f"sensors: {sensors} names {unknown[0]}, which is no sensor of {raw} ({len(unknown)} of {len(chosen)} are "
            f"unknown); expected ids such as {series.node_names[0]}"
        )
    columns = [place[name] for name in chosen]
    return replace(series, values=np.ascontiguousarray(series.values[:, columns]), node_names=chosen)


def _ids(file: Path, num_nodes: int) -> list[str]:
    names = read_ids(file, "ids")
    if len(names) != num_nodes:
        raise UserError(f"ids: {file} has {len(names)} ids; the dataset has {num_nodes} nodes: expected one for each")
    return names


def _graph(
    series: RawSeries, distances: Optional[Path], adjacency: Optional[Path], all_names: Optional[list[str]]
) -> Optional[bytes]:
    """The content of `adj_mx.pkl`; None where there is no graph. `all_names`: of the raw file, before a choice."""
    num_nodes, names = series.values.shape[1], series.node_names
    if distances is not None:
        return pickled(read_distances(distances, num_nodes, names, left_out=set(all_names or ()) - set(names or ())))
    if adjacency is None:
        return series.graph
    graph = read_adjacency(adjacency)
    if graph.ids is None and all_names is not None and len(graph.matrix) == len(all_names):
        graph = Graph(graph.matrix, all_names)
    return pickled(fit_graph(graph, adjacency, num_nodes, names))


def _times(facts: DatasetFacts, series: RawSeries, part: slice, first: int) -> tuple[np.ndarray, dict]:
    """Timestamps [T, 2] of the rows of `part`, and what `meta.json` says of their dates."""
    if series.dates is not None:
        dates = series.dates[part]
        gaps = find_gaps(dates, facts.interval_minutes)
        origin = {"start": format_time(dates[0]), "gaps": [[format_time(gap.after), gap.steps] for gap in gaps]}
        return date_timestamps(dates), origin
    if series.timestamps is not None:
        # the folder does not say its dates
        return series.timestamps[part], {}
    num_rows = part.stop - part.start
    start = row_dates(facts.start, first - facts.first_row + 1, facts.interval_minutes)[-1]
    return row_timestamps(facts, first, num_rows), {"start": format_time(start)}


def _check_values(
    values: np.ndarray, facts: DatasetFacts, raw: Path, first_in_file: int, names: Optional[list[str]]
) -> None:
    """`values` [T, N] must be finite, not negative, not all missing, and enough for three parts."""
    lengths = split_lengths(len(values), facts.split)
    if min(lengths) < MIN_PART_ROWS:
        raise UserError(
            f"rows: {len(values)} rows give parts of {lengths[0]}, {lengths[1]} and {lengths[2]}; "
            f"each needs {MIN_PART_ROWS} (12 in, 12 out): take more rows"
        )
    for wrong, what, expected in (
        (~np.isfinite(values), "that are NaN or infinite", "numbers"),
        (values < min(0, facts.null_value), "below 0", f"{facts.domain} of 0 or more"),
    ):
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            node = column if names is None else names[column]
            raise UserError(
                f"raw: {raw} has {wrong.sum()} values {what}, the first ({values[row, column]:g}) at row "
                f"{row + first_in_file}, node {node}; expected {expected}, {facts.null_value:g} where one is missing"
            )
    if (values == facts.null_value).all():
        raise UserError(
            f"raw: every value of {raw} is {facts.null_value:g} = missing; expected numbers: is it damaged?"
        )

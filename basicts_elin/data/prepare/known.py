"""Prepares a dataset of the catalogue from its raw file."""

from dataclasses import replace
from pathlib import Path
from typing import Optional

import numpy as np

from ...errors import UserError
from ..catalog import DATES, DAYS_PER_WEEK, DatasetFacts, dataset_facts, split_lengths
from ..graphs.graph import pickled
from ..graphs.ids import read_ids
from ..graphs.lists import EDGES
from ..graphs.reading import MATRIX, read_graph
from ..io.basicts05 import read_legacy
from ..io.npz import read_npz
from ..io.raw import RawSeries
from ..quality import is_missing
from ..times.dates import check_timestamps, date_timestamps, find_gaps, format_time, row_dates
from .row_range import locate
from .staging import check_destination
from .writer import write_dataset

# The benchmark's window: 12 steps in, 12 out.
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
    """Write dataset `name` from its raw file or a BasicTS 0.5 folder, and print a summary.

    Row numbers count in the full public series. If a file has no dates, time of day and day of week follow from the row
    number. Without `rows` and `first_row` the file must hold exactly the rows that the catalogue names.

    Args:
        name: a dataset of the catalogue.
        raw: an original `.npz` file (array `data`, [T, N, C] or [T, N], first channel), an original `.h5` file (a
            pandas frame, dates x sensors) or a BasicTS 0.5 folder.
        out: the folder in which the folder `name` is written.
        rows: take only "A:B" ("A:", ":B", ":"; as in a Python slice, no negative numbers). The file starts at row 0 of
            the full series unless `first_row` says otherwise.
        first_row: the row of the full series at which a partial file starts. Only for `.npz`: other files have
            their own timestamps.
        sensors: take only the sensors that this file names, in its order, one id per line. Only for `.h5`.
        distances: the graph as a list of edges, see `graphs.reading.read_graph`.
        ids: the ids by which `distances` names the nodes, one per line.
        adjacency: the graph as a matrix, see `graphs.reading.read_graph`.
        force: replace an existing folder. Files in it that are not written again are kept.

    Returns: the folder `out/name`.

    Raises: UserError if an argument, a file or a value cannot be used.
    """
    facts, raw, folder = dataset_facts(name), Path(raw), Path(out) / name
    if facts.source is None:
        raise UserError("file", raw, f"no file: {name} is synthetic", "omit --raw")
    if first_row is not None and first_row < 0:
        raise UserError("first_row", first_row, "0 or more, the index in the full series", "correct --first-row")
    if distances is not None and adjacency is not None:
        raise UserError("adjacency", adjacency, "one graph", "omit --distances or --adjacency")
    check_destination(folder, force=force)

    series = _read(facts, raw, first_row)
    all_names = series.node_names
    if sensors is not None:
        series = _select(series, raw, sensors)
    num_rows, num_nodes = series.values.shape
    if num_nodes != facts.num_nodes:
        field, file = ("file", raw) if sensors is None else ("sensors", sensors)
        choose = sensors is None and series.node_names is not None and num_nodes > facts.num_nodes
        fix = "choose its sensors by --sensors FILE" if choose else f"give the file of {name}"
        raise UserError(field, f"{num_nodes} nodes in {file}", f"{facts.num_nodes}, the nodes of {name}", fix)
    if ids is not None:
        if series.node_names is not None:
            raise UserError("ids", ids, f"no file: {raw} has its own ids", "omit --ids")
        series = replace(series, node_names=_ids(ids, num_nodes))
    graph, graph_notes = _graph(facts, series, distances, adjacency, all_names)

    first, part = locate(facts, num_rows, rows, first_row)
    values = series.values[part]
    _check_values(values, facts, raw, part.start, series.node_names)
    stamps, origin = _times(facts, series, part, first)
    origin = {"source": facts.source, "first_row": first, **origin}
    if series.node_names is not None:
        origin["node_names"] = series.node_names
    if graph_notes:
        origin["graph"] = graph_notes[0]
    write_dataset(folder, facts, values, stamps, graph=graph, origin=origin, force=force)
    for number, note in enumerate(graph_notes):
        print(f"  {'' if number else 'made':<11}{note}")
    return folder


def row_timestamps(facts: DatasetFacts, first_row: int, num_rows: int) -> np.ndarray:
    """Time of day and day of week, float32 [num_rows, 2] in [0, 1), of rows of the full series from `first_row` on."""
    index = np.arange(first_row, first_row + num_rows)
    time_of_day = index % facts.steps_per_day / facts.steps_per_day
    day_of_week = index // facts.steps_per_day % DAYS_PER_WEEK / DAYS_PER_WEEK
    return np.stack([time_of_day, day_of_week], axis=1).astype(np.float32)


def _read(facts: DatasetFacts, raw: Path, first_row: Optional[int]) -> RawSeries:
    suffix = ".h5" if facts.timestamp_rule == DATES else ".npz"
    expected, fix = f"the {suffix} file of {facts.name}, or a folder of BasicTS 0.5", f"get it from {facts.source}"
    if not raw.exists():
        raise UserError("file", f"{raw} does not exist", expected, fix)
    kind = "folder" if raw.is_dir() else raw.suffix.lower()
    if kind not in ("folder", suffix):
        raise UserError("file", raw, expected, fix)
    if kind == ".npz":
        return read_npz(raw)
    if first_row is not None:
        raise UserError("first_row", first_row, f"none: the {kind} {raw} has its own timestamps", "omit --first-row")
    if kind == "folder":
        series = read_legacy(raw)
        if series.timestamps is not None:
            check_timestamps(series.timestamps, facts.steps_per_day, "file")
        return series
    # Imported here because the commands start faster without it.
    from ..io.h5 import read_h5

    return read_h5(raw)


def _select(series: RawSeries, raw: Path, sensors: Path) -> RawSeries:
    """The sensors that the file `sensors` names, in its order."""
    if series.node_names is None:
        raise UserError("sensors", sensors, f"none: {raw} has no sensor ids", "omit --sensors, which is for .h5")
    chosen = read_ids(sensors, "sensors")
    place = {name: column for column, name in enumerate(series.node_names)}
    unknown = [name for name in chosen if name not in place]
    if unknown:
        found = f"{unknown[0]} in {sensors} ({len(unknown)} of {len(chosen)} ids are unknown)"
        expected = f"sensors of {raw}, such as {series.node_names[0]}"
        raise UserError("sensors", found, expected, "correct the ids")
    columns = [place[name] for name in chosen]
    return replace(series, values=np.ascontiguousarray(series.values[:, columns]), node_names=chosen)


def _ids(file: Path, num_nodes: int) -> list[str]:
    names = read_ids(file, "ids")
    if len(names) != num_nodes:
        raise UserError("ids", f"{len(names)} ids in {file}", f"{num_nodes}, one for each node", "correct the ids")
    return names


def _graph(
    facts: DatasetFacts,
    series: RawSeries,
    distances: Optional[Path],
    adjacency: Optional[Path],
    all_names: Optional[list[str]],
) -> tuple[Optional[bytes], tuple[str, ...]]:
    """The content of `adj_mx.pkl`, None without a graph, and how it was made.

    `all_names`: of the raw file, before sensors were selected.
    """
    path, kind = (adjacency, MATRIX) if distances is None else (distances, EDGES)
    if path is None:
        return series.graph, ()
    num_nodes, names = series.values.shape[1], series.node_names
    graph = read_graph(path, num_nodes, names, kind=kind, all_names=all_names, facts=facts)
    return pickled(graph.matrix), graph.notes


def _times(facts: DatasetFacts, series: RawSeries, part: slice, first: int) -> tuple[np.ndarray, dict]:
    """Timestamps [T, 2] of the rows of `part`, and the keys of `meta.json` that give their dates."""
    if series.times is not None:
        dates = series.times[part]
        gaps = find_gaps(dates, facts.interval_minutes)
        origin = {"start": format_time(dates[0]), "gaps": [[format_time(gap.after), gap.steps] for gap in gaps]}
        return date_timestamps(dates), origin
    if series.timestamps is not None:
        # A BasicTS 0.5 folder has no dates.
        return series.timestamps[part], {}
    num_rows = part.stop - part.start
    start = row_dates(facts.start, first - facts.first_row + 1, facts.interval_minutes)[-1]
    return row_timestamps(facts, first, num_rows), {"start": format_time(start)}


def _check_values(
    values: np.ndarray, facts: DatasetFacts, raw: Path, first_in_file: int, names: Optional[list[str]]
) -> None:
    """`values` [T, N] must be usable numbers, not all missing, with enough rows for three parts."""
    lengths = split_lengths(len(values), facts.split)
    if min(lengths) < MIN_PART_ROWS:
        found = f"{len(values)} rows, which give parts of {lengths[0]}, {lengths[1]} and {lengths[2]}"
        raise UserError("rows", found, f"{MIN_PART_ROWS} or more in each part (12 in, 12 out)", "take more rows")
    missing, null = f"{facts.null_value:g} if missing", facts.null_value
    unusable = np.isinf(values) if np.isnan(null) else ~np.isfinite(values)
    negative = (values < min(0, null)) & facts.non_negative
    for wrong, found, expected in (
        (unusable, "NaN or infinity", f"numbers, {missing}"),
        (negative, "values below 0", f"{facts.domain} of 0 or more, {missing}"),
    ):
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            node = column if names is None else names[column]
            first = f"the first, {values[row, column]:g}, in row {row + first_in_file} at node {node}"
            raise UserError("file", f"{wrong.sum()} x {found} in {raw} ({first})", expected, "correct the file")
    if is_missing(values, null).all():
        raise UserError("file", f"only {null:g} in {raw}, which marks missing values", "numbers", "download it again")

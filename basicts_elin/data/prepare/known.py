"""Prepares a dataset of the catalogue from its raw file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ...errors import UserError
from ..catalog import DATES, DAYS_PER_WEEK, DatasetFacts, dataset_facts
from ..graphs.graph import SensorGraph, pickled
from ..graphs.rules import GraphOptions
from ..io.basicts05 import LEGACY_FILE, read_legacy
from ..io.npz import read_npz
from ..io.raw import RawSeries
from ..largest import find_files, read_largest
from ..times.dates import check_timestamps, find_gaps, format_time, row_dates
from ..times.timeline import Timeline
from .checks import check_name, check_rows, check_values
from .graph_files import graph_of_files
from .row_range import locate, shares_of
from .sensors import named, num_sensors, selected
from .staging import check_destination
from .writer import write_dataset


def prepare_dataset(
    name: str,
    raw: Path,
    *,
    out: Path = Path("datasets"),
    rows: Optional[str] = None,
    first_row: Optional[int] = None,
    own_name: Optional[str] = None,
    split_rows: Optional[Sequence[int]] = None,
    sensors: Optional[Path] = None,
    ids: Optional[Path] = None,
    meta: Optional[Path] = None,
    graph: Optional[Path] = None,
    distances: Optional[Path] = None,
    adjacency: Optional[Path] = None,
    graph_options: GraphOptions = GraphOptions(),
    plot: bool = False,
    force: bool = False,
) -> Path:
    """Write dataset `name` from its raw file or a BasicTS 0.5 folder, and print a summary.

    Row numbers count in the full public series. If a file has no dates, time of day and day of week follow from the row
    number. Without `rows` and `first_row` the file must hold exactly the rows that the catalogue names.

    Args:
        name: a dataset of the catalogue.
        raw: an original `.npz` file (array `data`, [T, N, C] or [T, N], first channel), an original `.h5` file (a
            pandas frame, dates x sensors) or a BasicTS 0.5 folder. For LargeST see `largest.read_largest`.
        out: the folder in which the folder `name` is written.
        rows: take only "A:B" ("A:", ":B", ":"; as in a Python slice, no negative numbers). The file starts at row 0 of
            the full series unless `first_row` says otherwise.
        first_row: the row of the full series at which a partial file starts. Only for `.npz`: other files have
            their own timestamps.
        own_name: write the folder `own_name` instead. Its `meta.json` keeps the name of the public dataset.
        split_rows: rows of the training, validation and test part, which sum to the rows taken; None: the benchmark's
            split. Needs `own_name`, because figures on another test part must not carry the public name.
        sensors: take only the sensors that this file names, in its order, one id per line. Only for `.h5`.
        ids: the ids by which the graph names the nodes, one per line.
        meta: the table of the sensors of LargeST.
        graph, distances, adjacency: the file of the graph: an edge list or a matrix, an edge list, a matrix.
        graph_options: how distances become weights; the catalogue decides what is not given.
        plot: also draw `quality.png`.
        force: replace an existing folder. Files in it that are not written again are kept.

    Returns: the folder, `out/name` or `out/own_name`.

    Raises: UserError if an argument, a file or a value cannot be used.
    """
    facts, raw, folder = dataset_facts(name), Path(raw), Path(out) / (own_name or name)
    _check_own_name(facts, own_name, split_rows)
    if facts.source is None:
        raise UserError("file", raw, f"no file: {name} is synthetic", "omit --raw")
    if first_row is not None and first_row < 0:
        raise UserError("first_row", first_row, "0 or more, the index in the full series", "correct --first-row")
    check_destination(folder, force=force)

    series, all_names, adjacency = _read(facts, raw, first_row, sensors, meta, adjacency)
    if sensors is not None:
        series = selected(series, raw, sensors)
    num_rows, num_nodes = len(series.values), num_sensors(series)
    if num_nodes != facts.num_nodes:
        raise _other_nodes(facts, series, raw, sensors)
    series = named(series, raw, ids)
    names = series.node_names
    network = graph_of_files(
        num_nodes,
        names,
        all_names,
        graph=graph,
        distances=distances,
        adjacency=adjacency,
        options=graph_options,
        facts=facts,
    )

    first, part = locate(facts, num_rows, rows, first_row)
    values = series.values[part]
    if own_name is not None:
        facts = replace(facts, part_of=facts.part_of or facts.name)
    if split_rows is not None:
        facts = replace(facts, split=shares_of(split_rows, len(values)))
    check_rows(len(values), facts.split)

    def where(row: int, column: int) -> str:
        return f"in row {row + part.start} at node {names[column] if names else column}"

    check_values(values, facts, raw, where, "correct the file")
    timeline = _timeline(facts, series, part, first)
    dates = timeline.dates()
    gaps = [] if dates is None else find_gaps(dates, facts.interval_minutes)
    origin: dict[str, Any] = {"source": facts.source, "first_row": first}
    if names is not None:
        origin["node_names"] = names
    content, notes = series.graph, series.notes
    if network is not None:
        content, notes = pickled(network.matrix), (*notes, *(f"graph: {note}" for note in network.notes))
        origin["graph"] = network.notes[0]
        notes = (*notes, *_edge_notes(facts, network))
    write_dataset(
        folder,
        facts,
        values,
        timeline,
        graph=content,
        origin=origin,
        gaps=gaps,
        notes=notes,
        plot=plot,
        force=force,
    )
    return folder


def _check_own_name(facts: DatasetFacts, own_name: Optional[str], split_rows: Optional[Sequence[int]]) -> None:
    if own_name is not None:
        check_name(own_name, f"omit it for {facts.name}")
    elif split_rows is not None:
        expected = f"--name, of your own: {facts.name} is the dataset with the benchmark's split"
        raise UserError("name", "missing with --split-rows", expected)


def row_timeline(facts: DatasetFacts, first_row: int, num_rows: int) -> Timeline:
    """The times of rows of the full series from `first_row` on, counted by the benchmark's rule."""
    start = row_dates(facts.start, first_row - facts.first_row + 1, facts.interval_minutes)[-1]
    stamps = row_timestamps(facts, first_row, num_rows)
    return Timeline(start, num_rows, facts.interval_minutes, stamps=stamps)


def row_timestamps(facts: DatasetFacts, first_row: int, num_rows: int) -> np.ndarray:
    """Time of day and day of week, float32 [num_rows, 2] in [0, 1), of rows of the full series from `first_row` on."""
    index = np.arange(first_row, first_row + num_rows)
    time_of_day = index % facts.steps_per_day / facts.steps_per_day
    day_of_week = index // facts.steps_per_day % DAYS_PER_WEEK / DAYS_PER_WEEK
    return np.stack([time_of_day, day_of_week], axis=1).astype(np.float32)


def _read(
    facts: DatasetFacts,
    raw: Path,
    first_row: Optional[int],
    sensors: Optional[Path],
    meta: Optional[Path],
    adjacency: Optional[Path],
) -> tuple[RawSeries, Optional[list[str]], Optional[Path]]:
    """The series; the sensor of each row of the matrix, if known; and the file of the matrix."""
    suffix = ".h5" if facts.timestamp_rule == DATES else ".npz"
    expected, fix = f"the {suffix} file of {facts.name}, or a folder of BasicTS 0.5", f"get it from {facts.source}"
    if not raw.exists():
        raise UserError("file", f"{raw} does not exist", expected, fix)
    kind = "folder" if raw.is_dir() else raw.suffix.lower()
    if kind not in ("folder", suffix):
        raise UserError("file", raw, expected, fix)
    if kind == ".npz":
        _refuse_meta(meta, facts.name)
        series = read_npz(raw)
        return series, series.node_names, adjacency
    if first_row is not None:
        raise UserError("first_row", first_row, f"none: the {kind} {raw} has its own timestamps", "omit --first-row")
    if facts.districts and not (raw / LEGACY_FILE).is_file():
        if sensors is not None:
            raise UserError(
                "sensors", sensors, f"none: {facts.name} has the sensors of its districts", "omit --sensors"
            )
        files = find_files(facts, raw, meta, adjacency)
        names = None if files.adjacency is None else files.sensors.matrix_ids(files.adjacency)
        return read_largest(facts, files), names, files.adjacency
    _refuse_meta(meta, str(raw) if facts.districts else facts.name)
    if kind == "folder":
        series = read_legacy(raw)
        if series.timestamps is not None:
            check_timestamps(series.timestamps, facts.steps_per_day, "file")
    else:
        # Imported here because the commands start faster without it.
        from ..io.h5 import read_h5

        series = read_h5(raw)
    return series, series.node_names, adjacency


def _refuse_meta(meta: Optional[Path], name: str) -> None:
    if meta is not None:
        raise UserError("meta", meta, f"none: only the .h5 files of LargeST need it, {name} does not", "omit --meta")


def _edge_notes(facts: DatasetFacts, network: SensorGraph) -> list[str]:
    """Whether the matrix has as many edges as the published one."""
    if facts.num_edges is None:
        return []
    found = np.count_nonzero(network.matrix) - np.count_nonzero(np.diagonal(network.matrix))
    if found == facts.num_edges:
        return [f"graph: {found} entries beside the diagonal, as published"]
    return [f"graph: warning: {found} entries beside the diagonal; the published one has {facts.num_edges}"]


def _other_nodes(facts: DatasetFacts, series: RawSeries, raw: Path, sensors: Optional[Path]) -> UserError:
    num_rows, num_nodes = len(series.values), num_sensors(series)
    field, file = ("file", raw) if sensors is None else ("sensors", sensors)
    fix = f"give the file of {facts.name}"
    if sensors is None and series.node_names is not None and num_nodes > facts.num_nodes:
        fix = "choose its sensors by --sensors FILE"
    if num_rows == facts.num_nodes:
        fix = "save the transposed array: rows are times, columns are nodes"
    return UserError(field, f"{num_nodes} nodes in {file}", f"{facts.num_nodes}, the nodes of {facts.name}", fix)


def _timeline(facts: DatasetFacts, series: RawSeries, part: slice, first: int) -> Timeline:
    """The times of the rows of `part`."""
    num_rows, interval = part.stop - part.start, facts.interval_minutes
    if series.times is not None:
        dates = series.times[part]
        gaps = tuple((format_time(gap.after), gap.steps) for gap in find_gaps(dates, interval))
        return Timeline(dates[0], num_rows, interval, gaps=gaps)
    if series.timestamps is not None:
        # A BasicTS 0.5 folder has no dates.
        return Timeline(None, num_rows, interval, stamps=series.timestamps[part])
    return row_timeline(facts, first, num_rows)

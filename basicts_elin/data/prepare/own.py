"""Prepares a dataset from a user's own file or folder."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from ...errors import UserError
from ..catalog import DatasetFacts
from ..graphs.graph import pickled
from ..graphs.rules import GraphOptions
from ..io.frames import FRAME, read_frame
from ..io.kinds import PACKED, SERIES
from ..io.raw import RawSeries
from ..io.reading import ReadOptions, read_series
from ..times.dates import format_time
from ..times.filling import on_grid
from ..times.options import Placement, TimeOptions
from ..times.placing import place
from .append import Existing
from .checks import check_name, check_rows, check_values
from .graph_files import graph_of_files
from .missing import extremes, mark_missing, parse_markers
from .row_range import shares_of
from .sensors import named, num_sensors, selected
from .staging import check_destination
from .writer import write_dataset

if TYPE_CHECKING:
    import pandas as pd

SPLIT = (0.6, 0.2, 0.2)
# whole numbers up to this one are exact in float32
_EXACT = 2**24
_ENDINGS = re.compile(rf"({'|'.join(map(re.escape, (*SERIES, *PACKED)))})+$", re.IGNORECASE)


def prepare_own(
    file: Union[Path, "pd.DataFrame"],
    name: Optional[str] = None,
    *,
    out: Path = Path("datasets"),
    read: ReadOptions = ReadOptions(),
    times: TimeOptions = TimeOptions(),
    missing: Sequence[str] = (),
    split: Optional[Sequence[float]] = None,
    split_rows: Optional[Sequence[int]] = None,
    domain: Optional[str] = None,
    across_breaks: bool = True,
    sensors: Optional[Path] = None,
    ids: Optional[Path] = None,
    graph: Optional[Path] = None,
    distances: Optional[Path] = None,
    adjacency: Optional[Path] = None,
    graph_options: GraphOptions = GraphOptions(),
    append: bool = False,
    plot: bool = False,
    force: bool = False,
) -> Path:
    """Write the dataset `name` from a file or folder, and print what was found in it.

    The rows are placed on a regular grid of times. Missing values, and the rows of times that the file does not have,
    are NaN.

    Args:
        file: see `io.reading.read_series` for the formats; or a table, see `io.frames.read_frame`.
        name: of the dataset; None: the file's name without its endings.
        out: the folder in which the folder `name` is written.
        read, times, graph_options: what the file itself does not say.
        missing: numbers that mark missing values, as texts.
        split: shares of the training, validation and test part; None: 0.6, 0.2, 0.2.
        split_rows: in place of `split`, the rows of each part, which sum to the rows of the dataset.
        domain: what is measured, with its unit in parentheses.
        across_breaks: whether windows may span times that the series never has, such as nights.
        sensors: take only the sensors that this file names, in its order, one id per line.
        ids: the sensor ids, one per line, of a file that has none.
        graph, distances, adjacency: the file of the graph: an edge list or a matrix, an edge list, a matrix.
        append: add the rows to the existing dataset, which keeps its split, domain, markers, channel and graph.
        plot: also draw `quality.png`.
        force: replace an existing folder. Files in it that are not written again are kept.

    Returns: the folder `out/name`.

    Raises: UserError if an argument, a file or a value cannot be used.
    """
    frame, file = (None, Path(file)) if isinstance(file, (str, Path)) else (file, FRAME)
    name = _name(file, name)
    folder = Path(out) / name
    existing = None
    if append:
        _refuse_with_append(force=force, split=split, split_rows=split_rows, domain=domain)
        existing = Existing.at(folder)
        read, times, missing = existing.read_options(read), existing.time_options(times), [*existing.missing, *missing]
        split, domain, across_breaks = existing.dataset.split, existing.dataset.domain, existing.across_breaks
    else:
        fix = "--append adds the rows of the file, --force replaces it, --name gives another name"
        check_destination(folder, force=force, fix=fix)
    if split is not None and split_rows is not None:
        raise UserError("split_rows", "given with --split", fix="omit one of them")
    markers, parts = parse_markers(missing), _split(split)

    series = named(read_series(file, read) if frame is None else read_frame(frame, read), file, ids)
    all_names = series.node_names
    if sensors is not None:
        series = selected(series, file, sensors)
    notes = [*series.notes, *_marked(series, markers)]
    placement = place(series, times, None if existing is None else existing.last)
    notes += placement.notes
    growth = ""
    if existing is not None:
        series, growth, added = existing.extended(series, placement)
        placement = place(series, replace(times, start=None))
        notes += existing.calendar_note(placement, added)
    values, covariates = on_grid(series, placement)
    if split_rows is not None:
        parts = shares_of(split_rows, len(values))

    facts = _facts(name, series, placement, parts, domain or "")
    check_rows(len(values), parts, facts.num_nodes if series.times is None else 0)
    _check(values, facts, series, placement, file)
    network = graph_of_files(
        facts.num_nodes,
        series.node_names,
        all_names,
        graph=graph,
        distances=distances,
        adjacency=adjacency,
        options=graph_options,
    )
    # a file of one channel does not name it
    channels = series.channel_names or ([read.channel] if read.channel else [])
    origin: dict[str, Any] = {
        "source": file.name,
        "node_names": series.node_names,
        "missing": list(markers) or None,
        "channel": channels[0] if channels else None,
        "covariates": None if covariates is None else channels[1:],
        "windows_across_breaks": None if across_breaks else False,
    }
    content = None
    if network is not None:
        content, origin["graph"] = pickled(network.matrix), network.notes[0]
        notes += [f"graph: {note}" for note in network.notes]
    write_dataset(
        folder,
        facts,
        values,
        placement.timeline,
        graph=content,
        origin=origin,
        covariates=covariates,
        gaps=placement.gaps,
        notes=notes,
        growth=growth,
        plot=plot,
        force=force or append,
    )
    return folder


def _facts(
    name: str, series: RawSeries, placement: Placement, split: tuple[float, float, float], domain: str
) -> DatasetFacts:
    timeline = placement.timeline
    return DatasetFacts(
        name,
        num_sensors(series),
        timeline.num_rows,
        "" if timeline.start is None else format_time(timeline.start),
        timeline.rule,
        split=split,
        domain=domain,
        source=None,
        interval_minutes=timeline.interval_minutes,
        null_value=np.nan,
    )


def _check(values: np.ndarray, facts: DatasetFacts, series: RawSeries, placement: Placement, file: Path) -> None:
    names, dates = series.node_names, placement.timeline.dates()

    def where(row: int, column: int) -> str:
        time = f"row {row}" if dates is None else format_time(dates[row])
        return f"at {time}, node {names[column] if names else column}"

    check_values(values, facts, file, where, "correct the file, or give the value to --missing")


def _name(file: Path, name: Optional[str]) -> str:
    found = _ENDINGS.sub("", file.name) if name is None else name
    check_name(found, f"`prepare {found} --raw {file}` for the public file")
    return found


def _split(split: Optional[Sequence[float]]) -> tuple[float, float, float]:
    train, val, test = SPLIT if split is None else split
    if not (min(train, val, test) > 0 and abs(train + val + test - 1) < 1e-6):
        raise UserError("split", f"{train:g} {val:g} {test:g}", "three positive shares that sum to 1")
    return train, val, test


def _refuse_with_append(**given: object) -> None:
    for option, value in given.items():
        if value:
            raise UserError(option, "given with --append, which keeps the dataset's own", fix="omit one of them")


def _marked(series: RawSeries, markers: Sequence[float]) -> list[str]:
    """Make the markers in the series NaN. Returns notes, with a warning if a marker may be a measured value."""
    marked = mark_missing(series.values, markers)
    if series.covariates is not None:
        mark_missing(series.covariates, markers)
    low, high = extremes(series.values)
    notes = [f"markers: {marker:g} marks {count or 'no'} missing values" for marker, count in marked.items()]
    for marker, count in marked.items():
        if count and low < marker < high:
            notes.append(f"markers: warning: {marker:g} may also be measured: values lie on both sides")
    if max(-low, high) > _EXACT:
        notes.append(f"precision: values up to {max(-low, high):g} are rounded to float32, which is exact to {_EXACT}")
    return notes

"""Writes a dataset's folder in BasicTS 1.1's layout."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ...errors import UserError, one_line
from ..catalog import DatasetFacts, split_lengths
from ..layout import COVARIATES, GRAPH_FILE, INTERVAL, META_FILE, PARTS, QUALITY_FILE, SETTINGS, read_meta
from ..marker_warnings import marker_warnings
from ..times.dates import Gap
from ..times.timeline import Timeline
from .staging import staged_folder
from .summary.lines import labelled, quality_lines
from .summary.report import quality_report

PICTURE_FILE = "quality.png"
# what an earlier series left, and this one may not have
_OF_ONE_SERIES = (PICTURE_FILE, *(f"{part}_{COVARIATES}.npy" for part in PARTS))


def write_dataset(
    folder: Path,
    facts: DatasetFacts,
    values: np.ndarray,
    timeline: Timeline,
    *,
    graph: Optional[bytes],
    origin: dict[str, Any],
    covariates: Optional[np.ndarray] = None,
    gaps: Sequence[Gap] = (),
    notes: Sequence[str] = (),
    growth: str = "",
    plot: bool = False,
    force: bool,
) -> None:
    """Write the dataset as a whole or not at all, and print what is in it. T: rows, N: nodes, C: channels.

    Args:
        folder: see `staged_folder` for an existing one.
        facts: of the dataset; they give the split.
        values: float32 [T, N].
        timeline: the times of the T rows.
        graph: content of `adj_mx.pkl`; None keeps the graph in `folder`, if any.
        origin: added to the facts in `meta.json`: `node_names`, where the data come from, and so on.
        covariates: float32 [T, N, C - 1], the other channels; None: none.
        gaps: rows that the file does not have.
        notes: what was found and decided before, to be printed: "label: text".
        growth: how the dataset in `folder` has grown; "" if it is replaced by another one.
        plot: also draw `quality.png`.
        force: replace an existing folder.

    Raises: UserError if the folder exists and `force` is not set, or it cannot be written.
    """
    before = read_meta(folder) if folder.is_dir() else {}
    keeps_graph = graph is None and (folder / GRAPH_FILE).is_file()
    names = origin.get("node_names")
    if keeps_graph:
        _check_kept_graph(folder, before, values.shape[1], names)
        origin = {**origin, "graph": before.get("graph")}
    report = quality_report(values, timeline, names, null_value=facts.null_value, gaps=gaps, unit=facts.unit)
    lengths = split_lengths(len(values), facts.split)
    try:
        with staged_folder(folder, force=force, stale=_OF_ONE_SERIES) as new:
            _write_parts(new, "data", values, lengths)
            _write_parts(new, "timestamps", timeline.timestamps(), lengths)
            if covariates is not None:
                _write_parts(new, COVARIATES, covariates, lengths)
            _write_json(new / META_FILE, _meta(facts, values, timeline, keeps_graph or graph is not None) | origin)
            _write_json(new / QUALITY_FILE, report)
            if graph is not None:
                (new / GRAPH_FILE).write_bytes(graph)
            if plot:
                # imported here because matplotlib is slow to start
                from .summary.plot import plot_quality

                plot_quality(report, values, timeline, names, new / PICTURE_FILE)
    except (OSError, RuntimeError) as error:
        # A link to itself is a RuntimeError.
        found = f"{folder} cannot be written ({one_line(error)})"
        raise UserError("out", found, fix="free space, or name another --out") from error

    print(f"{folder}: {values.shape[0]} rows x {values.shape[1]} nodes{facts.domain and f', {facts.domain}'}")
    if before or growth:
        sizes = (f"{before.get(key, '?')} {what}" for key, what in (("num_time_steps", "rows"), ("num_vars", "nodes")))
        print(f"  before     {growth or ' x '.join(sizes)}")
    print("  parts      " + ", ".join(f"{part} {length}" for part, length in zip(PARTS, lengths, strict=True)))
    graph_note = f"graph: {GRAPH_FILE} {'kept' if keeps_graph else 'none' if graph is None else 'written'}"
    for line in (*quality_lines(report), *_note_lines([*notes, graph_note])):
        print(f"  {line}")
    for line in marker_warnings([values], facts.null_value, names):
        print(line)
    if plot:
        print(f"  picture    {folder / PICTURE_FILE}")


def _note_lines(notes: Sequence[str]) -> list[str]:
    """Notes such as "order: 3 rows are sorted", with their first word as the label of the line."""
    by_label: dict[str, list[str]] = {}
    for note in notes:
        label, colon, rest = note.partition(": ")
        if not colon or " " in label:
            # of a reader, about the file
            label, rest = "file", note
        by_label.setdefault(label, []).append(rest)
    return [line for label, lines in by_label.items() for line in labelled(label, lines)]


def _write_parts(folder: Path, kind: str, array: np.ndarray, lengths: Sequence[int]) -> None:
    for part, content in zip(PARTS, np.split(array, np.cumsum(lengths)[:-1]), strict=True):
        np.save(folder / f"{part}_{kind}.npy", content)


def _write_json(file: Path, content: dict[str, Any]) -> None:
    content = {key: value for key, value in content.items() if value is not None}
    file.write_text(json.dumps(content, indent=4, ensure_ascii=False) + "\n", encoding="utf-8")


def _check_kept_graph(folder: Path, meta: dict[str, Any], num_nodes: int, names: Optional[list[str]]) -> None:
    """The graph in `folder` must be of the same nodes, if `meta.json` names its nodes."""
    old_names = meta.get("node_names")
    if meta.get("num_vars", num_nodes) != num_nodes or (old_names and names and old_names != names):
        raise UserError(
            "out",
            f"{folder / GRAPH_FILE} is the graph of other nodes, or in another order",
            "the graph of the same nodes",
            "give the graph again by --graph, or move that file away",
        )


def _meta(facts: DatasetFacts, values: np.ndarray, timeline: Timeline, has_graph: bool) -> dict[str, Any]:
    own = {"unit": facts.unit, "non_negative": facts.non_negative, "timestamp_rule": facts.timestamp_rule}
    return {
        "name": facts.name,
        "domain": facts.domain,
        INTERVAL: facts.interval_minutes,
        "shape": list(values.shape),
        "timestamps_shape": [len(values), 2],
        "timestamps_description": ["time of day", "day of week"],
        "num_time_steps": values.shape[0],
        "num_vars": values.shape[1],
        "has_graph": has_graph,
        SETTINGS: facts.regular_settings,
        **timeline.meta(),
        **own,
        "part_of": facts.part_of,
    }

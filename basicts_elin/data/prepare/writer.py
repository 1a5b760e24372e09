"""Writes a dataset's folder in BasicTS 1.1's layout."""

import json
from pathlib import Path
from typing import Optional

import numpy as np

from ...errors import UserError, one_line
from ..catalog import DAYS_PER_WEEK, DatasetFacts, split_lengths
from ..layout import GRAPH_FILE, INTERVAL, META_FILE, PARTS, SETTINGS, read_meta
from ..quality import is_missing, quality_warnings
from ..times.dates import Gap, format_time, row_dates
from .staging import staged_folder

_SHOWN_GAPS = 5


def write_dataset(
    folder: Path,
    facts: DatasetFacts,
    values: np.ndarray,
    timestamps: np.ndarray,
    *,
    graph: Optional[bytes],
    origin: dict,
    force: bool,
) -> None:
    """Write the dataset as a whole or not at all, and print a summary. T: rows, N: nodes.

    Args:
        folder: see `staged_folder` for an existing one.
        facts: of the dataset; they give the split.
        values: float32 [T, N].
        timestamps: float32 [T, 2], time of day and day of week, both in [0, 1).
        graph: content of `adj_mx.pkl`; None keeps the graph in `folder`, if any.
        origin: added to the facts in `meta.json`: `start`, the date of the first row, and `gaps`, if they are known;
            `node_names`; where the data come from.
        force: replace an existing folder.

    Raises: UserError if the folder exists and `force` is not set, or it cannot be written.
    """
    lengths = split_lengths(len(values), facts.split)
    keeps_graph = graph is None and (folder / GRAPH_FILE).is_file()
    if keeps_graph:
        _check_kept_graph(folder, values.shape[1], origin.get("node_names"))
    try:
        with staged_folder(folder, force=force) as new:
            cuts = np.cumsum(lengths)[:-1]
            for part, data, stamps in zip(PARTS, np.split(values, cuts), np.split(timestamps, cuts), strict=True):
                np.save(new / f"{part}_data.npy", data)
                np.save(new / f"{part}_timestamps.npy", stamps)
            meta = _meta(facts, values, timestamps, keeps_graph or graph is not None)
            (new / META_FILE).write_text(json.dumps(meta | origin, indent=4) + "\n", encoding="utf-8")
            if graph is not None:
                (new / GRAPH_FILE).write_bytes(graph)
    except (OSError, RuntimeError) as error:
        # A link to itself is a RuntimeError.
        found = f"{folder} cannot be written ({one_line(error)})"
        raise UserError("out", found, fix="free space, or name another --out") from error
    graph_note = "kept" if keeps_graph else "none" if graph is None else "written"
    print(_summary(folder, facts, values, timestamps))
    for line in _dates_summary(origin, len(values), facts.interval_minutes):
        print(f"  {line}")
    print(f"  graph      {GRAPH_FILE} {graph_note}")
    for line in quality_warnings([values], facts.null_value, origin.get("node_names")):
        print(line)


def _check_kept_graph(folder: Path, num_nodes: int, names: Optional[list[str]]) -> None:
    """The graph in `folder` must be of the same nodes, if `meta.json` names its nodes."""
    meta = read_meta(folder)
    old_names = meta.get("node_names")
    if meta.get("num_vars", num_nodes) != num_nodes or (old_names and names and old_names != names):
        raise UserError(
            "out",
            f"{folder / GRAPH_FILE} is the graph of other nodes, or in another order",
            "the graph of the same nodes",
            "give the graph again by --distances or --adjacency, or move that file away",
        )


def _meta(facts: DatasetFacts, values: np.ndarray, timestamps: np.ndarray, has_graph: bool) -> dict:
    own = {"unit": facts.unit, "non_negative": facts.non_negative, "timestamp_rule": facts.timestamp_rule}
    return {
        "name": facts.name,
        "domain": facts.domain,
        INTERVAL: facts.interval_minutes,
        "shape": list(values.shape),
        "timestamps_shape": list(timestamps.shape),
        "timestamps_description": ["time of day", "day of week"],
        "num_time_steps": values.shape[0],
        "num_vars": values.shape[1],
        "has_graph": has_graph,
        SETTINGS: facts.regular_settings,
        **own,
        **({"part_of": facts.part_of} if facts.part_of else {}),
    }


def _summary(folder: Path, facts: DatasetFacts, values: np.ndarray, timestamps: np.ndarray) -> str:
    lengths = split_lengths(len(values), facts.split)
    observed = values[~is_missing(values, facts.null_value)]
    missing = 100.0 * (1.0 - observed.size / values.size)
    step = round(float(timestamps[0, 0]) * facts.steps_per_day)
    hour, minute = divmod(step * facts.interval_minutes, 60)
    day = round(float(timestamps[0, 1]) * DAYS_PER_WEEK)
    return "\n".join(
        [
            f"{folder}: {values.shape[0]} rows x {values.shape[1]} nodes, {facts.domain}",
            "  parts      " + ", ".join(f"{part} {length}" for part, length in zip(PARTS, lengths, strict=True)),
            f"  values     {observed.min():g} to {observed.max():g}, mean {observed.mean(dtype=np.float64):.2f}",
            f"  missing    {missing:.2f} % (value {facts.null_value:g})",
            f"  first row  {hour:02d}:{minute:02d} (step {step} of {facts.steps_per_day}), day of week {day} (0 to 6)",
        ]
    )


def _dates_summary(origin: dict, num_rows: int, interval_minutes: int) -> list[str]:
    if "start" not in origin:
        return []
    gaps = origin.get("gaps", [])
    dates = row_dates(origin["start"], num_rows, interval_minutes, gaps)
    shown = [str(Gap(np.datetime64(after, "m"), steps, interval_minutes)) for after, steps in gaps[:_SHOWN_GAPS]]
    if len(gaps) > len(shown):
        shown.append(f"and {len(gaps) - len(shown)} more gaps, see meta.json")
    return [
        f"dates      {format_time(dates[0])} to {format_time(dates[-1])}",
        *(f"{'' if number else 'gaps':<11}{line}" for number, line in enumerate(shown)),
    ]

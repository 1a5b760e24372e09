"""The files of a dataset folder, as BasicTS 1.1 reads them."""

import json
from pathlib import Path
from typing import Optional

import numpy as np

from ..errors import UserError, one_line
from ..files import read_json
from .catalog import DAYS_PER_WEEK, DatasetFacts, split_lengths
from .dates import Gap, format_time, row_dates
from .io.writer import GRAPH_FILE, fresh_folder
from .quality import suspicions

PARTS = ("train", "val", "test")

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
    """Write the dataset, whole or not at all, and print a summary.

    Args:
        folder: see `fresh_folder` for what happens to an existing one.
        facts: of the dataset; gives the split.
        values: float32 [T, N].
        timestamps: float32 [T, 2], time of day and day of week, both in [0, 1).
        graph: content of `adj_mx.pkl`; None keeps the one that `folder` has, if any.
        origin: added to BasicTS's keys in `meta.json`: `start`, the first row's date, and `gaps`, where they are known;
            `node_names`; what the data come from.
        force: replace an existing folder.

    Raises:
        UserError: the folder exists and `force` is not set, or it cannot be written.
    """
    lengths = split_lengths(len(values), facts.split)
    keeps_graph = graph is None and (folder / GRAPH_FILE).is_file()
    if keeps_graph:
        _check_kept_graph(folder, values.shape[1], origin.get("node_names"))
    try:
        with fresh_folder(folder, force=force) as new:
            cuts = np.cumsum(lengths)[:-1]
            for part, data, stamps in zip(PARTS, np.split(values, cuts), np.split(timestamps, cuts), strict=True):
                np.save(new / f"{part}_data.npy", data)
                np.save(new / f"{part}_timestamps.npy", stamps)
            meta = _meta(facts, values, timestamps, keeps_graph or graph is not None)
            (new / "meta.json").write_text(json.dumps(meta | origin, indent=4) + "\n", encoding="utf-8")
            if graph is not None:
                (new / GRAPH_FILE).write_bytes(graph)
    except (OSError, RuntimeError) as error:
        # RuntimeError for a link that leads to itself
        reason = one_line(error)
        raise UserError(f"out: {folder} cannot be written ({reason}); free space or name another --out") from error
    graph_note = "kept" if keeps_graph else "none" if graph is None else "written"
    print(_summary(folder, facts, values, timestamps))
    for line in _dates_summary(origin, len(values), facts.interval_minutes):
        print(f"  {line}")
    print(f"  graph      {GRAPH_FILE} {graph_note}")
    for line in suspicions([values], facts.null_value, origin.get("node_names")):
        print(line)


def _check_kept_graph(folder: Path, num_nodes: int, names: Optional[list[str]]) -> None:
    """The graph that `folder` has must be one of the same nodes, as far as `meta.json` says which they were."""
    meta = read_meta(folder)
    old_names = meta.get("node_names")
    if meta.get("num_vars", num_nodes) != num_nodes or (old_names and names and old_names != names):
        raise UserError(
            f"out: {folder / GRAPH_FILE} is the graph of other nodes, or in another order; give the graph again by "
            "--distances or --adjacency, or move that file away"
        )


def read_meta(folder: Path) -> dict:
    """The content of `meta.json`; {} where there is none. Raises: UserError where it is no JSON object."""
    file = folder / "meta.json"
    return read_json(file, "correct it, or prepare the dataset again") if file.is_file() else {}


def _meta(facts: DatasetFacts, values: np.ndarray, timestamps: np.ndarray, has_graph: bool) -> dict:
    return {
        "name": facts.name,
        "domain": facts.domain,
        "frequency (minutes)": facts.interval_minutes,
        "shape": list(values.shape),
        "timestamps_shape": list(timestamps.shape),
        "timestamps_description": ["time of day", "day of week"],
        "num_time_steps": values.shape[0],
        "num_vars": values.shape[1],
        "has_graph": has_graph,
        "regular_settings": facts.regular_settings,
    }


def _summary(folder: Path, facts: DatasetFacts, values: np.ndarray, timestamps: np.ndarray) -> str:
    lengths = split_lengths(len(values), facts.split)
    observed = values[values != facts.null_value]
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
        shown.append(f"and {len(gaps) - len(shown)} gaps more, see meta.json")
    return [
        f"dates      {format_time(dates[0])} to {format_time(dates[-1])}",
        *(f"{'' if number else 'gaps':<11}{line}" for number, line in enumerate(shown)),
    ]

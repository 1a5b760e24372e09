"""From a raw file, or from nothing, to a dataset folder that BasicTS 1.1 reads."""

import pickle
import re
from pathlib import Path
from typing import Optional

import numpy as np

from ..errors import UserError
from . import synthetic
from .catalog import BASICTS_DOWNLOAD, DATES, DAYS_PER_WEEK, DatasetFacts, dataset_facts, split_lengths
from .layout import write_dataset
from .legacy import read_legacy
from .raw import RawSeries, read_npz
from .write import check_destination

# the benchmark's window: 12 steps in, 12 out
MIN_PART_ROWS = 24


def prepare_dataset(
    name: str,
    raw: Path,
    *,
    out: Path = Path("datasets"),
    rows: Optional[str] = None,
    first_row: Optional[int] = None,
    force: bool = False,
) -> Path:
    """Write dataset `name` from its raw file, or from a BasicTS 0.5 folder, and print what was written.

    Rows are counted in the full public series throughout, because time of day and day of week follow from that index.
    Without `rows` and `first_row` the file must hold exactly the rows that the catalogue names.

    Args:
        name: a dataset of the catalogue.
        raw: an original `.npz` file (key `data`, [T, N, C] or [T, N], first channel) or a BasicTS 0.5 folder.
        out: the folder `name` is written into this one.
        rows: take only "A:B" ("A:", ":B", ":"; as in a Python slice, no negative numbers), of a file that starts at row
            0 of the full series unless `first_row` says otherwise.
        first_row: the row of the full series at which the file, a part of it, starts. Not for a BasicTS 0.5 folder,
            which has its own timestamps.
        force: replace an existing folder; files in it that are not written anew are kept.

    Returns:
        The written folder, `out/name`.

    Raises:
        UserError: anything about the arguments, the file or its values is not as expected.
    """
    facts, raw, folder = dataset_facts(name), Path(raw), Path(out) / name
    if facts.source is None:
        raise UserError(f"raw: {name} is made, not read; leave --raw away")
    if first_row is not None and first_row < 0:
        raise UserError(f"first_row: {first_row} is negative; expected the index within the full series, 0 or more")
    check_destination(folder, force=force)

    series = _read(facts, raw, first_row)
    num_steps, num_nodes = series.values.shape
    if num_nodes != facts.num_nodes:
        raise UserError(f"raw: {raw} has {num_nodes} nodes; {name} has {facts.num_nodes}: is it another dataset's?")
    first, part = _locate(facts, num_steps, rows, first_row)
    values = series.values[part]
    _check_values(values, facts, raw, part.start)
    timestamps = row_timestamps(facts, first, len(values)) if series.timestamps is None else series.timestamps[part]
    origin = {"source": facts.source, "first_row": first}
    write_dataset(folder, facts, values, timestamps, graph=series.graph, origin=origin, force=force)
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
    graph = pickle.dumps(network.adjacency, protocol=4)
    timestamps = row_timestamps(facts, 0, len(values))
    origin = {"made_with": {"num_nodes": num_nodes, "num_days": num_days, "seed": seed}, "first_row": 0}
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
    if raw.is_dir():
        if first_row is not None:
            raise UserError(f"first_row: {first_row} is not for the folder {raw}, which has its own timestamps")
        return read_legacy(raw)
    if facts.timestamp_rule == DATES:
        raise UserError(
            f"raw: {raw} is a file; preparing {facts.name} from .h5 is not supported yet; expected a "
            f"BasicTS 0.5 folder, or unpack BasicTS's preprocessed download ({BASICTS_DOWNLOAD}) into datasets/"
        )
    if raw.suffix.lower() != ".npz":
        raise UserError(f"raw: {raw} is neither a .npz file nor a folder; expected one of them, see {facts.source}")
    return read_npz(raw)


def _locate(facts: DatasetFacts, num_steps: int, rows: Optional[str], first_row: Optional[int]) -> tuple[int, slice]:
    """Index of the first row within the full series, and the part of the file to take."""
    end = facts.first_row + facts.num_steps
    if rows is None and first_row is None:
        if num_steps != facts.num_steps:
            raise UserError(
                f"raw: the file has {num_steps} steps; {facts.name} has {facts.num_steps} ({facts.first_row}:{end}); "
                "take a part of the full series by --rows A:B, or name the first row of a part by --first-row"
            )
        return facts.first_row, slice(0, num_steps)

    if first_row is None and num_steps != end:
        raise UserError(
            f"raw: the file has {num_steps} steps; --rows counts in the full series of {end}: say by --first-row where "
            "the file starts"
        )
    file_start = first_row or 0
    start, stop = _parse_rows(":" if rows is None else rows, file_start, file_start + num_steps)
    if start < facts.first_row or stop > end:
        field = "first_row" if rows is None else "rows"
        raise UserError(
            f"{field}: rows {start}:{stop} of the full series are not those of {facts.name}; expected a part of "
            f"{facts.first_row}:{end}: correct --rows, or --first-row, where the file starts (here {file_start})"
        )
    return start, slice(start - file_start, stop - file_start)


def _parse_rows(rows: str, first: int, end: int) -> tuple[int, int]:
    """A and B of "A:B", within the file's rows first:end."""
    match = re.fullmatch(r"([0-9]*):([0-9]*)", rows)
    if match is None:
        raise UserError(f"rows: {rows!r} is malformed; expected A:B, two numbers of 0 or more, either may be left away")
    start, stop = int(match[1] or first), int(match[2] or end)
    if not first <= start < stop <= end:
        raise UserError(f"rows: {rows} is out of range; expected a part of {first}:{end}, the rows of the file")
    return start, stop


def _check_values(values: np.ndarray, facts: DatasetFacts, raw: Path, first_in_file: int) -> None:
    """`values` [T, N] must be finite, not all missing, and enough for three parts."""
    lengths = split_lengths(len(values), facts.split)
    if min(lengths) < MIN_PART_ROWS:
        raise UserError(
            f"rows: {len(values)} rows give parts of {lengths[0]}, {lengths[1]} and {lengths[2]}; "
            f"each needs {MIN_PART_ROWS} (12 in, 12 out): take more rows"
        )
    broken = ~np.isfinite(values)
    if broken.any():
        row, node = np.argwhere(broken)[0]
        raise UserError(
            f"raw: {raw} has {broken.sum()} values that are NaN or infinite, the first at row {row + first_in_file}, "
            f"node {node}; expected numbers, {facts.null_value:g} where a value is missing"
        )
    if (values == facts.null_value).all():
        raise UserError(
            f"raw: every value of {raw} is {facts.null_value:g} = missing; expected numbers: is it damaged?"
        )

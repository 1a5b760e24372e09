"""The series of a dataset of LargeST. T: rows of the file, S: steps, N: sensors."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import UserError
from ..catalog import DatasetFacts
from ..graphs.ids import Places
from ..io.batches import BATCH_VALUES
from ..io.raw import RawSeries
from ..times.dates import find_gaps, format_time, row_dates
from .files import LargestFiles

_MINUTE = np.timedelta64(1, "m")


def read_largest(facts: DatasetFacts, files: LargestFiles) -> RawSeries:
    """The sensors of the dataset's districts, in the order of their table, as float32 [S, N] on a regular grid.

    If rows are closer than the dataset's interval, they become means over each step, without missing values.
    The means are rounded to whole numbers, halves to the even one. A step without a value is 0. LargeST does the
    same by `resample("15T").mean().round(0).fillna(0)`. Rows at the dataset's interval stay as they are.

    The file is read in slices of rows, because that of all sensors is larger than the memory of many machines.

    Raises: UserError if the file is of other sensors or another year, or its rows are not regular.
    """
    # Imported here because the commands start faster without it.
    from ..io.h5 import dated_frame

    names = files.sensors.of(facts.districts)
    if len(names) != facts.num_nodes:
        districts = ", ".join(map(str, facts.districts))
        found = f"{len(names)} sensors of the districts {districts} in {files.sensors.path}"
        raise UserError("meta", found, f"{facts.num_nodes}, the nodes of {facts.name}", "give ca_meta.csv as published")
    path, minutes = files.series, facts.interval_minutes
    with dated_frame(path) as (frame, dates):
        columns = _columns([column.name for column in frame.columns[1:]], names, path)
        interval = _interval(dates, minutes, path)
        _check_year(dates, facts, path)
        # The first row is at the beginning of a step.
        step = (dates - dates[0]) // (minutes * _MINUTE)
        num_steps = int(step[-1]) + 1
        # the first row of each step, and the end
        bounds = np.searchsorted(step, np.arange(num_steps + 1))
        values = np.zeros((num_steps, len(names)), np.float32)
        batch = max(1, BATCH_VALUES // len(frame.columns) * interval // minutes)
        starts = range(0, num_steps, batch)
        rows = [slice(int(bounds[start]), int(bounds[min(start + batch, num_steps)])) for start in starts]
        for start, cells in zip(starts, frame.parts(columns, rows), strict=True):
            stop = min(start + batch, num_steps)
            means = _means(cells, bounds[start : stop + 1] - bounds[start])
            with np.errstate(over="ignore"):
                values[start:stop] = np.where(np.isnan(means), 0, np.rint(means) if interval < minutes else means)
    notes = [f"{len(frame.columns) - 1} sensors are in {path.name}, {len(names)} of them in {facts.name}"]
    if interval < minutes:
        notes.append(f"means over {minutes} minutes of {len(dates)} rows every {interval} minutes, rounded")
    absent = num_steps - np.count_nonzero(np.diff(bounds))
    if absent:
        notes.append(f"rows: warning: {absent} of {num_steps} steps have no row, and are missing")
    times = row_dates(facts.start, num_steps, minutes)
    return RawSeries(values, times=times, node_names=names, notes=tuple(notes))


def _means(cells: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """The means float64 [S, N] of the rows `bounds[s]` to `bounds[s + 1]` of cells [rows, N]; NaN without a value."""
    num_steps, num_sensors = len(bounds) - 1, cells.shape[1]
    sums, counts = np.zeros((num_steps, num_sensors)), np.zeros((num_steps, num_sensors))
    # `reduceat` would return one row for an empty step.
    filled = np.flatnonzero(np.diff(bounds))
    if len(filled):
        is_known = ~np.isnan(cells)
        sums[filled] = np.add.reduceat(np.where(is_known, cells, 0), bounds[filled], axis=0)
        counts[filled] = np.add.reduceat(is_known, bounds[filled], axis=0, dtype=np.float64)
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def _columns(found: list[str], names: Sequence[str], path: Path) -> list[int]:
    """The column of each sensor in the frame, whose column 0 is its index."""
    places = Places(found)
    columns = [places.get(name) for name in names]
    absent = [name for name, column in zip(names, columns, strict=True) if column is None]
    if absent:
        what = f"{path} without sensor {absent[0]} ({len(absent)} of {len(names)} are missing)"
        raise UserError("file", what, "a column for each sensor of --meta", "give the files of one source")
    return [column + 1 for column in columns if column is not None]


def _interval(dates: np.ndarray, minutes: int, path: Path) -> int:
    """Minutes between rows, a divisor of `minutes`."""
    interval = int(np.median(np.diff(dates) // _MINUTE)) if len(dates) > 1 else 0
    if not 0 < interval <= minutes or minutes % interval:
        found = f"{interval} minutes between the rows of {path}"
        raise UserError("file", found, f"{minutes}, or a divisor of it", "give the file as published")
    find_gaps(dates, interval)
    return interval


def _check_year(dates: np.ndarray, facts: DatasetFacts, path: Path) -> None:
    if format_time(dates[0]) != facts.start:
        found = f"{path} begins at {format_time(dates[0])}"
        name = f"{facts.name}_{str(dates[0])[:4]}"
        fix = f"give the file of {facts.start[:4]}; another year is a dataset of your own: prepare {path} --name {name}"
        raise UserError("file", found, f"{facts.start}, the first row of {facts.name}", fix)

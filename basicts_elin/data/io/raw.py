"""The series in a file, as the file has it. T rows, N sensors, C channels, R rows of a long table."""

from dataclasses import dataclass
from typing import Optional

import numpy as np


@dataclass(frozen=True)
class RawSeries:
    """A series without any facts of the dataset.

    A wide table has one row for each time and one column for each sensor. A long table has one row for each time of
    each sensor; its rows may be in any order.

    Attributes:
        values: float32 [T, N], or [R] if long: the target channel. NaN where a cell is empty.
        times: the times as the file writes them, [T] or [R]: datetime64, integers, floats, or an object array of
            strings; None if the file has none.
        zone: the time zone of the file, an offset from UTC such as "+05:30", or "UTC" if its name is not known; `times`
            are then datetime64 in UTC. None if it has none.
        sensors: int64 [R], the sensor of each row of a long table, an index of `node_names`; None if wide.
        node_names: the N sensor ids; None if the file has none.
        covariates: float32 [T, N, C - 1], or [R, C - 1]: the other channels, if they were asked for.
        channel_names: of the C channels, the target first; None if there is only one.
        timestamps: float32 [T, 2], time of day and day of week, both in [0, 1): of a BasicTS 0.5 folder.
        graph: content of its `adj_mx.pkl`, never unpickled; None if there is none.
        headers: names of the columns of times and of sensor ids in a table; "" where there is none.
        notes: what the reader decided, one line each, for the summary.
    """

    values: np.ndarray
    times: Optional[np.ndarray] = None
    zone: Optional[str] = None
    sensors: Optional[np.ndarray] = None
    node_names: Optional[list[str]] = None
    covariates: Optional[np.ndarray] = None
    channel_names: Optional[list[str]] = None
    timestamps: Optional[np.ndarray] = None
    graph: Optional[bytes] = None
    headers: tuple[str, str] = ("", "")
    notes: tuple[str, ...] = ()


def to_float32(values: np.ndarray) -> np.ndarray:
    """A float32 copy in C order. A number too large for float32 becomes infinite, for the caller to refuse."""
    with np.errstate(over="ignore"):
        return np.array(values, dtype=np.float32, order="C")

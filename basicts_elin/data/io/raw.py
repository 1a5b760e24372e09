"""The series in a raw file, without any facts of the dataset."""

from dataclasses import dataclass
from typing import Optional

import numpy as np


@dataclass(frozen=True)
class RawSeries:
    """A series as its file has it. T rows, N sensors.

    Attributes:
        values: float32 [T, N].
        timestamps: float32 [T, 2], time of day and day of week, both in [0, 1); None if the file has none.
        graph: content of an `adj_mx.pkl`, never unpickled; None if there is none.
        dates: datetime64[m] [T]; None if the file has none.
        node_names: the N sensor ids; None if the file has none.
    """

    values: np.ndarray
    timestamps: Optional[np.ndarray] = None
    graph: Optional[bytes] = None
    dates: Optional[np.ndarray] = None
    node_names: Optional[list[str]] = None


def to_float32(values: np.ndarray) -> np.ndarray:
    """A float32 copy in C order. A number too large for float32 becomes infinite, for the caller to refuse."""
    with np.errstate(over="ignore"):
        return np.array(values, dtype=np.float32, order="C")

"""Raw files: what they hold, before anything of the dataset is known."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from ...errors import UserError, one_line

_KEY = "data"


@dataclass(frozen=True)
class RawSeries:
    """A series as its file has it.

    Attributes:
        values: float32 [T, N].
        timestamps: float32 [T, 2], time of day and day of week, both in [0, 1); None where the file has none.
        graph: content of an `adj_mx.pkl`, never unpickled; None where there is none.
        dates: datetime64[m] [T]; None where the file has none.
        node_names: ids of the sensors, N of them; None where the file has none.
    """

    values: np.ndarray
    timestamps: Optional[np.ndarray] = None
    graph: Optional[bytes] = None
    dates: Optional[np.ndarray] = None
    node_names: Optional[list[str]] = None


def read_npz(path: Path) -> RawSeries:
    """The first channel of array `data` [T, N, C] or [T, N] in an original `.npz` file.

    Raises:
        UserError: the file is damaged, has no `data`, or its shape or type is another.
    """
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise UserError(f"raw: {path} is no .npz archive, or was cut short; download or copy it again")
    try:
        with np.load(path, allow_pickle=False) as archive:
            keys = archive.files
            data = np.asarray(archive[_KEY]) if _KEY in keys else None
    except Exception as error:
        # a damaged archive may fail in any way, from zlib.error to MemoryError
        reason = one_line(error)
        raise UserError(f"raw: {path} cannot be read ({reason}); download or copy it again") from error
    if data is None:
        raise UserError(f"raw: {path} has the keys {', '.join(keys) or '(none)'}; expected the array {_KEY!r}")
    if data.dtype.kind not in "iuf":
        raise UserError(f"raw: {_KEY!r} of {path} has the type {data.dtype}; expected integers or floats")
    if data.ndim not in (2, 3) or data.size == 0:
        shape = list(data.shape)
        raise UserError(f"raw: {_KEY!r} of {path} has the shape {shape}; expected [steps, nodes] or [steps, nodes, C]")
    return RawSeries(to_float32(data if data.ndim == 2 else data[..., 0]))


def to_float32(values: np.ndarray) -> np.ndarray:
    """A float32 copy of its own, in C order; what float32 cannot hold becomes infinite, for the caller to refuse."""
    with np.errstate(over="ignore"):
        return np.array(values, dtype=np.float32, order="C")

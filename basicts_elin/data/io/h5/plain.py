"""Plain arrays in an `.h5` file, without pandas."""

from pathlib import Path

import h5py
import numpy as np

from ..arrays.stream import Header
from .slices import slices


class PlainArrays:
    """The arrays of a file, see `arrays.ArrayFile`."""

    def __init__(self, path: Path, arrays: dict[str, h5py.Dataset]):
        self.path, self._arrays = path, arrays
        self.headers = {name: Header(array.shape, _kind(array), False) for name, array in arrays.items()}

    def small(self, name: str) -> np.ndarray:
        array = self._arrays[name]
        return np.array(array.asstr()[:], dtype=str) if h5py.check_string_dtype(array.dtype) else array[:]

    def channels(self, name: str, channels: list[int]) -> np.ndarray:
        array = self._arrays[name]
        out = np.empty((*array.shape[:2], len(channels)), np.float32)
        for axis, part in slices(array):
            where = (slice(None),) * axis + (part,)
            cells = array[where]
            with np.errstate(over="ignore"):
                if axis == 2:
                    for place, channel in enumerate(channels):
                        if part.start <= channel < part.stop:
                            out[..., place] = cells[..., channel - part.start]
                else:
                    out[where] = cells[..., channels] if array.ndim == 3 else cells[..., None]
        return out


def is_array(node: h5py.HLObject) -> bool:
    """Whether it is an array of numbers or texts."""
    return isinstance(node, h5py.Dataset) and node.shape is not None and node.ndim > 0 and node.dtype.names is None


def _kind(array: h5py.Dataset) -> np.dtype:
    # Texts of any length are objects in h5py.
    return np.dtype("U1") if h5py.check_string_dtype(array.dtype) else array.dtype

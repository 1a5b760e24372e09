"""Reading a dataset part by part."""

from collections.abc import Iterator
from math import prod

import h5py
import numpy as np

from ..batches import BATCH_VALUES


def slices(dataset: h5py.Dataset) -> Iterator[tuple[int, slice]]:
    """An axis, and slices along it that read each chunk once. The axis is the one with the most chunks."""
    shape, chunks = dataset.shape, dataset.chunks or (1,) * dataset.ndim
    axis = (
        0 if dataset.chunks is None else int(np.argmax([size / part for size, part in zip(shape, chunks, strict=True)]))
    )
    width = max(1, prod(shape) // max(1, shape[axis]))
    step = max(1, BATCH_VALUES // width // chunks[axis]) * chunks[axis]
    for start in range(0, shape[axis], step):
        yield axis, slice(start, min(start + step, shape[axis]))


def text(value: object) -> str:
    """An attribute or a name as text; "" if there is none."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else "" if value is None else str(value)

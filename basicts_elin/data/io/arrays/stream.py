"""Arrays in the `.npy` layout, read block by block into float32, from a file or a member of an `.npz` archive."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import IO

import numpy as np

from ..batches import BATCH_VALUES


@dataclass(frozen=True)
class Header:
    """What an array says of itself.

    Attributes:
        shape: [T, N] or [T, N, C] of a series.
        kind: its type.
        is_fortran: whether the first index counts fastest.
    """

    shape: tuple[int, ...]
    kind: np.dtype
    is_fortran: bool

    @property
    def holds_objects(self) -> bool:
        """Whether the array is a pickle of Python objects."""
        return self.kind.hasobject

    @property
    def fits_a_series(self) -> bool:
        """Whether it can be [T, N] or [T, N, C] numbers."""
        return self.kind.kind in "iufb" and len(self.shape) in (2, 3) and prod(self.shape) > 0


def read_header(stream: IO[bytes]) -> Header:
    """Raises: ValueError, or any other error, if the array is damaged."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return Header(*_reordered(np.lib.format.read_array_header_1_0(stream)))
    if version in ((2, 0), (3, 0)):
        return Header(*_reordered(np.lib.format.read_array_header_2_0(stream)))
    raise ValueError(f"version {version} of the layout")


def read_channels(stream: IO[bytes], header: Header, channels: list[int]) -> np.ndarray:
    """These channels of the array [T, N] or [T, N, C] that follows the header, as float32 [T, N, channels].

    Raises: ValueError if the array is cut short.
    """
    shape = header.shape if len(header.shape) == 3 else (*header.shape, 1)
    num_rows, num_nodes, num_channels = shape
    out = np.empty((num_rows, num_nodes, len(channels)), np.float32)
    with np.errstate(over="ignore"):
        if not header.is_fortran:
            for start, block in _blocks(stream, header.kind, num_rows, num_nodes * num_channels):
                cells = block.reshape(len(block), num_nodes, num_channels)
                for place, channel in enumerate(channels):
                    out[start : start + len(block), :, place] = cells[..., channel]
            return out
        for start, block in _blocks(stream, header.kind, num_channels * num_nodes, num_rows):
            for unit, cells in enumerate(block, start):
                channel, node = divmod(unit, num_nodes)
                if channel in channels:
                    out[:, node, channels.index(channel)] = cells
    return out


def read_small(stream: IO[bytes], header: Header) -> np.ndarray:
    """The whole array that follows the header."""
    size = prod(header.shape) * header.kind.itemsize
    content = _exactly(stream, size)
    return np.frombuffer(content, header.kind).reshape(header.shape, order="F" if header.is_fortran else "C")


def _reordered(found: tuple) -> tuple:
    shape, is_fortran, kind = found
    return shape, kind, is_fortran


def _blocks(stream: IO[bytes], kind: np.dtype, count: int, width: int) -> Iterator[tuple[int, np.ndarray]]:
    """[units, width] with the number of the first unit."""
    step = max(1, BATCH_VALUES // width)
    for start in range(0, count, step):
        units = min(step, count - start)
        yield start, np.frombuffer(_exactly(stream, units * width * kind.itemsize), kind).reshape(units, width)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) != size:
        raise ValueError(f"{size - len(content)} bytes are missing at its end")
    return content

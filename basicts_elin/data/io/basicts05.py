"""Dataset folders of BasicTS 0.5: `data.dat`, `desc.json` and perhaps `adj_mx.pkl`."""

import json
from math import prod
from pathlib import Path

import numpy as np

from ...errors import UserError
from .npz import RawSeries, to_float32
from .writer import GRAPH_FILE

_TIMESTAMP_CHANNELS = {1: "time of day", 2: "day of week"}


def read_legacy(folder: Path) -> RawSeries:
    """Values (channel 0) and timestamps (channels 1, 2) of a BasicTS 0.5 folder, and its graph as it is.

    Raises:
        UserError: a file is missing, its size does not fit its description, or the timestamps are not usable.
    """
    data_file = folder / "data.dat"
    if not data_file.is_file():
        raise UserError(f"raw: {folder} has no data.dat; expected a folder of BasicTS 0.5, or the raw file")
    shape = _described_shape(folder / "desc.json")
    expected, found = prod(shape) * np.dtype(np.float32).itemsize, data_file.stat().st_size
    if found != expected:
        raise UserError(
            f"raw: {data_file} has {found} bytes; expected {expected}, the float32 shape {list(shape)} of desc.json: "
            "copy the folder again"
        )
    data = np.memmap(data_file, dtype=np.float32, mode="r", shape=shape)
    for channel, meaning in _TIMESTAMP_CHANNELS.items():
        _check_timestamps(data[..., channel], channel, meaning, data_file)
    graph_file = folder / GRAPH_FILE
    return RawSeries(
        values=to_float32(data[..., 0]),
        timestamps=to_float32(data[:, 0, list(_TIMESTAMP_CHANNELS)]),
        graph=graph_file.read_bytes() if graph_file.is_file() else None,
    )


def _described_shape(file: Path) -> tuple[int, int, int]:
    try:
        shape = json.loads(file.read_text(encoding="utf-8"))["shape"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(
            f"raw: {file} gives no 'shape' ({type(error).__name__}); expected [steps, nodes, channels]"
        ) from error
    fits = isinstance(shape, list) and len(shape) == 3 and all(isinstance(size, int) and size > 0 for size in shape)
    if not fits or shape[2] <= max(_TIMESTAMP_CHANNELS):
        raise UserError(
            f"raw: 'shape' in {file} is {shape}; expected [steps, nodes, channels] with 3 channels or more: "
            "value, time of day, day of week"
        )
    return tuple(shape)


def _check_timestamps(stamps: np.ndarray, channel: int, meaning: str, file: Path) -> None:
    """`stamps` [T, N] must be the same at every node and lie in [0, 1)."""
    first = np.array(stamps[:, :1])
    # written so that NaN fails too
    outside = ~((first >= 0) & (first < 1))[:, 0]
    if outside.any():
        row = int(outside.argmax())
        raise UserError(
            f"raw: channel {channel} ({meaning}) of {file} is {first[row, 0]:g} at row {row}; expected [0, 1): "
            "time of day as a part of the day, day of week / 7"
        )
    differing = (stamps != first).any(axis=1)
    if differing.any():
        raise UserError(
            f"raw: channel {channel} ({meaning}) of {file} differs between nodes at row {int(differing.argmax())}; "
            "expected one time for all nodes"
        )

"""Dataset folders of BasicTS 0.5: `data.dat`, `desc.json` and an optional `adj_mx.pkl`."""

import json
from math import prod
from pathlib import Path

import numpy as np

from ...errors import UserError
from .batches import BATCH_VALUES
from .raw import RawSeries

LEGACY_FILE = "data.dat"
_GRAPH_FILE = "adj_mx.pkl"
_TIMESTAMP_CHANNELS = {1: "time of day", 2: "day of week"}
_AGAIN = "copy the folder again"


def read_legacy(folder: Path) -> RawSeries:
    """Values (channel 0) and timestamps (channels 1, 2) of a BasicTS 0.5 folder, and the bytes of its graph.

    Raises: UserError if a file is missing, its size does not fit its description, or the timestamps are unusable.
    """
    data_file = folder / LEGACY_FILE
    if not data_file.is_file():
        expected = "a folder of BasicTS 0.5, or the raw file"
        raise UserError("file", f"{folder} without {LEGACY_FILE}", expected, "name another folder or file")
    shape = _described_shape(folder / "desc.json")
    size, found = prod(shape) * np.dtype(np.float32).itemsize, data_file.stat().st_size
    if found != size:
        raise UserError(
            "file",
            f"{data_file} of {found} bytes",
            f"{size} bytes, the float32 shape {list(shape)} in desc.json",
            _AGAIN,
        )
    values = np.empty(shape[:2], np.float32)
    stamps = np.empty((shape[0], len(_TIMESTAMP_CHANNELS)), np.float32)
    step = max(1, BATCH_VALUES // prod(shape[1:]))
    with data_file.open("rb") as file:
        for start in range(0, shape[0], step):
            rows = slice(start, min(start + step, shape[0]))
            count = (rows.stop - start) * prod(shape[1:])
            data = np.fromfile(file, np.float32, count).reshape(-1, *shape[1:])
            for channel, meaning in _TIMESTAMP_CHANNELS.items():
                _check_timestamps(data[..., channel], channel, meaning, data_file, start)
            values[rows], stamps[rows] = data[..., 0], data[:, 0, list(_TIMESTAMP_CHANNELS)]
    graph_file = folder / _GRAPH_FILE
    return RawSeries(values, timestamps=stamps, graph=graph_file.read_bytes() if graph_file.is_file() else None)


def _described_shape(file: Path) -> tuple[int, int, int]:
    expected = "'shape' [rows, nodes, channels] with 3 channels or more: value, time of day, day of week"
    try:
        shape = json.loads(file.read_text(encoding="utf-8"))["shape"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError("file", f"{file} without 'shape' ({type(error).__name__})", expected, _AGAIN) from error
    fits = isinstance(shape, list) and len(shape) == 3 and all(isinstance(size, int) and size > 0 for size in shape)
    if not fits or shape[2] <= max(_TIMESTAMP_CHANNELS):
        raise UserError("file", f"{file} with 'shape' {shape}", expected, _AGAIN)
    return tuple(shape)


def _check_timestamps(stamps: np.ndarray, channel: int, meaning: str, file: Path, start: int) -> None:
    """`stamps` [rows, N], from row `start` on, must be the same at every node and lie in [0, 1)."""
    where, fix = f"channel {channel} ({meaning}) of {file}", "correct the channel, or use the raw file"
    first = np.array(stamps[:, :1])
    # Written so that NaN fails too.
    outside = ~((first >= 0) & (first < 1))[:, 0]
    if outside.any():
        row = int(outside.argmax())
        expected = "[0, 1): time of day as a fraction of the day, day of week / 7"
        raise UserError("file", f"{where} is {first[row, 0]:g} at row {start + row}", expected, fix)
    differing = (stamps != first).any(axis=1)
    if differing.any():
        row = int(differing.argmax())
        raise UserError("file", f"{where} differs between nodes at row {start + row}", "one time for all nodes", fix)

"""Intervals as one file: arrays by safetensors, everything else as JSON in its metadata."""

import json
from pathlib import Path
from typing import Optional

from ...errors import UserError, one_line
from ...files import write_atomically
from .split import Intervals

INTERVALS_FILE = "intervals.safetensors"
_FORMAT = "2"


def save(folder: Path, intervals: Intervals, source: dict[str, str]) -> Path:
    """Write the intervals into the folder, whole or not at all. Returns the file.

    Args:
        source: sha256 of what they come from by name, such as {"checkpoint": ..., "data": ...}.
    """
    from safetensors.numpy import save as to_bytes

    path = Path(folder) / INTERVALS_FILE
    arrays = {name: array.copy(order="C") for name, array in intervals.arrays().items()}
    metadata = {"format": _FORMAT, "facts": json.dumps(intervals.facts()), "source": json.dumps(source)}
    write_atomically(path, to_bytes(arrays, metadata))
    return path


def restore(folder: Path, source: Optional[dict[str, str]] = None) -> Optional[Intervals]:
    """The intervals in the folder; None if there are none, or only those of another source or another version's format.

    Raises: UserError if the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(folder) / INTERVALS_FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata["format"] != _FORMAT or (source is not None and json.loads(metadata["source"]) != source):
                return None
            return Intervals.restored(
                json.loads(metadata["facts"]),
                {name: file.get_tensor(name) for name in file.keys()},  # noqa: SIM118, not a dict
            )
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UserError(path, f"cannot be read ({one_line(error)})", fix="remove it, and calibrate again") from error

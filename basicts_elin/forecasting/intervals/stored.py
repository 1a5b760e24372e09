"""Intervals in a file: the arrays as safetensors, the facts as JSON in its metadata."""

import json
from pathlib import Path
from typing import Optional

from ...errors import UserError, one_line
from ...files import write_atomically
from .split import Intervals

INTERVALS_FILE = "intervals.safetensors"
_FACTS, _CHECKPOINT = "facts", "checkpoint_sha256"


def write_intervals(path: Path, intervals: Intervals, sha256: str) -> None:
    """Write the intervals of the model in the checkpoint with this hash, whole or not at all."""
    from safetensors.numpy import save

    metadata = {_FACTS: json.dumps(intervals.facts()), _CHECKPOINT: sha256}
    write_atomically(path, save(intervals.arrays(), metadata))


def read_intervals(path: Path, sha256: str) -> Optional[Intervals]:
    """The intervals in a file; None if there is no file, or it is of another checkpoint.

    Raises: UserError if the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            if metadata.get(_CHECKPOINT) != sha256:
                return None
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, not a dict
        return Intervals.restored(json.loads(metadata[_FACTS]), arrays)
    except (SafetensorError, ValueError, KeyError) as error:
        found = f"intervals that cannot be read ({one_line(error)})"
        raise UserError(
            path, found, "a file that this package wrote", "remove it; the intervals are made again"
        ) from error

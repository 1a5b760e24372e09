"""Arrays that are read part by part, so that no second copy of the whole exists."""

import numpy as np

# Values that are read at once: 8 MB as float64.
BATCH_VALUES = 1 << 20


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """The parts below each other. The list is emptied: each part is freed once it is copied."""
    if len(parts) == 1:
        return parts.pop()
    out = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    row = 0
    parts.reverse()
    while parts:
        part = parts.pop()
        out[row : row + len(part)] = part
        row += len(part)
    return out

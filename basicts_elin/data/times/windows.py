"""Windows that no break interrupts."""

import numpy as np


def window_starts(breaks: np.ndarray, length: int) -> np.ndarray:
    """The first rows of all windows of `length` rows that hold no break within, int64.

    breaks: bool [T], where a row does not follow the row before it.
    """
    if len(breaks) < length:
        return np.arange(0)
    before = np.cumsum(breaks)
    return np.flatnonzero(before[length - 1 :] == before[: len(breaks) - length + 1])

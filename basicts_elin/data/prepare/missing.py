"""Markers of missing values in a file become NaN."""

from collections.abc import Sequence

import numpy as np

from ...errors import UserError
from ..quality import blocks


def parse_markers(texts: Sequence[str]) -> tuple[float, ...]:
    """The numbers that mark missing values, such as "0", "-1", "nan" and "inf"; each once.

    Raises: UserError for a text that is not a number.
    """
    markers = []
    for text in texts:
        try:
            markers.append(float(text))
        except ValueError as error:
            expected = "numbers, or nan"
            fix = "give each marker as a number; empty and text cells such as NA are missing anyway"
            raise UserError("missing", repr(text), expected, fix) from error
    return tuple(dict.fromkeys(marker for marker in markers if not np.isnan(marker)))


def mark_missing(values: np.ndarray, markers: Sequence[float]) -> dict[float, int]:
    """Replace the markers in `values` (float32, any shape) by NaN, in place. Returns how often each was found."""
    counts = dict.fromkeys(markers, 0)
    for block in blocks(values) if markers else ():
        for marker in markers:
            found = block == np.float32(marker)
            counts[marker] += int(np.count_nonzero(found))
            block[found] = np.nan
    return counts


def extremes(values: np.ndarray) -> tuple[float, float]:
    """The least and the largest value; infinity and minus infinity if all are NaN."""
    parts = blocks(values)
    low = min(float(np.fmin.reduce(block, axis=None, initial=np.inf)) for block in parts)
    return low, max(float(np.fmax.reduce(block, axis=None, initial=-np.inf)) for block in parts)

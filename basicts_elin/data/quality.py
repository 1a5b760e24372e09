"""What a series can be trained with and may yet be wrong: sensors that are stuck, or hardly ever measure."""

from collections.abc import Sequence
from typing import Optional

import numpy as np

_SHOWN = 5


def suspicions(parts: Sequence[np.ndarray], null_value: float, names: Optional[Sequence[str]] = None) -> list[str]:
    """A line for each kind of suspicious sensor that there is.

    Args:
        parts: of a series, [rows, nodes] each.
        null_value: the number that stands for a missing value.
        names: of the nodes; None: their numbers.
    """
    num_rows, num_nodes = sum(map(len, parts)), parts[0].shape[1]
    low, high = np.full(num_nodes, np.inf), np.full(num_nodes, -np.inf)
    count = np.zeros(num_nodes, int)
    for values in parts:
        measured = ~np.isnan(values) if np.isnan(null_value) else values != null_value
        low = np.minimum(low, values.min(axis=0, where=measured, initial=np.inf))
        high = np.maximum(high, values.max(axis=0, where=measured, initial=-np.inf))
        count += measured.sum(axis=0)
    missing = 100 * (1 - count.sum() / (num_rows * num_nodes))
    found = (
        (low == high, "are constant", "all that they measured is one value"),
        (2 * count < num_rows, "miss more than 50 % of their values", f"{missing:.1f} % of all values are missing"),
    )
    return [
        f"warning: {which.sum()} of {num_nodes} sensors {what} ({_listed(which, names)}); {more}"
        for which, what, more in found
        if which.any()
    ]


def _listed(which: np.ndarray, names: Optional[Sequence[str]]) -> str:
    numbers = np.flatnonzero(which)
    first = [str(number if names is None else names[number]) for number in numbers[:_SHOWN]]
    return ", ".join(first) + (", ..." if len(numbers) > len(first) else "")

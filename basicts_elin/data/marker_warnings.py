"""Warnings of measured values that the marker of missing values may hide, and of targets near zero in MAPE.

A series comes as its parts, [rows, nodes] each. Each is read in blocks, so that no temporary array has its size.
"""

from collections.abc import Iterator, Sequence
from typing import Optional

import numpy as np

from .quality import blocks, listed, observed

# a share of a sensor's rows that is worth a word
_NOTICEABLE = 0.02
# zeros are isolated if so many times fewer values lie near them, within this part of the sensor's mean size
_RARER, _NEAR = 10, 0.1
# targets below this part of their mean size are near zero; they carry MAPE if their share of it exceeds the other one
_SMALL, _CARRIED = 0.01, 0.5


def marker_warnings(
    parts: Sequence[np.ndarray],
    null_value: float,
    names: Optional[Sequence[str]] = None,
    fix: str = "--set null_val=nan",
) -> list[str]:
    """One line for each way in which measured values and the marker of missing values may be confused.

    Args:
        null_value: the number that marks a missing value, or NaN.
        names: of the nodes; None: their numbers from 0.
        fix: the option that makes that number a measured value.
    """
    if np.isnan(null_value):
        return _isolated_zeros(parts, names)
    num_rows, num_nodes = sum(map(len, parts)), parts[0].shape[1]
    marked, below, above = np.zeros(num_nodes, int), 0, 0
    low, high, near, example = np.inf, -np.inf, 0, 0.0
    for rows in _blocks(parts):
        is_marker, is_measured = rows == null_value, observed(rows, null_value)
        marked += is_marker.sum(axis=0)
        below += int((rows < null_value)[is_measured].sum())
        above += int((rows > null_value)[is_measured].sum())
        low = min(low, float(rows.min(where=is_measured, initial=np.inf)))
        high = max(high, float(rows.max(where=is_measured, initial=-np.inf)))
        close = rows[~is_marker & ~is_measured]
        near, example = near + close.size, float(close[0]) if close.size else example
    lines, total = [], int(marked.sum())
    often = marked > _NOTICEABLE * num_rows
    if below and above and total:
        share = _percent(below / (below + above))
        lines.append(
            f"{null_value:g} marks a missing value, but values lie on both sides of it ({low:g} to {high:g}, "
            f"{share} below): {total} values count as missing that may be measured; if they are, give {fix}"
        )
    elif often.any():
        lines.append(
            f"{null_value:g} marks a missing value, and fills more than {_percent(_NOTICEABLE)} of the rows of "
            f"{often.sum()} of {num_nodes} sensors ({listed(often, names)}), {_percent(marked.max() / num_rows)} at "
            f"most; if it is a measured value there, give {fix}"
        )
    if near:
        lines.append(
            f"{near} values are not {null_value:g}, but so close to it, such as {example:g}, that BasicTS treats "
            "them as missing"
        )
    return [f"warning: {line}" for line in lines]


def mape_warning(values: np.ndarray, null_value: float) -> str:
    """A line if targets near zero carry MAPE, whatever the model; "" if they do not.

    Each target weighs 1 / its size in MAPE. values: of the test part, [rows, nodes].
    """
    total, count = 0.0, 0
    for sizes in _sizes(values, null_value):
        total, count = total + float(sizes.sum()), count + sizes.size
    bound = _SMALL * total / max(count, 1)
    weight, small_weight, small = 0.0, 0.0, 0
    for sizes in _sizes(values, null_value):
        weights = 1 / sizes
        is_small = sizes < bound
        weight, small_weight = weight + float(weights.sum()), small_weight + float(weights[is_small].sum())
        small += int(is_small.sum())
    if not small or small_weight <= _CARRIED * weight:
        return ""
    return (
        f"warning: MAPE is carried by targets near zero: {_percent(small / count)} of them are below {bound:.2g}, "
        f"{_percent(_SMALL)} of their mean size, and have {_percent(small_weight / weight)} of the weight; compare MAE "
        "and RMSE"
    )


def _isolated_zeros(parts: Sequence[np.ndarray], names: Optional[Sequence[str]]) -> list[str]:
    """Where NaN marks missing values: zeros that look like a second marker. Only where no value is below 0."""
    num_rows, num_nodes = sum(map(len, parts)), parts[0].shape[1]
    zeros, others, total = np.zeros(num_nodes, int), np.zeros(num_nodes, int), np.zeros(num_nodes)
    is_positive, is_whole = np.ones(num_nodes, bool), np.ones(num_nodes, bool)
    for rows in _blocks(parts):
        is_zero, is_other = rows == 0, np.isfinite(rows) & (rows != 0)
        zeros, others = zeros + is_zero.sum(axis=0), others + is_other.sum(axis=0)
        total += rows.sum(axis=0, where=is_other, dtype=np.float64)
        is_positive &= ~(rows < 0).any(axis=0)
        is_whole &= ((rows == np.rint(rows)) | ~is_other).all(axis=0)
    often = (zeros > _NOTICEABLE * num_rows) & (others > 0) & is_positive
    if not often.any():
        return []
    bound = _NEAR * total / np.maximum(others, 1)
    # in counts, 1 lies beside 0
    bound = np.maximum(bound, is_whole).astype(np.float32)
    near = np.zeros(num_nodes, int)
    for rows in _blocks(parts):
        near += ((rows > 0) & (rows <= bound)).sum(axis=0)
    isolated = often & (_RARER * near < zeros)
    if not isolated.any():
        return []
    return [
        f"warning: {isolated.sum()} of {num_nodes} sensors are 0 in more than {_percent(_NOTICEABLE)} of their rows "
        f"and hardly ever near 0 ({listed(isolated, names)}); if 0 means that nothing was measured, prepare with "
        "--missing 0"
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _sizes(values: np.ndarray, null_value: float) -> Iterator[np.ndarray]:
    """The sizes of the values that count in MAPE, float64, by blocks."""
    for rows in _blocks([values]):
        yield np.abs(rows[observed(rows, null_value) & observed(rows, 0.0) & ~np.isnan(rows)]).astype(np.float64)


def _blocks(parts: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    return (rows for values in parts for rows in blocks(values))

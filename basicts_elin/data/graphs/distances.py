"""Matrices of distances, which are not weights: the farthest sensors would be the nearest. N: sensors."""

from typing import Optional

import numpy as np

from ...errors import UserError

# of the entries off the diagonal: with so many, each pair has its distance, and a 0 is a distance too
_ALL_PAIRS = 0.9


def listed_distances(matrix: np.ndarray) -> np.ndarray:
    """Which entries of a matrix [N, N] are distances, bool [N, N].

    Infinity is none. Where it occurs, or nearly all pairs have a distance, a 0 is the distance of sensors at the same
    place; else it is none.
    """
    listed = np.isfinite(matrix)
    return listed if not listed.all() or _has_all_pairs(matrix) else listed & (matrix != 0)


def looks_like_distances(matrix: np.ndarray) -> bool:
    """Whether a matrix [N, N] has no value below 0, the diagonal 0, and values above 1 for nearly all pairs."""
    return (
        len(matrix) > 1
        and not np.diagonal(matrix).any()
        and bool(matrix.min() >= 0)
        and bool(1 < matrix.max() < np.inf)
        and _has_all_pairs(matrix)
    )


def check_distances(matrix: np.ndarray, where: str, field: str) -> None:
    """Raise UserError if the matrix [N, N] cannot hold distances: below 0, or not 0 on the diagonal."""
    wrong: Optional[str] = None
    if matrix.size and matrix.min() < 0:
        wrong = f"{matrix.min():g}, below 0,"
    elif np.diagonal(matrix).any():
        wrong = f"{np.diagonal(matrix).max():g} on the diagonal"
    if wrong is not None:
        fix = "omit --graph-rule gaussian if they are weights"
        raise UserError(field, f"{wrong} in {where}", "distances of 0 or more, 0 from each sensor to itself", fix)


def _has_all_pairs(matrix: np.ndarray) -> bool:
    pairs = matrix.size - len(matrix)
    return pairs > 0 and (np.count_nonzero(matrix) - np.count_nonzero(np.diagonal(matrix))) >= _ALL_PAIRS * pairs

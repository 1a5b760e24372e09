"""The finite-sample rank of split conformal prediction, on a grid of levels in steps of 0.1 per cent.

If n scores and the next one are exchangeable, the next one is at most the score of rank ceil((n + 1) * level) with a
probability of at least the level: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World (2005); Lei et al.,
arXiv 1604.04173.
"""

import math
from collections.abc import Sequence
from typing import Any, Union

import numpy as np

from ...errors import UserError

# steps of the grid in 100 per cent
GRID = 1000
LEVELS = np.arange(1, GRID) / 10
Levels = Union[None, float, Sequence[float]]


def grid_index(level: Any) -> int:
    """The place in `LEVELS` of a level in per cent, or of the next higher one there. Raises: UserError."""
    if not isinstance(level, (int, float)) or isinstance(level, bool) or not 0 < level <= LEVELS[-1]:
        raise UserError("level", level, f"per cent, above 0 and at most {LEVELS[-1]}, such as 90")
    # 80.1 * 10 is a little more than 801
    return math.ceil(round(float(level) * 10, 6)) - 1


def check_levels(level: Levels) -> list[float]:
    """What a user asks for, in per cent, each level once. Raises: UserError for numbers outside of [1, 99.9]."""
    levels = [] if level is None else np.ravel(level).astype(float).tolist()
    for one in levels:
        if not 1 <= one <= LEVELS[-1]:
            # below 1 % is a probability that was not given in per cent
            hint = f"did you mean {100 * one:g}?" if 0 < one < 1 else "give it in per cent"
            raise UserError("level", f"{one:g}", f"per cent from 1 to {LEVELS[-1]}, such as 80 or 95", hint)
    return list(dict.fromkeys(levels))


def rank(count: int, index: int) -> int:
    """The rank, from 1, of the score that bounds the level `LEVELS[index]`; above `count` if there are too few."""
    return -(-(count + 1) * (index + 1) // GRID)


def fewest(index: int) -> int:
    """The smallest number of scores that can bound the level `LEVELS[index]`."""
    tenths = index + 1
    return -(-tenths // (GRID - tenths))


def quantile_table(scores: np.ndarray) -> np.ndarray:
    """The bounding score of each level, float64 [999]; infinity if there are too few scores for a level.

    Args:
        scores: [n], without NaN.
    """
    ordered = np.append(np.sort(scores).astype(np.float64), np.inf)
    ranks = np.array([rank(len(scores), index) for index in range(len(LEVELS))])
    return ordered[np.minimum(ranks - 1, len(scores))]

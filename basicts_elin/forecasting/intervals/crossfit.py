"""The choice of a scaling by cross-fitting: every score comes from a scaling that was fitted without its block of time.

W: windows, O: steps out, N: sensors, K: blocks.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..windows import Windows
from .rank import LEVELS, grid_index, quantile_table
from .scales import CONSTANT, SCALINGS, Scale

_BLOCKS = 5
# Levels in per cent at which the scalings are compared, and the one that decides: a scaling serves all levels.
COMPARED, DECIDING = (80, 90), 90
# What the scalings are compared by: the mean width at equal coverage, or the mean interval score, which adds to the
# width what a miss is outside by, times 2 / (1 - level). Gneiting and Raftery, doi 10.1198/016214506000001437.
WIDTH, SCORE = "width", "score"
# About as many values are taken: windows at equal distances, if there are more. It bounds time and memory.
_MOST_VALUES = 2**23
# the prime factors of the rows of a day or week; a distance of a few rows sees all hours anyway
_FACTORS, _FEW = 2 * 3 * 5 * 7, 4


@dataclass(frozen=True)
class Choice:
    """A scaling with its cross-fitted scores.

    Attributes:
        scale: fitted to all windows.
        quantiles: of the scores of each step, float64 [O, 999], see `rank.quantile_table`.
        counts: number of scores of each step, int64 [O].
        widths, scores: mean width and mean interval score of the intervals of `COMPARED` by level and scaling, on the
            windows held out.
        block_coverage: coverage in per cent of each block, by quantiles of the other blocks' scores, [K, 999]; no
            blocks if there are too few windows to hold any out.
    """

    scale: Scale
    quantiles: np.ndarray
    counts: np.ndarray
    widths: dict[str, dict[str, float]]
    scores: dict[str, dict[str, float]]
    block_coverage: np.ndarray


def choose(windows: Windows, purge: int, criterion: str = WIDTH) -> Choice:
    """The scaling with the smallest width, or the lowest score, at the level `DECIDING`.

    Blocks of consecutive windows are held out in turn. Windows less than `purge` rows away from them are left out of
    the fit, because they share rows. With too few windows for that, `CONSTANT` is used without hold-out.
    """
    windows = thinned(windows)
    error = np.abs(windows.target - windows.prediction)
    blocks = held_out_blocks(windows.rows, purge)
    tried: dict[str, dict[str, dict[str, float]]] = {WIDTH: {}, SCORE: {}}
    best, least = None, np.inf
    for name in SCALINGS if blocks else (CONSTANT,):
        scale = _crossfitted(name, windows, error, blocks) if blocks else _fitted_once(name, windows, error)
        quantiles = step_quantiles(error / scale)
        for level in COMPARED:
            found = width_and_score(error, scale, quantiles, level)
            for kind, value in zip((WIDTH, SCORE), found, strict=True):
                tried[kind].setdefault(str(level), {})[name] = value
        value = tried[criterion][str(DECIDING)][name]
        if best is None or value < least:
            best, least = (name, error / scale, quantiles), value
    assert best is not None, "the constant scaling is always tried"
    name, scores, quantiles = best
    return Choice(
        Scale.fit(name, windows, error),
        quantiles,
        (~np.isnan(error)).sum((0, 2)),
        tried[WIDTH],
        tried[SCORE],
        block_coverage(scores, [held for held, _ in blocks]),
    )


def thinned(windows: Windows) -> Windows:
    """The windows, or every k-th one, so that there are about `_MOST_VALUES` values."""
    every = max(1, windows.prediction.size // _MOST_VALUES)
    # a distance that shares factors with the rows of a day would miss times of the day
    while every > _FEW and math.gcd(every, _FACTORS) > 1:
        every += 1
    return windows if every == 1 else windows.part(slice(None, None, every))


def held_out_blocks(rows: np.ndarray, purge: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Held-out windows and those to fit the scaling by, bool [W] each, for each block.

    There are `_BLOCKS` blocks, or fewer so that half of the windows are left to fit by; none if even two are too many.
    """
    for count in range(_BLOCKS, 1, -1):
        found = list(_blocks(rows, purge, count))
        if all(held.any() and 2 * fitted.sum() >= len(rows) - len(rows) // count for held, fitted in found):
            return found
    return []


def _blocks(rows: np.ndarray, purge: int, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for indices in np.array_split(np.arange(len(rows)), count):
        held = np.zeros(len(rows), bool)
        held[indices] = True
        if not len(indices):
            yield held, ~held
            continue
        first, last = rows[indices[0]], rows[indices[-1]]
        yield held, (rows <= first - purge) | (rows >= last + purge)


def _crossfitted(
    name: str, windows: Windows, error: np.ndarray, blocks: list[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """The scale of every window by the other blocks, float32 [W, O, N]."""
    scale = np.empty_like(error)
    for held, fitted in blocks:
        found = Scale.fit(name, windows.part(fitted), error[fitted])
        scale[held] = found(windows.prediction[held], windows.minutes[held])
    return scale


def _fitted_once(name: str, windows: Windows, error: np.ndarray) -> np.ndarray:
    return np.broadcast_to(Scale.fit(name, windows, error)(windows.prediction, windows.minutes), error.shape)


def step_quantiles(scores: np.ndarray) -> np.ndarray:
    """`quantile_table` of the scores [W, O, N] of each step, [O, 999]; NaN are ignored."""
    steps = [scores[:, step] for step in range(scores.shape[1])]
    return np.stack([quantile_table(step[~np.isnan(step)]) for step in steps])


def width_and_score(error: np.ndarray, scale: np.ndarray, quantiles: np.ndarray, level: float) -> tuple[float, float]:
    """Mean width and mean interval score of the intervals where the target was measured, in the unit of the errors.

    Infinite if there are too few scores for the level.
    """
    bound = quantiles[:, grid_index(level)]
    if not np.isfinite(bound).all():
        return math.inf, math.inf
    measured = ~np.isnan(error)
    half = scale * bound.astype(np.float32)[:, None]
    width = 2 * np.where(measured, half, 0).sum(dtype=np.float64) / measured.sum()
    outside = np.where(measured, np.maximum(error - half, 0), 0).sum(dtype=np.float64) / measured.sum()
    return float(width), float(width + 2 / (1 - level / 100) * outside)


def block_coverage(scores: np.ndarray, held_out: list[np.ndarray]) -> np.ndarray:
    """See `Choice`."""
    covered = np.empty((len(held_out), len(LEVELS)))
    for number, held in enumerate(held_out):
        quantiles = step_quantiles(scores[~held])
        inside = np.zeros(len(LEVELS))
        for step, bounds in enumerate(quantiles):
            own = np.sort(scores[held, step], axis=None)
            inside += np.searchsorted(own[~np.isnan(own)], bounds, side="right")
        covered[number] = 100 * inside / max(1, (~np.isnan(scores[held])).sum())
    return covered

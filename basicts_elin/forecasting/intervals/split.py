"""Split conformal intervals: forecast ± quantile of the step × scale of the forecast. W: windows, O: steps, N: sensors.

Sources: Papadopoulos et al. 2002 and Lei et al., arXiv 1604.04173 (split conformal prediction, scaled scores).
"""

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ...errors import UserError
from ..windows import Windows
from .crossfit import WIDTH, Choice, choose
from .rank import LEVELS, fewest, grid_index
from .scales import Scale

_QUANTILES, _COUNTS, _BLOCKS = "quantiles", "counts", "block_coverage"
_SCALE = "scale."


@dataclass(frozen=True)
class Intervals(Choice):
    """Prediction intervals of a model, from its errors on windows that it was not trained on.

    Attributes:
        windows: number of windows that they come from.
    """

    windows: int

    @classmethod
    def fit(cls, windows: Windows, input_len: Optional[int] = None, criterion: str = WIDTH) -> "Intervals":
        """Choose the scaling by cross-fitting within these windows, and take the quantiles of its scores.

        Args:
            windows: of the validation part. Targets that are NaN are ignored.
            input_len: steps in, default as many as out. Windows closer than steps in and out are never on both sides of
                a held-out block.
            criterion: what the scalings are compared by, `crossfit.WIDTH` or `crossfit.SCORE`.
        Raises: UserError for a step without any measured target.
        """
        steps = windows.prediction.shape[1]
        empty = np.isnan(windows.target).all(axis=(0, 2))
        if empty.any():
            found = f"no measured target {int(np.argmax(empty)) + 1} steps ahead, in {len(windows.rows)} windows"
            raise UserError("intervals", found, "measured values in the validation part", "prepare more rows")
        choice = choose(windows, (steps if input_len is None else input_len) + steps, criterion)
        return cls(**vars(choice), windows=len(windows.rows))

    def bounds(self, prediction: np.ndarray, minutes: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bounds, float32 [W, O, N].

        A higher level contains a lower one. Levels are rounded up to 0.1 per cent.

        Args:
            prediction: [W, O, N].
            minutes: minute of the day of each target, [W, O].
            level: in per cent.
        Raises: UserError for an invalid level, or one for which there are too few scores.
        """
        half = self.half_width(prediction, minutes, level)
        return prediction - half, prediction + half

    def half_width(self, prediction: np.ndarray, minutes: np.ndarray, level: float) -> np.ndarray:
        """Half the width of the intervals, float32 [W, O, N], see `bounds`."""
        quantile = self.quantile(level).astype(np.float32)[:, None]
        half = np.multiply(self.scale(prediction, minutes), quantile, dtype=np.float32)
        return np.broadcast_to(half, prediction.shape)

    def quantile(self, level: float) -> np.ndarray:
        """The quantile of the scores of each step, float64 [O]. Raises: UserError."""
        index = grid_index(level)
        found = self.quantiles[:, index]
        if not np.isfinite(found).all():
            count, highest = int(self.counts.min()), LEVELS[np.isfinite(self.quantiles).all(axis=0)]
            expected = f"{fewest(index)} or more" + (f", or a level of at most {highest[-1]}" if len(highest) else "")
            raise UserError("level", f"{level} with {count} measured targets of a step", expected)
        return found

    def validation_coverage(self, level: float) -> np.ndarray:
        """Coverage in per cent of each held-out block of the validation part, [K]; empty if it was too short."""
        return self.block_coverage[:, grid_index(level)]

    def facts(self) -> dict[str, Any]:
        """What is not an array, for JSON."""
        return {"scaling": self.scale.name, "windows": self.windows, "widths": self.widths, "scores": self.scores}

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays by name, for safetensors."""
        own = {_QUANTILES: self.quantiles, _COUNTS: self.counts, _BLOCKS: self.block_coverage}
        return own | {_SCALE + name: table for name, table in self.scale.tables.items()}

    @classmethod
    def restored(cls, facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> "Intervals":
        """The intervals with these `facts` and `arrays`."""
        tables = {name.removeprefix(_SCALE): array for name, array in arrays.items() if name.startswith(_SCALE)}
        return cls(
            Scale(facts["scaling"], tables),
            arrays[_QUANTILES],
            arrays[_COUNTS],
            facts["widths"],
            facts["scores"],
            arrays[_BLOCKS],
            facts["windows"],
        )

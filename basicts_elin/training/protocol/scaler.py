"""Z-score with one mean and one deviation."""

from typing import Optional

import numpy as np
import torch
from basicts.scaler import ZScoreScaler

from ...errors import UserError


class BenchmarkZScoreScaler(ZScoreScaler):
    """BasicTS's z-score that also works with `norm_each_channel=False`, the benchmark's setting.

    Missing values marked by a number (0) count in the mean and the deviation, as in BasicTS 0.5. The published
    figures were made that way. NaN does not count.
    """

    def fit(self, data: np.ndarray) -> None:
        """Fit to the training part `data` [rows, nodes].

        BasicTS defect 3: `ZScoreScaler.fit` passes a numpy scalar to `torch.Tensor`, a TypeError.
        Raises: UserError for values that are not finite.
        """
        if self.stats:
            return
        if self.norm_each_channel:
            self._fit_each_channel(data)
        else:
            mean, deviation = _mean_and_deviation(data)
            # tensors, because BasicTS reads checkpoints with weights_only
            self.stats = {"mean": torch.tensor(mean), "std": torch.tensor(deviation or 1.0)}
        if not all(statistic.isfinite().all() for statistic in self.stats.values()):
            raise UserError("training data", "infinity, or NaN only", "finite values", "prepare the dataset again")

    def _fit_each_channel(self, data: np.ndarray) -> None:
        """BasicTS defect 33: there, a node that misses a value has neither mean nor deviation.

        A node without any value gets those of all nodes, and a constant one the deviation 1.
        """
        measured = ~np.isnan(data)
        if measured.all():
            super().fit(data)
            return
        count = measured.sum(axis=0, keepdims=True)
        divisor = np.maximum(count, 1)
        mean = np.sum(data, axis=0, where=measured, keepdims=True, dtype=np.float64) / divisor
        square = np.sum((data - mean.astype(np.float32)) ** 2, axis=0, where=measured, keepdims=True, dtype=np.float64)
        deviation = np.sqrt(square / divisor)
        deviation[deviation == 0] = 1.0
        if not count.all():
            both = zip((mean, deviation), _mean_and_deviation(data), strict=True)
            mean, deviation = (np.where(count == 0, of_all, of_each) for of_each, of_all in both)
        self.stats = {"mean": torch.tensor(mean).float(), "std": torch.tensor(deviation).float()}

    def transform(self, input_data: torch.Tensor, mask: Optional[torch.Tensor] = None) -> torch.Tensor:
        """The normalised values. Values whose mask is False stay unchanged."""
        self._move(input_data.device)
        return super().transform(input_data, mask)

    def inverse_transform(self, input_data: torch.Tensor, mask: Optional[torch.Tensor] = None) -> torch.Tensor:
        """The values on the original scale. Values whose mask is False stay unchanged."""
        self._move(input_data.device)
        return super().inverse_transform(input_data, mask)

    def _move(self, device: torch.device) -> None:
        """BasicTS defect 19: there, mean and deviation are moved to the device for every tensor, and waited for."""
        self.stats = {name: statistic.to(device) for name, statistic in self.stats.items()}


def _mean_and_deviation(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of all values but NaN, computed in float64. Other marks of missing values count.

    Those of no value are NaN.
    """
    mean = float(np.mean(values, dtype=np.float64))
    if np.isnan(mean):
        values = values[~np.isnan(values)]
        if not len(values):
            return np.nan, np.nan
        mean = float(np.mean(values, dtype=np.float64))
    return mean, float(np.std(values, dtype=np.float64))

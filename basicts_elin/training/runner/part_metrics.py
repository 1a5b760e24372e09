"""The metrics of a part of the data: ratios of sums over its targets. B batch, T steps ahead, N sensors.

BasicTS defect 31: it averages metrics over batches even if they are not means over measured targets.
"""

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any, Optional

import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.metrics import ALL_METRICS, masked_wape
from torch import Tensor
from torch.nn import functional

from ...averages import MEAN, OVERALL, mean_over_horizons
from ...data.quality import NEAR

# Our metrics, besides those of BasicTS. Its WAPE is the mean over windows and sensors of each batch.
NAMED_METRICS = {"WAPE_batch_mean": masked_wape}

Metric = Callable[..., Tensor]
Batch = Mapping[str, Any]


def known_metrics() -> list[str]:
    """The metrics that a configuration may name."""
    return [*ALL_METRICS, *NAMED_METRICS]


def with_named_metrics(config: BasicTSForecastingConfig) -> BasicTSForecastingConfig:
    """The configuration with the functions of our metrics, whose names BasicTS does not know. Its hash is the same."""
    if not any(name in NAMED_METRICS for name in config.metrics if isinstance(name, str)):
        return config
    # The hash is computed with the names, and cached.
    _ = config.md5
    config = copy.copy(config)
    config.metrics = [
        (name, NAMED_METRICS[name]) if isinstance(name, str) and name in NAMED_METRICS else name
        for name in config.metrics
    ]
    return config


class PartMetrics:
    """The metrics of one part, whatever its batches. Only reading them waits for the device (defect 18).

    BasicTS's metrics are computed from sums over all targets. Any other function is called for each batch, and its
    values are averaged.

    Args:
        metrics: name -> function.
        value: (function, batch) -> its value for the batch.
        weight: (function, batch) -> the weight of that value.
        by_step: whether each step ahead has metrics, too. All batches must then have the same steps.
        are_exact: whether BasicTS's metrics are ratios of sums; otherwise they are averaged, too.
    """

    def __init__(
        self,
        metrics: Mapping[str, Metric],
        value: Callable[[Metric, Batch], Tensor],
        weight: Callable[[Metric, Batch], Any],
        *,
        by_step: bool,
        are_exact: bool,
    ):
        self.metrics, self._value, self._weight, self._by_step = metrics, value, weight, by_step
        self._exact = [
            name for name in metrics if are_exact and name in _FORMULAS and metrics[name] is ALL_METRICS[name]
        ]
        self._terms = dict.fromkeys(term for name in self._exact for term in _FORMULAS[name][0])
        # float64: [T] or [1] of each term; [1 + T, 2] or [1, 2] of each other metric, its weighted sum and its weight
        self._sums: dict[str, Tensor] = {}
        self._steps = 0

    @torch.no_grad()
    def add(self, batch: Batch) -> None:
        """Add a batch: prediction, targets, targets_mask (True = measured), each [B, T, N]."""
        self._steps = batch["prediction"].shape[1]
        if self._terms:
            targets = _Targets(batch["prediction"], batch["targets"], batch["targets_mask"])
            over = (0, 2) if self._by_step else (0, 1, 2)
            for term in self._terms:
                self._add(term, getattr(targets, term)().sum(over, dtype=torch.float64).reshape(-1))
        batches = [batch, *_each_step(batch)] if self._by_step else [batch]
        for name, metric in self.metrics.items():
            if name not in self._exact:
                self._add(f"own {name}", torch.stack([self._weighted(name, metric, one) for one in batches]))

    def share(self, reduce: Callable[[Tensor], Any]) -> None:
        """Sum over processes: `reduce` sums a tensor in place."""
        for total in self._sums.values():
            reduce(total)

    def values(self) -> dict[str, dict[str, Optional[float]]]:
        """Overall, and by step "1", "2", ..., with the mean of these: metric -> value, None where nothing counted."""
        if not self._steps:
            return {OVERALL: dict.fromkeys(self.metrics)}
        sums = {name: total.cpu() for name, total in self._sums.items()}
        series = {name: self._series(name, sums) for name in self.metrics}
        found = {OVERALL: {name: values[0] for name, values in series.items()}}
        if self._by_step:
            steps = range(1, self._steps + 1)
            found |= {str(step): {name: series[name][step] for name in series} for step in steps}
            found[MEAN] = mean_over_horizons([found[str(step)] for step in steps])
        return found

    def _series(self, name: str, sums: Mapping[str, Tensor]) -> list[Optional[float]]:
        """A metric overall, and at each step."""
        if name in self._exact:
            terms, formula = _FORMULAS[name]
            values = formula(*(torch.cat([sums[term].sum(0, keepdim=True), sums[term]]) for term in terms))
        else:
            total, weight = sums[f"own {name}"].T
            values = (total / weight) ** (1 / _power(name))
        return [value if math.isfinite(value) else None for value in values.tolist()]

    def _weighted(self, name: str, metric: Metric, batch: Batch) -> Tensor:
        device = batch["prediction"].device
        value, weight = (
            torch.as_tensor(number, device=device).double()
            for number in (self._value(metric, batch), self._weight(metric, batch))
        )
        return torch.stack([torch.where(weight > 0, value ** _power(name) * weight, 0.0), weight])

    def _add(self, name: str, sums: Tensor) -> None:
        self._sums[name] = self._sums[name] + sums if name in self._sums else sums


def _power(name: str) -> int:
    """BasicTS's meter named RMSE averages squares."""
    return 2 if name == "RMSE" else 1


def _each_step(batch: Batch) -> list[dict[str, Tensor]]:
    names = ("prediction", "targets", "targets_mask")
    return [{name: batch[name][:, step] for name in names} for step in range(batch["prediction"].shape[1])]


class _Targets:
    """What the metrics sum, for each target of a batch, [B, T, N]; 0 where nothing was measured."""

    def __init__(self, prediction: Tensor, targets: Tensor, mask: Tensor):
        self.mask = mask
        self.predicted, self.measured = (values.masked_fill(~mask, 0) for values in (prediction, targets))
        self.errors = self.predicted - self.measured
        self.is_nonzero = self.measured.abs() > NEAR

    def count(self) -> Tensor:
        return self.mask

    def nonzero(self) -> Tensor:
        return self.is_nonzero

    def absolute(self) -> Tensor:
        return self.errors.abs()

    def squared(self) -> Tensor:
        return self.errors.square()

    def huber(self) -> Tensor:
        return functional.huber_loss(self.predicted, self.measured, reduction="none")

    def share(self) -> Tensor:
        return (self.errors / self.measured).abs().masked_fill(~self.is_nonzero, 0)

    def symmetric(self) -> Tensor:
        halves = (self.predicted.abs() + self.measured.abs()) / 2
        return (self.errors.abs() / halves).masked_fill(~self.is_nonzero, 0)

    def size(self) -> Tensor:
        return self.measured.abs()

    def target(self) -> Tensor:
        return self.measured

    def target_squared(self) -> Tensor:
        return self.measured.square()

    def prediction(self) -> Tensor:
        return self.predicted

    def prediction_squared(self) -> Tensor:
        return self.predicted.square()

    def product(self) -> Tensor:
        return self.predicted * self.measured


def _ratio(total: Tensor, count: Tensor) -> Tensor:
    return total / count


def _root(total: Tensor, count: Tensor) -> Tensor:
    return (total / count).sqrt()


def _r2(squared: Tensor, target: Tensor, target_squared: Tensor, count: Tensor) -> Tensor:
    return 1 - squared / (target_squared - target.square() / count)


def _correlation(product: Tensor, one: Tensor, one_squared: Tensor, two: Tensor, two_squared: Tensor, count: Tensor):
    """Pearson's coefficient."""
    scale = (one_squared - one.square() / count) * (two_squared - two.square() / count)
    return (product - one * two / count) / scale.sqrt()


# metric -> the terms whose sums it is made of, and how
_FORMULAS: dict[str, tuple[tuple[str, ...], Callable[..., Tensor]]] = {
    "MAE": (("absolute", "count"), _ratio),
    "MSE": (("squared", "count"), _ratio),
    "RMSE": (("squared", "count"), _root),
    "MAPE": (("share", "nonzero"), _ratio),
    "WAPE": (("absolute", "size"), _ratio),
    "SMAPE": (("symmetric", "nonzero"), _ratio),
    "HUBER": (("huber", "count"), _ratio),
    "R2": (("squared", "target", "target_squared", "count"), _r2),
    "CORR": (
        ("product", "prediction", "prediction_squared", "target", "target_squared", "count"),
        _correlation,
    ),
}

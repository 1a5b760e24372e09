"""Learning rates by epoch: lowered when a validation metric stalls, or a cosine after a warm-up."""

import math
from typing import Literal, Optional, SupportsFloat

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau


class PlateauLR(ReduceLROnPlateau):
    """torch's ReduceLROnPlateau, stepped with a metric of the run after each validation.

    BasicTS defect 35: it steps every schedule without a metric, which ReduceLROnPlateau needs.

    Args:
        optimizer: as BasicTS builds it.
        metric: one of the run's metrics, or "loss"; None = its `target_metric`.
        mode: "min", or "max" for a metric where greater is better.
        factor: multiplies the learning rate; below 1.
        patience: validations without an improvement that are tolerated; the next one lowers the learning rate.
        threshold: the relative improvement that counts.
        min_lr: the learning rate never falls below it.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        metric: Optional[str] = None,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        min_lr: float = 0.0,
    ):
        super().__init__(optimizer, mode, factor=factor, patience=patience, threshold=threshold, min_lr=min_lr)
        self.metric = metric

    def step(self, metrics: Optional[SupportsFloat] = None, epoch: Optional[int] = None) -> None:  # type: ignore[override]
        """Take the value of the metric into account. Without one, as BasicTS calls it, nothing happens."""
        if metrics is not None:
            super().step(metrics)


class WarmupCosineLR(LRScheduler):
    """A linear warm-up, then a cosine, as for PDFormer (AAAI 2023).

    In epoch t, counted from 0, the learning rate is warmup_lr + (lr - warmup_lr) t / warmup_epochs while
    t < warmup_epochs, then min_lr + (lr - min_lr) (1 + cos(pi t / num_epochs)) / 2: the cosine counts the epochs of the
    warm-up, too.

    Args:
        optimizer: as BasicTS builds it; its learning rate is lr.
        num_epochs: of the run. BasicTS passes the configuration's field of this name.
        warmup_epochs: length of the warm-up.
        warmup_lr: the learning rate of the first epoch.
        min_lr: the learning rate at the end of the cosine.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        num_epochs: int,
        warmup_epochs: int = 5,
        warmup_lr: float = 1e-6,
        min_lr: float = 0.0,
    ):
        self.num_epochs, self.warmup_epochs = num_epochs, warmup_epochs
        self.warmup_lr, self.min_lr = warmup_lr, min_lr
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        return [self._at(self.last_epoch, lr) for lr in self.base_lrs]

    def _at(self, epoch: int, lr: float) -> float:
        if epoch < self.warmup_epochs:
            return self.warmup_lr + (lr - self.warmup_lr) * epoch / self.warmup_epochs
        cosine = math.cos(math.pi * min(epoch / self.num_epochs, 1))
        return self.min_lr + (lr - self.min_lr) * (1 + cosine) / 2

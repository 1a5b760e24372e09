"""Losses with settings, and what a run must know about any loss.

Letters: B batch, T steps, N nodes.
"""

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Union

import torch
from torch.nn.modules.loss import _Loss


class HuberLoss(torch.nn.Module):
    """The Huber loss: half the squared error up to `delta`, linear beyond (Huber 1964). A mean over targets.

    In the benchmark's recipe it is computed on the original scale.

    Args:
        delta: the error from which the loss is linear, in the units of the loss.
        masked: leave out missing targets. Otherwise they count as 0, the number that marks them.
    Attributes:
        is_mean_over_targets: several processes can share it.
    """

    is_mean_over_targets = True

    def __init__(self, delta: float = 1.0, masked: bool = False):
        super().__init__()
        if not delta > 0:
            raise ValueError(f"delta: {delta}; expected a number above 0")
        self.delta, self.masked = delta, masked

    def forward(self, prediction: torch.Tensor, targets: torch.Tensor, targets_mask: torch.Tensor) -> torch.Tensor:
        """The loss of predictions [B, T, N]; targets_mask: bool [B, T, N], True = measured."""
        # torch's gradient needs one dtype
        targets = targets.to(prediction.dtype)
        losses = torch.nn.functional.huber_loss(prediction, targets, reduction="none", delta=self.delta)
        if not self.masked:
            return losses.mean()
        return losses.masked_fill(~targets_mask, 0).sum() / targets_mask.sum().clamp(min=1)


def callable_loss(loss: Union[str, Callable], of_basicts: Callable) -> Callable:
    """The loss of a configuration; of_basicts: what BasicTS made of it.

    BasicTS defect 34: it drops the default arguments of a function. HUBER, its only loss that has some, also divides by
    the number of all targets. Here it is the mean over the measured ones.
    """
    if loss == "HUBER":
        return HuberLoss(masked=True)
    if isinstance(loss, FunctionType) and isinstance(of_basicts, FunctionType):
        of_basicts.__defaults__, of_basicts.__kwdefaults__ = loss.__defaults__, loss.__kwdefaults__
    return of_basicts


def leaves_out_missing(loss: Union[str, Callable]) -> bool:
    """Whether missing targets do not count: in BasicTS's losses, and in any other that takes `targets_mask`."""
    if isinstance(loss, str):
        return True
    function = loss.forward if isinstance(loss, torch.nn.Module) else loss
    return getattr(loss, "masked", "targets_mask" in inspect.signature(function).parameters)


def is_mean_over_targets(loss: Union[str, Callable]) -> bool:
    """Whether the loss of a batch is the mean of those of its parts, weighted by their targets.

    A function without the attribute is assumed to be.
    """
    if isinstance(loss, str):
        return loss in ("MAE", "MSE", "HUBER")
    if isinstance(loss, _Loss):
        return loss.reduction == "mean"
    return getattr(loss, "is_mean_over_targets", True)

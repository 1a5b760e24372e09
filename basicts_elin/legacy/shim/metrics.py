"""`basicts.metrics` of BasicTS 0.5: metrics that find missing values in the target themselves.

Prediction and target may have any shapes that broadcast. NaN terms count as 0, as in BasicTS 0.5.
"""

import math

import numpy as np
import torch
from torch.nn.functional import huber_loss

from .refuse import refuse_others

# a target counts as missing within this distance of the null value
_NEAR = 5e-5


def masked_mae(prediction: torch.Tensor, target: torch.Tensor, null_val: float = np.nan) -> torch.Tensor:
    return _mean((prediction - target).abs(), _present(target, null_val))


def masked_mse(prediction: torch.Tensor, target: torch.Tensor, null_val: float = np.nan) -> torch.Tensor:
    return _mean((prediction - target).square(), _present(target, null_val))


def masked_rmse(prediction: torch.Tensor, target: torch.Tensor, null_val: float = np.nan) -> torch.Tensor:
    return masked_mse(prediction, target, null_val).sqrt()


def masked_mape(prediction: torch.Tensor, target: torch.Tensor, null_val: float = np.nan) -> torch.Tensor:
    present = _present(target, null_val) & _present(target, 0.0)
    return _mean(((prediction - target) / target).abs(), present)


def masked_smape(prediction: torch.Tensor, target: torch.Tensor, null_val: float = np.nan) -> torch.Tensor:
    present = _present(target, null_val) & _present(target, 0.0)
    return _mean(2 * (prediction - target).abs() / (prediction.abs() + target.abs()), present)


def masked_wape(prediction: torch.Tensor, target: torch.Tensor, null_val: float = np.nan) -> torch.Tensor:
    prediction, target = _zero_where_missing(prediction, target, null_val)
    return ((prediction - target).abs().sum(dim=1) / (target.abs().sum(dim=1) + _NEAR)).mean()


def masked_huber(
    prediction: torch.Tensor,
    target: torch.Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    null_val: float = np.nan,
) -> torch.Tensor:
    """The Huber loss over all entries. A missing entry has no error but counts in the mean."""
    return huber_loss(*_zero_where_missing(prediction, target, null_val), reduction=reduction, delta=delta)


ALL_METRICS = {
    "MAE": masked_mae,
    "MSE": masked_mse,
    "RMSE": masked_rmse,
    "MAPE": masked_mape,
    "WAPE": masked_wape,
    "SMAPE": masked_smape,
    "HUBER": masked_huber,
}


def _present(target: torch.Tensor, null_val: float) -> torch.Tensor:
    return ~target.isnan() if math.isnan(null_val) else ~((target - null_val).abs() <= _NEAR)


def _mean(terms: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """Mean of the terms that are present; 0 if none is."""
    share = present.to(terms.dtype).mean()
    return (terms * present).nan_to_num().mean() / share.clamp(min=torch.finfo(terms.dtype).tiny)


def _zero_where_missing(
    prediction: torch.Tensor, target: torch.Tensor, null_val: float
) -> tuple[torch.Tensor, torch.Tensor]:
    present = _present(target, null_val)
    return (prediction * present).nan_to_num(), (target * present).nan_to_num()


__getattr__ = refuse_others("metrics")

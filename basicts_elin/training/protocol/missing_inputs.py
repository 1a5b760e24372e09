"""What a model sees in place of a missing input.

zero: the marker of a missing value, scaled like any value, as in BasicTS 0.5; 0, scaled, where the marker is NaN.
mean: the mean, which is 0 after scaling.
last: the last value that was measured in the window at the same sensor; the mean if there is none.

Letters: B batch, T steps, N nodes.
"""

import math

import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.scaler import BasicTSScaler

from ...config.own_fields import missing_inputs_of


def scaled_without_gaps(
    values: torch.Tensor, measured: torch.Tensor, scaler: BasicTSScaler, config: BasicTSForecastingConfig
) -> torch.Tensor:
    """The scaled values [B, T, N], with what the configuration's rule puts in place of those that are not measured."""
    rule = missing_inputs_of(config)
    if rule == "zero":
        return scaler.transform(values.masked_fill(~measured, 0.0) if math.isnan(config.null_val) else values)
    if rule == "last":
        values, measured = carried_forward(values, measured)
    return scaler.transform(values).masked_fill(~measured, config.null_to_num)


def carried_forward(values: torch.Tensor, measured: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The last measured value at each step [B, T, N], and where there is one."""
    steps = torch.arange(values.shape[1], device=values.device)[:, None]
    last = torch.where(measured, steps, -1).cummax(dim=1).values
    return values.gather(1, last.clamp(min=0)), last >= 0


def missing_inputs_line(share: float, config: BasicTSForecastingConfig) -> str:
    """What a run says of the missing values of its dataset; "" if it has none. share: of all values."""
    if not share:
        return ""
    rule = missing_inputs_of(config)
    marker = 0.0 if math.isnan(config.null_val) else config.null_val
    seen = {
        "zero": f"{marker:g}, scaled like any value",
        "mean": "the mean",
        "last": "the last measured value of its window, or the mean",
    }
    return f"{100 * share:.2g} % of the values are missing; a model sees {seen[rule]} (missing_inputs={rule})"

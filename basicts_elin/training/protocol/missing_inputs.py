"""What a model sees in place of a missing input.

zero: the marker of a missing value, scaled like any value, as in BasicTS 0.5; 0, scaled, where the marker is NaN.
mean: the mean, which is 0 after scaling.
last: the last value that was measured in the window at the same sensor; the mean if there is none.

Letters: B batch, T steps, N nodes.
"""

import math
from collections.abc import Callable

import torch
from basicts.configs import BasicTSForecastingConfig

from ...config.own_fields import missing_inputs_of


def scaled_without_gaps(
    values: torch.Tensor,
    measured: torch.Tensor,
    transform: Callable[[torch.Tensor], torch.Tensor],
    *,
    rule: str,
    null_val: float,
    null_to_num: float,
) -> torch.Tensor:
    """The scaled values [B, T, N], with what the rule puts in place of those that are not measured.

    Args:
        values: original units; `null_val` where nothing was measured.
        measured: bool [B, T, N].
        transform: scales values.
        rule: "zero", "mean" or "last".
        null_val: the marker of a missing value.
        null_to_num: what stands for the mean after scaling.
    """
    if rule == "zero":
        return transform(values.masked_fill(~measured, 0.0) if math.isnan(null_val) else values)
    if rule == "last":
        values, measured = carried_forward(values, measured)
    return transform(values).masked_fill(~measured, null_to_num)


def is_measured(values: torch.Tensor, null_val: float) -> torch.Tensor:
    """The mask of BasicTS. BasicTS defect 29: there, `null_val` is copied to the device for every mask."""
    if math.isnan(null_val):
        return ~values.isnan()
    return ~((values - null_val).abs() <= 5e-5 + 1e-5 * abs(null_val))


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

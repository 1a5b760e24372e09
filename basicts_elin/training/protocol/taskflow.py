"""Remedies (b) and (c): the loss on the original scale, zeros in the inputs scaled like any value."""

import math
from typing import Any

import torch
from basicts.runners.callback import BasicTSCallback
from basicts.runners.taskflow import BasicTSForecastingTaskFlow


class OriginalScaleTaskFlow(BasicTSForecastingTaskFlow):
    """BasicTS's forecasting task flow as it was in BasicTS 0.5, which the published figures were made with.

    Defect (c): in 1.1 a missing input (0) becomes 0 after scaling, which is the mean of the series; before, it was
    scaled like any value, (0 - mean) / std. Defect (b): see `OriginalScaleLoss`, which must be among the callbacks.
    """

    def preprocess(self, runner, data: dict[str, Any]) -> dict[str, Any]:
        """Scale the inputs and targets [batch, steps, nodes] and add `targets_mask`, True = present."""
        if not any(isinstance(callback, OriginalScaleLoss) for callback in runner.callback_handler.callbacks):
            raise ValueError("taskflow=OriginalScaleTaskFlow() needs OriginalScaleLoss() among the callbacks")
        for name, tensor in data.items():
            if isinstance(tensor, torch.Tensor):
                data[name] = runner.to_running_device(tensor, non_blocking=True)
        data["targets_mask"] = _measured(data["targets"], runner.cfg.null_val)
        data["targets"] = data["targets"].masked_fill(~data["targets_mask"], runner.cfg.null_to_num)
        data["inputs"] = runner.scaler.transform(data["inputs"])
        data["targets"] = runner.scaler.transform(data["targets"], data["targets_mask"])
        return data

    def postprocess(self, runner, forward_return: dict[str, Any]) -> dict[str, Any]:
        """Nothing: `OriginalScaleLoss` has brought prediction and targets back to the original scale."""
        return forward_return


def _measured(values: torch.Tensor, null_val: float) -> torch.Tensor:
    """BasicTS's `null_val_mask`, which waits for the device to fetch `null_val`."""
    if math.isnan(null_val):
        return ~values.isnan()
    return ~((values - null_val).abs() <= 5e-5 + 1e-5 * abs(null_val))


class OriginalScaleLoss(BasicTSCallback):
    """Brings prediction and targets back to the original scale before the loss is computed.

    Defect (b): in 1.1 the loss is computed on normalised data, so that the weight decay of the benchmark's recipes,
    which were chosen for losses on the original scale, acts std times (about 150 times) too strongly.
    """

    def on_compute_loss(self, runner, *args, forward_return: dict[str, Any], **kwargs) -> None:
        if not isinstance(runner.taskflow, OriginalScaleTaskFlow):
            raise ValueError("OriginalScaleLoss() needs taskflow=OriginalScaleTaskFlow(), or it would rescale twice")
        # in half precision the original scale would be rounded to steps of 2 near 300
        prediction = forward_return["prediction"]
        forward_return["prediction"] = prediction.to(torch.promote_types(prediction.dtype, torch.float32))
        BasicTSForecastingTaskFlow.postprocess(runner.taskflow, runner, forward_return)

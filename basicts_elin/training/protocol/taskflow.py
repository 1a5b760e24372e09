"""Loss and metrics on the original scale; missing inputs as the configuration says."""

from typing import Any

import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.runners.callback import BasicTSCallback
from basicts.runners.taskflow import BasicTSForecastingTaskFlow

from ...config.own_fields import missing_inputs_of
from .missing_inputs import is_measured, scaled_without_gaps

# in a batch: the targets before they are scaled
_ORIGINAL = "original_targets"


class OriginalScaleTaskFlow(BasicTSForecastingTaskFlow, BasicTSCallback):
    """The forecasting task flow of BasicTS 0.5, with which the published figures were made.

    It scales inputs and targets, and brings prediction and targets back to the original scale before the loss is
    computed. A task flow of BasicTS cannot do the latter. This one is therefore also a callback, and adds itself as the
    first callback of the run.
    """

    def preprocess(self, runner, data: dict[str, Any]) -> dict[str, Any]:
        """Scale inputs and targets [batch, steps, nodes], and add `targets_mask`, True = measured.

        BasicTS defect 2: there, a missing input becomes the mean of the series. Here the configuration says what it
        becomes, see `missing_inputs`; by default it is scaled like any value: (0 - mean) / deviation.
        """
        self._become_first_callback(runner)
        for name, tensor in data.items():
            if isinstance(tensor, torch.Tensor):
                data[name] = runner.to_running_device(tensor, non_blocking=True)
        if _round_trip_shows(runner.cfg):
            data[_ORIGINAL] = data["targets"]
        data["targets_mask"] = is_measured(data["targets"], runner.cfg.null_val)
        data["targets"] = data["targets"].masked_fill(~data["targets_mask"], runner.cfg.null_to_num)
        data["inputs"] = self.scaled(runner, data["inputs"])
        data["targets"] = runner.scaler.transform(data["targets"], data["targets_mask"])
        return data

    def scaled(self, runner, values: torch.Tensor) -> torch.Tensor:
        """Scaled values [batch, steps, nodes] for a model to see: never NaN."""
        config = runner.cfg
        return scaled_without_gaps(
            values,
            is_measured(values, config.null_val),
            runner.scaler.transform,
            rule=missing_inputs_of(config),
            null_val=config.null_val,
            null_to_num=config.null_to_num,
        )

    def on_compute_loss(self, runner, *args, forward_return: dict[str, Any], **kwargs) -> None:
        """Bring prediction and targets back to the original scale, before other callbacks see them.

        BasicTS defect 1: there, the loss is computed on normalised data. The weight decay of the benchmark's recipes
        was chosen for losses on the original scale, and acts about 150 times (the deviation) too strongly.
        """
        # In half precision, values near 300 on the original scale would be rounded to steps of 2.
        prediction = forward_return["prediction"]
        forward_return["prediction"] = prediction.to(torch.promote_types(prediction.dtype, torch.float32))
        original = forward_return.pop(_ORIGINAL, None)
        super().postprocess(runner, forward_return)
        if original is not None:
            mask = forward_return["targets_mask"]
            forward_return["targets"] = original.masked_fill(~mask, runner.cfg.null_to_num)

    def postprocess(self, runner, forward_return: dict[str, Any]) -> dict[str, Any]:
        """Nothing: prediction and targets are already on the original scale."""
        return forward_return

    def _become_first_callback(self, runner) -> None:
        callbacks = runner.callback_handler.callbacks
        if self not in callbacks:
            # a new list: the configuration keeps its own
            runner.callback_handler.callbacks = [self, *callbacks]


def _round_trip_shows(config: BasicTSForecastingConfig) -> bool:
    """Whether scaling targets there and back can change a metric visibly.

    BasicTS defect 32: a measured 0 comes back as a small number, by which MAPE then divides. Where 0 is missing, the
    targets come from that round trip nevertheless, as those of the published figures did.
    """
    return config.rescale and config.null_val != 0

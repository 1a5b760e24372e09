"""Two needs of legacy models in training: their own loss, and the targets as an input.

Letters: B batch, T steps, N nodes, C channels.
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from basicts.runners.callback import BasicTSCallback
from basicts.utils import RunnerStatus

from ..errors import UserError
from ..training.protocol.taskflow import OriginalScaleTaskFlow

# in what `LegacyModel` returns: channels of the prediction after the first, and all other values of the architecture
CHANNELS, RETURNED = "legacy_channels", "legacy_returned"


class LegacyTaskFlow(OriginalScaleTaskFlow):
    """Also passes `future` to the model in training: the scaled targets, missing ones as among the inputs."""

    def preprocess(self, runner: Any, data: dict[str, Any]) -> dict[str, Any]:
        # the base class replaces missing targets
        targets = data["targets"] = runner.to_running_device(data["targets"], non_blocking=True)
        data = super().preprocess(runner, data)
        if runner.status == RunnerStatus.TRAINING:
            data["future"] = self.scaled(runner, targets)
        return data


def legacy_loss(prediction: torch.Tensor, targets: torch.Tensor, targets_mask: torch.Tensor) -> torch.Tensor:
    """Names, in a configuration, the loss of the legacy model itself, which `LegacyLoss` computes.

    Attributes:
        is_mean_over_targets: False. Processes cannot share a batch, because the loss may not be a mean over targets.
    """
    raise RuntimeError("loss=legacy_loss needs LegacyLoss() as the last callback")


legacy_loss.is_mean_over_targets = False


class LegacyLoss(BasicTSCallback):
    """Computes the loss of the legacy model if the run has no other, after rescaling and curriculum learning."""

    def on_compute_loss(self, runner: Any, *args: Any, forward_return: dict[str, Any], **kwargs: Any) -> None:
        if runner.cfg.loss is legacy_loss:
            forward_return["loss"] = runner._module().loss(forward_return, runner.cfg.null_val)


def own_loss(cfg: dict[str, Any]) -> Callable[[dict[str, Any], float], torch.Tensor]:
    """TRAIN.LOSS with its arguments, as a function of the model's output and the run's null value.

    TRAIN.LOSS gets prediction and target [B, T, N, C] on the original scale, further channels of the prediction as the
    architecture returned them, and by name all other values that it returned.
    Raises: UserError if the configuration gives an argument that the loss does not take.
    """
    function, given = cfg["TRAIN"]["LOSS"], dict(cfg["TRAIN"].get("LOSS_ARGS") or {})
    names = inspect.signature(function).parameters
    unknown = sorted(given.keys() - names.keys())
    if unknown:
        field = f"CFG.TRAIN.LOSS_ARGS.{unknown[0]}"
        raise UserError(field, repr(given[unknown[0]]), f"an argument of the loss: {', '.join(names)}")
    if "inputs" in names:
        raise UserError("CFG.TRAIN.LOSS", "a loss with the argument inputs", "a loss without it")
    takes_null_val = "null_val" in names and "null_val" not in getattr(function, "keywords", {})

    def compute(forward_return: dict[str, Any], null_val: float) -> torch.Tensor:
        prediction = forward_return["prediction"].unsqueeze(-1)
        if CHANNELS in forward_return:
            steps = prediction.shape[1]
            prediction = torch.cat([prediction, forward_return[CHANNELS][:, :steps]], dim=-1)
        target = forward_return["targets"].masked_fill(~forward_return["targets_mask"], null_val).unsqueeze(-1)
        returned = {name: value for name, value in forward_return.get(RETURNED, {}).items() if name in names}
        arguments = {**given, "null_val": null_val} if takes_null_val else given
        return function(prediction=prediction, target=target, **returned, **arguments)

    return compute


def is_plain(function: Any, cfg: dict[str, Any]) -> bool:
    """Whether TRAIN.LOSS is this function without further arguments."""
    return cfg["TRAIN"]["LOSS"] is function and not cfg["TRAIN"].get("LOSS_ARGS")

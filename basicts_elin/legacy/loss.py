"""What the training of a BasicTS 0.5 baseline needs of the host: its own loss, and targets to be taught by."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from basicts.runners.callback import BasicTSCallback
from basicts.utils import RunnerStatus

from ..errors import UserError
from ..training.protocol.taskflow import OriginalScaleTaskFlow

# of what `LegacyModel` returns: the channels of the prediction after the first, and all else that the baseline returned
CHANNELS, RETURNED = "legacy_channels", "legacy_returned"


class LegacyTaskFlow(OriginalScaleTaskFlow):
    """Also hands `future` to the model in training: the scaled targets, missing ones scaled like any value."""

    def preprocess(self, runner, data: dict[str, Any]) -> dict[str, Any]:
        # before the missing ones are filled in
        targets = data["targets"] = runner.to_running_device(data["targets"], non_blocking=True)
        data = super().preprocess(runner, data)
        if runner.status == RunnerStatus.TRAINING:
            data["future"] = runner.scaler.transform(targets)
        return data


def baseline_loss(prediction, targets, targets_mask):
    """Stands in a configuration for the baseline's own loss, which `LegacyLoss` computes."""
    raise RuntimeError("loss=baseline_loss needs LegacyLoss() as the last of the callbacks")


class LegacyLoss(BasicTSCallback):
    """The baseline's own loss, where the run has not been given another: after rescaling and curriculum learning."""

    def on_compute_loss(self, runner, *args, forward_return: dict[str, Any], **kwargs) -> None:
        if runner.cfg.loss is baseline_loss:
            forward_return["loss"] = runner._module().loss(forward_return, runner.cfg.null_val)


def own_loss(cfg: dict[str, Any]) -> Callable[[dict[str, Any], float], torch.Tensor]:
    """TRAIN.LOSS with its arguments, as a function of the run's null value and what it has when the loss is due.

    It gets prediction and target [B, T, N, C] on the original scale, further channels of the prediction as the
    architecture returned them, and by name what else that returned.
    Raises: UserError for an argument that the loss does not take.
    """
    function, given = cfg["TRAIN"]["LOSS"], dict(cfg["TRAIN"].get("LOSS_ARGS") or {})
    names = inspect.signature(function).parameters
    unknown = given.keys() - names.keys()
    if unknown or "inputs" in names:
        what = f"CFG.TRAIN.LOSS_ARGS.{sorted(unknown)[0]}" if unknown else "CFG.TRAIN.LOSS with the argument inputs"
        raise UserError(f"{what} is not honoured here: the loss takes {', '.join(names)}")
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
    """Whether TRAIN.LOSS is this function with nothing changed."""
    return cfg["TRAIN"]["LOSS"] is function and not cfg["TRAIN"].get("LOSS_ARGS")

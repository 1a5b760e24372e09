"""Remedies as callbacks: predictions that are not finite, and losses that a model returns."""

from typing import Any

import torch
from basicts.runners.callback import AddAuxiliaryLoss, BasicTSCallback
from basicts.utils import RunnerStatus

from ...errors import NonFinitePredictionError


class FinitePredictions(BasicTSCallback):
    """Stops a run whose predictions hold NaN or infinity, before it can be saved as the best one.

    BasicTS defect 7: the metrics turn NaN into 0, so that a diverged model scores zero error. Bad batches are
    counted on the device. The count is read once, at the end of each part.
    """

    def on_compute_loss(self, runner, *args, forward_return: dict[str, Any], **kwargs) -> None:
        bad = ~torch.isfinite(forward_return["prediction"].detach()).all()
        # Attributes that are not parameters of __init__ stay out of the configuration's hash.
        self._bad_batches = getattr(self, "_bad_batches", 0) + bad

    def on_epoch_end(self, runner, *args, **kwargs) -> None:
        self._stop_if_bad(runner, f"training epoch {runner.epoch}")

    def on_validate_end(self, runner, *args, **kwargs) -> None:
        self._stop_if_bad(runner, "validation")

    def on_test_end(self, runner, *args, **kwargs) -> None:
        self._stop_if_bad(runner, "test")

    def _stop_if_bad(self, runner, part: str) -> None:
        bad, self._bad_batches = int(getattr(self, "_bad_batches", 0)), 0
        if bad:
            raise NonFinitePredictionError(
                f"{runner.model_name} predicted NaN or infinity in {bad} batches of {part}: the run has diverged and "
                "is stopped; a lower learning rate (--set lr=...) or gradient clipping may help"
            )


class AuxiliaryLoss(AddAuxiliaryLoss):
    """Adds a model's auxiliary losses to the loss that it is trained with.

    BasicTS defect 16: `AddAuxiliaryLoss` computes the sum and discards it.
    """

    def on_compute_loss(self, runner, *args, forward_return: dict[str, Any], **kwargs) -> None:
        if runner.status == RunnerStatus.TRAINING:
            loss = runner._metric_forward(runner.loss, forward_return)
            auxiliary = sum(forward_return[name] for name in self.losses if name in forward_return)
            forward_return["loss"] = loss + auxiliary


class BenchmarkLoss(BasicTSCallback):
    """Trains a model that returns a loss of its own with the run's loss, like all others.

    BasicTS defect 17: the returned loss replaces the run's. It ignores missing values and the original scale,
    and in validation it is computed against uninitialised targets.
    """

    def on_compute_loss(self, runner, *args, forward_return: dict[str, Any], **kwargs) -> None:
        forward_return.pop("loss", None)

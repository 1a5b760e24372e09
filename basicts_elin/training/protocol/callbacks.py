"""Remedies as callbacks: the last training step, predictions that are not finite, losses that are never added."""

from typing import Any

import torch
from basicts.runners.callback import AddAuxiliaryLoss, BasicTSCallback
from basicts.utils import RunnerStatus

from ...errors import NonFinitePredictionError


class LastStep(BasicTSCallback):
    """Lets the last training step of a run happen.

    Defect (d): the loop stops when it is about to take the last step, so 3 epochs of 5 batches take 14 steps.
    """

    def on_epoch_start(self, runner, *args, **kwargs) -> None:
        runner.num_steps = runner.num_epochs * runner.steps_per_epoch + 1


class FinitePredictions(BasicTSCallback):
    """Stops a run whose predictions hold NaN or infinity, before it can be saved as the best one.

    Defect (e): the metrics turn NaN into 0, so that a diverged model scores zero error. The batches are counted on the
    device and looked at once at the end of each part.
    """

    def on_compute_loss(self, runner, *args, forward_return: dict[str, Any], **kwargs) -> None:
        bad = ~torch.isfinite(forward_return["prediction"].detach()).all()
        # an instance attribute that is no parameter of __init__ stays out of BasicTS's configuration hash
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
    """Adds a model's auxiliary losses to the loss it is trained with.

    Defect: `AddAuxiliaryLoss` computes the sum and forgets it.
    """

    def on_compute_loss(self, runner, *args, forward_return: dict[str, Any], **kwargs) -> None:
        if runner.status == RunnerStatus.TRAINING:
            loss = runner._metric_forward(runner.loss, forward_return)
            forward_return["loss"] = loss + sum(
                forward_return[name] for name in self.losses if name in forward_return
            )


class BenchmarkLoss(BasicTSCallback):
    """Trains a model that returns a loss of its own with the run's loss, as all others.

    Defect: BasicTS prefers the returned one, which knows neither the missing values nor the original scale, and which
    in validation is computed against uninitialised targets.
    """

    def on_compute_loss(self, runner, *args, forward_return: dict[str, Any], **kwargs) -> None:
        forward_return.pop("loss", None)

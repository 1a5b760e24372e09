"""BasicTS's runner with one optimizer step for several batches."""

from typing import Any

import torch

from .resume import ResumableRunner


class AccumulatingRunner(ResumableRunner):
    """One optimizer step for `accumulate` consecutive batches, with the gradient of one batch that holds them all.

    The gradient is that of the mean over all their targets, so batches are weighted by the targets that count. The
    last batches of an epoch make a step even if they are fewer, so no gradient is pending when a checkpoint is written.

    BasicTS defect 36: its GradAccumulation sums the gradients, and carries the last ones over to the next epoch.
    """

    def __init__(self, cfg: Any) -> None:
        super().__init__(cfg)
        self.accumulate = cfg.get("accumulate") or 1
        # the number of targets in the gradients so far
        self._targets_so_far: Any = 0

    def _train_step(self, data: dict[str, Any]) -> None:
        if self.accumulate > 1:
            self.should_optimizer_step = self._completes_step()
        super()._train_step(data)

    def _completes_step(self) -> bool:
        """Whether an optimizer step follows the batch."""
        number = (self.global_steps - 1) % self.steps_per_epoch + 1
        return number % self.accumulate == 0 or number == self.steps_per_epoch

    def _compute_loss(self, forward_return: dict[str, Any]) -> torch.Tensor:
        if self.accumulate > 1:
            self._targets_of_batch = self._loss_weight(forward_return)
        return super()._compute_loss(forward_return)

    def _backward(self, loss: torch.Tensor) -> None:
        if self.accumulate == 1:
            super()._backward(loss)
            return
        super()._backward(loss * self._targets_of_batch)
        self._targets_so_far = self._targets_so_far + self._targets_of_batch
        if self.should_optimizer_step:
            self._divide_gradients(self._targets_so_far)
            self._targets_so_far = 0

    def _divide_gradients(self, targets: Any) -> None:
        """Turn the gradients of the sum over targets into those of the mean."""
        divisor = torch.as_tensor(targets).clamp(min=1)
        for parameter in self._module().parameters():
            if parameter.grad is not None:
                parameter.grad.div_(divisor)

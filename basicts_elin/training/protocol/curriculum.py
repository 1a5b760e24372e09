"""A curriculum over the forecast steps: the loss first covers one step ahead, and one more after each stage."""

from typing import Any

from basicts.runners.callback import BasicTSCallback
from basicts.utils import RunnerStatus

from ...errors import UserError


class HorizonCurriculum(BasicTSCallback):
    """The loss of the first k forecast steps, with k = 1 first and one more every `batches_per_step` training batches.

    BasicTS's CurriculumLearning counts epochs instead, and adds several steps at once. PDFormer (AAAI 2023) and its
    predecessors count batches. Validation and test cover all steps; training metrics cover the steps of the loss.

    Each batch of the run counts once, even if several processes divide it, or if `accumulate` makes one optimizer step
    of several batches.

    Args:
        batches_per_step: training batches of a stage.
    """

    def __init__(self, batches_per_step: int):
        if not isinstance(batches_per_step, int) or batches_per_step < 1:
            raise UserError("HorizonCurriculum(batches_per_step=...)", repr(batches_per_step), "batches, 1 or more")
        self.batches_per_step = batches_per_step

    def on_train_start(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        seen, steps = self._steps(runner.num_epochs * runner.steps_per_epoch), runner.cfg.dataset_params.output_len
        if seen < steps:
            runner.logger.info(
                f"HorizonCurriculum: {runner.num_epochs} epochs end before the loss sees all steps: it sees {seen} of "
                f"{steps}; all of them are seen from batch {self.batches_per_step * (steps - 1) + 1} on"
            )

    def on_compute_loss(self, runner: Any, *args: Any, forward_return: dict[str, Any], **kwargs: Any) -> None:
        if runner.status != RunnerStatus.TRAINING:
            return
        steps = self._steps(runner.global_steps)
        for name in ("prediction", "targets", "targets_mask"):
            forward_return[name] = forward_return[name][:, :steps]

    def _steps(self, batch: int) -> int:
        """How many steps ahead the loss sees in a batch of the run, counted from 1."""
        return 1 + (batch - 1) // self.batches_per_step

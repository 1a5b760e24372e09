"""A few optimizer steps on one batch. They show whether a configuration trains, and its time and memory."""

import copy
import math
import tempfile
import time
from dataclasses import dataclass
from statistics import median
from typing import Any, Optional

import torch
from basicts.configs import BasicTSForecastingConfig

from ...errors import FailedRunError, UserError
from ...record import peak_memory_mib
from ..protocol.prepared import prepare_buffers
from ..runner.runner import BenchmarkRunner
from .devices import choose_devices
from .failures import close_quietly, failure_line
from .launcher import check_run


@dataclass(frozen=True)
class StepTrial:
    """What was measured.

    Attributes:
        losses: of each step, before its update.
        seconds: of each step.
        parameters: their number.
        peak_memory_mib: of the process, or allocated on the GPU; None if unknown.
    """

    losses: list[float]
    seconds: list[float]
    parameters: int
    peak_memory_mib: Optional[float]

    def __str__(self) -> str:
        first, last = self.losses[0], self.losses[-1]
        compared = "lower" if last < first else "not lower"
        # without the first step, which allocates
        seconds = median(self.seconds[1:] or self.seconds)
        return "\n".join(
            [
                f"loss:        {first:.6g} first, {last:.6g} last of {len(self.losses)}: {compared}",
                f"parameters:  {self.parameters}",
                f"seconds:     {seconds:.4g} per step",
                f"peak memory: {self.peak_memory_mib} MiB",
            ]
        )


class _Runner(BenchmarkRunner):
    """Keeps the losses."""

    def __init__(self, cfg: BasicTSForecastingConfig) -> None:
        super().__init__(cfg)
        self.losses: list[float] = []

    def _compute_loss(self, forward_return: dict[str, Any]) -> torch.Tensor:
        loss = super()._compute_loss(forward_return)
        # the loss does not show NaN (BasicTS defect 7)
        is_finite = forward_return["prediction"].isfinite().all()
        self.losses.append(loss.item() if is_finite else math.nan)
        return loss


def try_steps(config: BasicTSForecastingConfig, steps: int, batch_size: Optional[int] = None) -> StepTrial:
    """Take `steps` training steps, all on the first batch of a run. Nothing is kept.

    Args:
        batch_size: windows of the batch; None = the configuration's.
    Raises: UserError as a run would. FailedRunError if a step fails, or if a loss or a final weight is not finite.
    """
    config = copy.deepcopy(config)
    config.train_batch_size = batch_size or config.train_batch_size
    check_run(config)
    # each batch is a step
    config["accumulate"] = None
    prepare_buffers(config)
    choose_devices(config)
    with tempfile.TemporaryDirectory() as folder:
        config["_output_dir"] = folder
        runner = _Runner(config)
        try:
            seconds = _train(runner, steps)
        except (UserError, FailedRunError):
            raise
        except Exception as error:
            raise FailedRunError(f"{runner.model_name}: {failure_line(error)}") from error
        finally:
            close_quietly(runner.tensorboard_writer)
    _check_finite(runner)
    parameters = sum(parameter.numel() for parameter in runner.model.parameters())
    return StepTrial(runner.losses, seconds, parameters, peak_memory_mib(bool(config.gpus)))


def _check_finite(runner: _Runner) -> None:
    steps = len(runner.losses)
    for step, loss in enumerate(runner.losses, start=1):
        if not math.isfinite(loss):
            raise FailedRunError(f"{runner.model_name}: the loss is {loss} at step {step} of {steps}")
    if not all(parameter.isfinite().all() for parameter in runner.model.parameters()):
        raise FailedRunError(f"{runner.model_name}: a weight is not finite after {steps} steps")


def _train(runner: _Runner, steps: int) -> list[float]:
    """Seconds of each step."""
    runner.on_train_start()
    runner.callback_handler.trigger("on_train_start", runner)
    runner.global_steps = 1
    runner._begin_epoch(1)
    batch = next(iter(runner.train_data_loader))
    seconds = []
    for _ in range(steps):
        started = time.perf_counter()
        # a copy, because the task flow replaces its tensors
        runner._train_step(dict(batch))
        if torch.cuda.is_initialized():
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return seconds

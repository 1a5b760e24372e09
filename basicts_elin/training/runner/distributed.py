"""BasicTS's runner in several processes, with the numbers of one."""

from contextlib import nullcontext
from typing import Any, Optional

import torch
from basicts.utils import RunnerStatus
from easytorch.utils import is_master
from torch.nn.parallel import DistributedDataParallel

from ..protocol.schedules import PlateauLR
from .accumulation import AccumulatingRunner
from .part_metrics import PartMetrics

_LOSS = "train/loss"


class ParallelRunner(AccumulatingRunner):
    """Processes divide the batches, and have the gradients and metrics of one process. All stop together."""

    def __init__(self, cfg) -> None:
        super().__init__(cfg)
        if self._is_distributed():
            self._share_constants()
            self.model.register_comm_hook(None, self._weighted_sum)
        # the weighted sum of the training loss in this process, and its weight
        self._loss_sums: Optional[torch.Tensor] = None

    def _is_distributed(self) -> bool:
        return isinstance(self.model, DistributedDataParallel)

    def _share_constants(self) -> None:
        """Copy the buffers that DDP ignores, because they never change, from the first process."""
        for name in sorted(self.model.parameters_to_ignore):
            owner, _, attribute = name.rpartition(".")
            module = self._module().get_submodule(owner)
            value = getattr(module, attribute).contiguous()
            torch.distributed.broadcast(value, src=0)
            setattr(module, attribute, value)

    def _forward(
        self, model: torch.nn.Module, data: dict[str, Any], step: int, epoch: Optional[int] = None
    ) -> dict[str, Any]:
        """BasicTS defect 23: it validates through DDP in one process, which then waits for the others' buffers."""
        return super()._forward(model if self.status == RunnerStatus.TRAINING else self._module(), data, step, epoch)

    def _train_step(self, data: dict[str, Any]) -> None:
        """Gradients are exchanged once for each optimizer step."""
        is_exchanged = not self._is_distributed() or self._completes_step()
        with nullcontext() if is_exchanged else self.model.no_sync():
            super()._train_step(data)

    def _compute_loss(self, forward_return: dict[str, Any]) -> torch.Tensor:
        """The loss of this process's part of the batch. Notes the part's share for `_weighted_sum`."""
        if self._is_distributed():
            mask = forward_return["targets_mask"]
            if self._is_padding():
                forward_return["targets_mask"] = torch.zeros_like(mask)
            count = torch.as_tensor(self._loss_weight(forward_return), device=mask.device).double()
            # the share of the targets that count, of all processes; accumulated gradients are divided later
            self._share = count / _total(count).clamp(min=1) if self.accumulate == 1 else torch.ones_like(count)
        return super()._compute_loss(forward_return)

    def _is_padding(self) -> bool:
        return self.train_data_loader.batch_sampler.is_padding((self.global_steps - 1) % self.steps_per_epoch)

    def _loss_weight(self, forward_return: dict[str, Any]) -> Any:
        """The weight of a batch; 0 for a window that only fills an empty part of a batch."""
        weight = super()._loss_weight(forward_return)
        is_shared = self._is_distributed() and self.status == RunnerStatus.TRAINING
        return weight * 0 if is_shared and self._is_padding() else weight

    def _weighted_sum(self, _: Any, bucket: torch.distributed.GradBucket) -> torch.futures.Future[torch.Tensor]:
        """The gradient of the mean over the targets of all processes, in place of DDP's average.

        BasicTS defect 22: if the numbers of targets differ, the average over processes is not the gradient of the loss.
        """
        gradient = bucket.buffer().mul_(self._share.to(bucket.buffer().dtype))
        future = torch.distributed.all_reduce(gradient, async_op=True).get_future()
        return future.then(lambda done: done.value()[0])

    def _divide_gradients(self, targets: Any) -> None:
        if self._is_distributed():
            targets = _total(torch.as_tensor(targets, device=self._share.device))
        super()._divide_gradients(targets)

    def on_epoch_end(self, epoch: int, step: int) -> None:
        """BasicTS defect 24: early stopping stops the first process alone. Here it tells the others."""
        if self._is_distributed():
            self._sum_loss()
        super().on_epoch_end(epoch, step)
        if self._is_distributed():
            self._follow_validation(epoch)

    def _follow_validation(self, epoch: int) -> None:
        """Only the first process validates. It sends the others whether to stop, and the metric of the schedule."""
        news = [float(self.should_training_stop), getattr(self, "watched", 0.0)]
        told = torch.tensor(news, dtype=torch.float64, device=self._share.device)
        torch.distributed.broadcast(told, src=0)
        stop, watched = told.tolist()
        self.should_training_stop = bool(stop)
        if isinstance(self.lr_scheduler, PlateauLR) and epoch % self.val_interval == 0 and not is_master():
            self.lr_scheduler.step(watched)

    def update_meter(self, name: str, value: Any, n: Any = 1) -> None:
        """BasicTS defect 25: the training loss is that of the first process. Here it is summed, see below."""
        if self._is_distributed() and name == _LOSS:
            value, n = (torch.as_tensor(number, device=self._share.device).double() for number in (value, n))
            sums = torch.stack([value * n, n])
            self._loss_sums = sums if self._loss_sums is None else self._loss_sums + sums
        else:
            super().update_meter(name, value, n)

    def _sum_loss(self) -> None:
        """The training loss of all processes. The first one prints it."""
        torch.distributed.all_reduce(self._loss_sums)
        total, count = self._loss_sums.tolist()
        self._loss_sums = None
        super().update_meter(_LOSS, total / max(count, 1), count)

    def _share_metrics(self, metrics: PartMetrics) -> None:
        """BasicTS defect 25: training metrics are those of the first process. Here they are those of all."""
        if self._is_distributed():
            metrics.share(torch.distributed.all_reduce)


def _total(count: torch.Tensor) -> torch.Tensor:
    """The sum over all processes."""
    total = count.clone()
    torch.distributed.all_reduce(total)
    return total

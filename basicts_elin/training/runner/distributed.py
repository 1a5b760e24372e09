"""BasicTS's runner in several processes, with the numbers of one."""

from typing import Any, Optional

import torch
from basicts.utils import RunnerStatus
from torch.nn.parallel import DistributedDataParallel

from .part_metrics import PartMetrics
from .resume import ResumableRunner

_LOSS = "train/loss"


class ParallelRunner(ResumableRunner):
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

    def _compute_loss(self, forward_return: dict[str, Any]) -> torch.Tensor:
        """The loss of this process's part of the batch. Notes the part's share for `_weighted_sum`."""
        if self._is_distributed():
            mask = forward_return["targets_mask"]
            if self.train_data_loader.batch_sampler.is_padding((self.global_steps - 1) % self.steps_per_epoch):
                mask = forward_return["targets_mask"] = torch.zeros_like(mask)
            count = mask.sum().double()
            total = count.clone()
            torch.distributed.all_reduce(total)
            # the share of the measured targets of all processes
            self._share = count / total.clamp(min=1)
        return super()._compute_loss(forward_return)

    def _weighted_sum(self, _: Any, bucket: torch.distributed.GradBucket) -> torch.futures.Future[torch.Tensor]:
        """The gradient of the mean over the measured targets of all processes, in place of DDP's average.

        BasicTS defect 22: if the numbers of targets differ, the average over processes is not the gradient of the loss.
        """
        gradient = bucket.buffer().mul_(self._share.to(bucket.buffer().dtype))
        future = torch.distributed.all_reduce(gradient, async_op=True).get_future()
        return future.then(lambda done: done.value()[0])

    def on_epoch_end(self, epoch: int, step: int) -> None:
        """BasicTS defect 24: early stopping stops the first process alone. Here it tells the others."""
        if self._is_distributed():
            self._sum_loss()
        super().on_epoch_end(epoch, step)
        if self._is_distributed():
            stop = torch.tensor(int(self.should_training_stop), device=self._share.device)
            torch.distributed.broadcast(stop, src=0)
            self.should_training_stop = bool(stop)

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

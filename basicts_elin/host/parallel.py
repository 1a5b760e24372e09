"""BasicTS's runner in several processes, with the numbers of one."""

from typing import Any, Optional

import torch
from basicts.utils import RunnerStatus
from easytorch.utils import is_master
from torch.nn.parallel import DistributedDataParallel

from .resume import ResumableRunner


class ParallelRunner(ResumableRunner):
    """The batch is the same as in one process, divided; so is the gradient, and every process stops when one does.

    Defects of BasicTS with several processes: gradients are averaged over processes, which is the gradient of no loss
    where each has another number of measured targets; validation runs through DDP in one process, which then waits for
    the others' buffers; early stopping stops that one process alone; training metrics are those of one process.
    """

    def __init__(self, cfg) -> None:
        super().__init__(cfg)
        if self._is_distributed():
            self.model.register_comm_hook(None, self._weighted_sum)
        # of each training metric here, and its weight
        self._sums: dict[str, tuple[float, float]] = {}

    def _is_distributed(self) -> bool:
        return isinstance(self.model, DistributedDataParallel)

    def _forward(
        self, model: torch.nn.Module, data: dict[str, Any], step: int, epoch: Optional[int] = None
    ) -> dict[str, Any]:
        if self.status != RunnerStatus.TRAINING:
            return super()._forward(self._module(), data, step, epoch)
        forward_return = super()._forward(model, data, step, epoch)
        if self._is_distributed():
            mask = forward_return["targets_mask"]
            if self.train_data_loader.batch_sampler.is_padding((step - 1) % self.steps_per_epoch):
                mask = forward_return["targets_mask"] = torch.zeros_like(mask)
            count = mask.sum().double()
            total = count.clone()
            torch.distributed.all_reduce(total)
            # of the measured targets of all processes
            self._share = count / total.clamp(min=1)
        return forward_return

    def _weighted_sum(self, _: Any, bucket: torch.distributed.GradBucket) -> torch.futures.Future[torch.Tensor]:
        """In place of DDP's average: the gradient of the mean over the targets of all processes."""
        gradient = bucket.buffer().mul_(self._share.to(bucket.buffer().dtype))
        future = torch.distributed.all_reduce(gradient, async_op=True).get_future()
        return future.then(lambda done: done.value()[0])

    def on_epoch_end(self, epoch: int, step: int) -> None:
        if self._is_distributed():
            self._sum_meters()
        super().on_epoch_end(epoch, step)
        if self._is_distributed():
            stop = torch.tensor(int(self.should_training_stop), device=self._share.device)
            torch.distributed.broadcast(stop, src=0)
            self.should_training_stop = bool(stop)

    def update_meter(self, name: str, value: float, n: float = 1) -> None:
        super().update_meter(name, value, n)
        if self._is_distributed() and name in self._shared_meters():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = total + value ** self._power(name) * n, count + n

    def _sum_meters(self) -> None:
        """The training metrics of all processes, for the first one to print."""
        names = self._shared_meters()
        sums = self._share.new_tensor([self._sums[name] for name in names])
        torch.distributed.all_reduce(sums)
        self._sums = {}
        if is_master():
            for name, (total, count) in zip(names, sums.tolist(), strict=True):
                self.meter_pool._pool[name]["meter"].reset()
                super().update_meter(name, (total / max(count, 1)) ** (1 / self._power(name)), count)

    def _shared_meters(self) -> list[str]:
        return [f"train/{name}" for name in ("loss", *self.metrics)]

    @staticmethod
    def _power(name: str) -> int:
        """BasicTS averages the squares of the meter of this name."""
        return 2 if name == "train/RMSE" else 1

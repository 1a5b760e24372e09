"""The windows of each batch, and random numbers. Both follow from seed and epoch, so a run can be resumed."""

import random
from collections.abc import Iterator
from typing import Optional

import numpy as np
import torch
from easytorch.device import get_device_type
from easytorch.utils import get_rank, get_world_size
from torch.utils.data import DataLoader, Sampler


class EpochBatches(Sampler[list[int]]):
    """Indices of the batches of one epoch, in an order that depends on seed and epoch only.

    Several processes divide each batch. A process whose part is empty gets one window anyway, see `is_padding`.
    """

    def __init__(self, num_windows: int, batch_size: int, shuffle: bool, seed: int, rank: int = 0, processes: int = 1):
        self.num_windows, self.batch_size, self.shuffle, self.seed = num_windows, batch_size, shuffle, seed
        self.rank, self.processes = rank, processes
        self.epoch = 1

    def __len__(self) -> int:
        return -(-self.num_windows // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        order = torch.arange(self.num_windows)
        if self.shuffle:
            generator = torch.Generator().manual_seed(_mix(self.seed, self.epoch))
            order = torch.randperm(self.num_windows, generator=generator)
        for batch in order.split(self.batch_size):
            part = batch.tensor_split(self.processes)[self.rank]
            yield (part if len(part) else batch[:1]).tolist()

    def is_padding(self, number: int) -> bool:
        """Whether this process's part of a batch, numbered from 0, is empty: its window must not count."""
        return min(self.batch_size, self.num_windows - number * self.batch_size) <= self.rank


def with_epoch_batches(loader: DataLoader, shuffle: bool, seed: Optional[int]) -> DataLoader:
    """The same loader, with its batches in an order by seed and epoch; unchanged without a seed."""
    if seed is None:
        return loader
    batches = EpochBatches(len(loader.dataset), loader.batch_size, shuffle, seed, get_rank(), get_world_size())
    return type(loader)(
        loader.dataset,
        batch_sampler=batches,
        collate_fn=loader.collate_fn,
        num_workers=loader.num_workers,
        # so that copies to the device do not block
        pin_memory=loader.pin_memory or get_device_type() == "gpu",
    )


def start_epoch(loader: DataLoader, seed: Optional[int], epoch: int) -> None:
    """Set batches and random numbers to those of this epoch, whether the run was interrupted or not."""
    if seed is None:
        return
    loader.batch_sampler.epoch = epoch
    # the first process has the numbers of a single one
    rank, mixed = get_rank(), _mix(seed, epoch)
    # Legacy models draw from numpy to decide what they learn from a batch. All processes must draw the same.
    _seed(mixed, _mix(seed, epoch, rank) if rank else mixed)


def start_evaluation(seed: Optional[int]) -> None:
    """Seed every evaluation alike: some models draw random numbers in evaluation, too."""
    if seed is not None:
        _seed(seed, seed)


def _seed(shared: int, own: int) -> None:
    """Seed Python and numpy with `shared`, torch with `own`."""
    random.seed(shared)
    np.random.seed(shared)
    torch.manual_seed(own)


def _mix(*numbers: int) -> int:
    """One seed made of several numbers: seed 1 in epoch 2 is not seed 2 in epoch 1."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])

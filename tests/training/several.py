"""Runs in two processes on the CPU, and what each of them notes down."""

import os
import signal
from pathlib import Path

import numpy as np
import torch
from basicts.runners.callback import BasicTSCallback
from easytorch.utils import get_rank
from tiny import NAME, WINDOWS, Tiny, TinyConfig, ours


class Double(Tiny):
    """In float64, so that the order of a sum does not show."""

    def __init__(self, config):
        super().__init__(config)
        self.double()
        # DDP sends buffers around in every forward
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, inputs, inputs_timestamps):
        return super().forward(inputs.double(), inputs_timestamps)


def absolute_error(prediction, targets, targets_mask):
    """The mean over the measured targets, in float64, which BasicTS's own mask is not."""
    return (prediction - targets.double())[targets_mask].abs().sum() / targets_mask.sum().clamp(min=1)


class Notes(BasicTSCallback):
    """Writes gradients and batch size of every step, training metrics and weights, into a file for each process."""

    def on_train_start(self, runner, *args, **kwargs):
        self._noted = {"gradients": [], "sizes": [], "meters": []}

    def on_compute_loss(self, runner, *args, forward_return, **kwargs):
        if runner.model.training:
            self._noted["sizes"].append(len(forward_return["inputs"]))

    def on_optimizer_step(self, runner, *args, **kwargs):
        self._noted["gradients"].append([parameter.grad.clone() for parameter in runner.model.parameters()])

    def on_validate_start(self, runner, *args, **kwargs):
        names = ("loss", *runner.metrics)
        self._noted["meters"].append([runner.meter_pool.get_value(f"train/{name}") for name in names])

    def on_train_end(self, runner, *args, **kwargs):
        self._noted["weights"] = [parameter.detach() for parameter in runner.model.parameters()]
        torch.save(self._noted, f"{runner.ckpt_save_dir}/notes_{get_rank()}.pt")


class Die(BasicTSCallback):
    """Kills the second process once."""

    def on_epoch_start(self, runner, *args, epoch, **kwargs):
        if get_rank() == 1 and epoch == 2 and not Path("died").exists():
            Path("died").touch()
            os.kill(os.getpid(), signal.SIGKILL)


METRICS = ["MAE", "RMSE", "MAPE", "WAPE", "R2", ("own", absolute_error)]


def config(**differences):
    fields = {
        "num_epochs": 3,
        "loss": absolute_error,
        "train_batch_size": 9,
        "callbacks": [Notes()],
        "metrics": METRICS,
        **differences,
    }
    return ours(Double, TinyConfig(), **fields)


def notes(folder, rank=0):
    return torch.load(folder / f"notes_{rank}.pt", weights_only=True)


def largest_difference(one, other):
    return max((a - b).abs().max().item() / max(a.abs().max().item(), 1e-9) for a, b in zip(one, other, strict=True))


def write_uneven():
    """Most of what is missing is missing in a few windows, and the last batch is one window: 73 = 8 * 9 + 1."""
    assert WINDOWS["train"] % 9 == 1
    file = Path("datasets") / NAME / "train_data.npy"
    values = np.load(file)
    values[20:50] = 0
    np.save(file, values)

"""A run in a process of its own that is killed at a given moment."""

import os
from multiprocessing import get_context
from pathlib import Path

import torch
from basicts.runners.callback import EarlyStopping
from moments import Moments
from tiny import NAME, Tiny, TinyConfig, ours, record

from basicts_elin.data.catalog import CATALOG
from basicts_elin.training.launch.launcher import best_checkpoint, launch_training, run_folder
from basicts_elin.training.protocol.curriculum import HorizonCurriculum
from basicts_elin.training.protocol.losses import HuberLoss

EPOCHS = 5
_CURVES = ("epoch", "is_best", "learning_rate", "train", "validation")
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tiny", __name__])


class Dropping(Tiny):
    """With dropout, so that the random numbers count."""

    def forward(self, inputs, inputs_timestamps):
        return super().forward(torch.nn.functional.dropout(inputs, 0.3, self.training), inputs_timestamps)


def config():
    # A schedule that the epoch alone does not determine, and a counter in a callback. Five batches are three steps,
    # and the loss of the third epoch begins between two forecast steps.
    return ours(
        Dropping,
        TinyConfig(),
        num_epochs=EPOCHS,
        optimizer_params={"lr": 3e-2, "weight_decay": 3e-4},
        lr_scheduler=torch.optim.lr_scheduler.CosineAnnealingWarmRestarts,
        lr_scheduler_params={"T_0": 2},
        loss=HuberLoss(20.0),
        target_metric="loss",
        accumulate=2,
        callbacks=[EarlyStopping(2), HorizonCurriculum(3)],
    )


def run(folder, kill_at=None):
    """Train in `folder`, killed at the moment of that number; the exit code and the moments that there were."""
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_train, args=(str(folder), CATALOG[NAME], kill_at, sender))
    process.start()
    sender.close()
    try:
        moments = receiver.recv()
    except EOFError:
        moments = None
    process.join()
    return process.exitcode, moments


def results():
    """What a run comes to: the last state, with optimizer and schedule, the best model, the metrics, the curves."""
    settings = config()
    folder = run_folder(settings)
    last = max(folder.glob("Dropping_[0-9]*.pt"))
    states = {path.name: torch.load(path, weights_only=True) for path in (last, best_checkpoint(settings))}
    curves = [{name: entry[name] for name in _CURVES} for entry in record(folder)["epochs"]]
    return states, (folder / "test_metrics.json").read_text(), curves


def _train(folder, facts, kill_at, sender):
    CATALOG[NAME] = facts
    os.chdir(folder)
    torch.set_num_threads(1)
    moments = Moments(kill_at)
    # before every batch, and before every operation that a file is written or removed by
    moments.watch(Dropping, "forward")
    moments.watch(os, "fsync", "replace")
    moments.watch(Path, "open", "unlink")
    launch_training(config())
    sender.send(moments.count)

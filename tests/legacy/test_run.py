"""Runs of legacy models: trained, resumed, evaluated, and in several processes."""

import random
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from basicts.runners.callback import BasicTSCallback
from basicts.utils import RunnerStatus
from easytorch.utils import get_rank
from tiny import FACTS, NAME, Interrupt, metrics, raw_windows, record, weights

from basicts_elin.config.overrides import with_overrides
from basicts_elin.data.catalog import CATALOG
from basicts_elin.legacy.checkout import named_source
from basicts_elin.legacy.shim.metrics import masked_huber
from basicts_elin.legacy.translation import legacy_config
from basicts_elin.training.launch.launcher import best_checkpoint, launch_evaluation, launch_prediction, launch_training
from basicts_elin.training.launch.processes import Group


def config(model="Mini", callbacks=(), **changes):
    return with_overrides(legacy_config(*named_source(model, NAME), callbacks=list(callbacks)), changes)


@pytest.mark.parametrize("model", ["Mini", "MiniDCRNN", "MiniGTS", "MiniMTGNN", "MiniHimNet"])
def test_a_run_ends_with_metrics_that_an_evaluation_repeats(checkout, model):
    run = config(model)
    folder = launch_training(run)
    assert record(folder)["model"] == f"Legacy{model}" and len(record(folder)["epochs"]) == 3
    # as in another process
    random.seed(), np.random.seed(), torch.seed()
    launch_evaluation(run, str(best_checkpoint(run)), Path("evaluated"))
    assert metrics("evaluated") == metrics(folder)
    assert not list(checkout.rglob("__pycache__"))


def test_the_metrics_are_those_of_the_predictions(checkout):
    run = config()
    folder = launch_training(run)
    found = launch_prediction(run, str(best_checkpoint(run)), Path("predicted"))
    error, present = abs(found["prediction"] - found["target"]), raw_windows()[1] != 0
    assert (found["mask"] == present).all()
    assert metrics(folder)["overall"]["MAE"] == pytest.approx(error[present].mean(), rel=1e-5)


def test_an_interrupted_run_ends_with_the_numbers_of_a_whole_one(checkout, monkeypatch):
    whole = weights(best_checkpoint_of(config(callbacks=[Interrupt()], ckpt_save_dir="whole")))
    monkeypatch.setattr(Interrupt, "at", 2)
    run = config(callbacks=[Interrupt()], ckpt_save_dir="interrupted")
    with pytest.raises(KeyboardInterrupt):
        launch_training(run)
    monkeypatch.setattr(Interrupt, "at", None)
    resumed = weights(best_checkpoint_of(run))
    assert resumed.keys() == whole.keys() and all((resumed[name] == whole[name]).all() for name in whole)


def best_checkpoint_of(run):
    launch_training(run)
    return best_checkpoint(run)


class Seen(BasicTSCallback):
    """Keeps what the last loss of the training was computed from."""

    def on_compute_loss(self, runner, *args, forward_return, **kwargs):
        if runner.status == RunnerStatus.TRAINING:
            _, future, *_ = runner.model.architecture.received[-1]
            self._seen = {**forward_return, "future": future[..., 0], **runner.scaler.stats}


def test_the_loss_is_the_models_own_on_the_original_scale(checkout):
    run = config(callbacks=[Seen()], num_epochs=2)
    launch_training(run)
    seen = run.callbacks[-1]._seen
    # the steps of the curriculum in the second epoch
    assert seen["prediction"].shape[1] == 8
    assert 50 < seen["targets"][seen["targets_mask"]].mean() < 350
    expected = masked_huber(seen["prediction"], seen["targets"], delta=2.0, null_val=0.0)
    assert seen["loss"].item() == pytest.approx(expected.item(), rel=1e-6)


def test_missing_targets_are_inputs_as_scaled_zeros(checkout):
    run = config(callbacks=[Seen()], num_epochs=1)
    launch_training(run)
    seen = run.callbacks[-1]._seen
    steps = seen["targets"].shape[1]
    expected = (seen["targets"] - seen["mean"]) / seen["std"]
    assert not seen["targets_mask"].all()
    assert torch.allclose(seen["future"][:, :steps], expected, atol=1e-5)


class KnowsTiny(BasicTSCallback):
    """Adds the dataset Tiny to the catalogue of the process to which it is sent."""

    def __reduce__(self):
        return _knows_tiny, ()


def _knows_tiny():
    CATALOG.setdefault(NAME, FACTS)
    return KnowsTiny()


@pytest.mark.parametrize("model", ["MiniMTGNN", "MiniDCRNN"])
def test_two_processes_come_to_the_numbers_of_one(checkout, model):
    one = launch_training(config(model, ckpt_save_dir="one"))
    two = launch_training(config(model, [KnowsTiny()], ckpt_save_dir="two"), group=Group(2))
    assert metrics(two)["overall"] == pytest.approx(metrics(one)["overall"], rel=1e-4)


class Constants(KnowsTiny):
    """Saves the constants of each process, and the names of the buffers that DDP sends in every step."""

    def on_train_start(self, runner, *args, **kwargs):
        sent = sorted(runner.model.named_module_buffers)
        torch.save((runner._module().architecture.start, sent), f"constants_{get_rank()}.pt")

    def __reduce__(self):
        return _constants, ()


def _constants():
    _knows_tiny()
    return Constants()


def test_constants_are_sent_to_every_process_once(checkout):
    launch_training(config("MiniDCRNN", [Constants()], num_epochs=1), group=Group(2))
    (one, sent), (other, sent_by_other) = (torch.load(f"constants_{rank}.pt") for rank in (0, 1))
    assert (one == other).all()
    assert sent == sent_by_other == []


def test_every_tensor_is_moved_once_and_without_waiting(checkout):
    moved = {}

    def move(tensor, non_blocking=False):
        if id(tensor) in moved:
            return tensor
        assert non_blocking
        copy = tensor.clone()
        moved[id(copy)] = copy
        return copy

    def scale(values, mask=None):
        assert values is not targets
        return values - 200

    run = config("MiniMTGNN")
    runner = SimpleNamespace(
        callback_handler=SimpleNamespace(callbacks=run.callbacks),
        cfg=run,
        scaler=SimpleNamespace(transform=scale),
        status=RunnerStatus.TRAINING,
        to_running_device=move,
    )
    targets = torch.tensor([[[0.0, 250.0]]])
    found = run.taskflow.preprocess(runner, {"inputs": torch.ones(1, 1, 2), "targets": targets})
    assert len(moved) == 2
    assert found["future"].tolist() == [[[-200.0, 50.0]]] and found["targets_mask"].tolist() == [[[False, True]]]


def test_basicts_is_itself_again_after_a_run(checkout):
    launch_training(config(num_epochs=1))
    assert sys.modules["basicts"].__version__ == "1.1.0"

"""The Huber loss, losses that count missing targets, and the choice of the best model by the loss."""

import functools
import json

import numpy as np
import pytest
import torch
from basicts import BasicTSLauncher
from basicts.runners.callback import BasicTSCallback
from basicts.utils import RunnerStatus
from refusal import refuses
from tiny import NAME, Tiny, bare, metrics, ours, record, rewrite_meta, weights

from basicts_elin.forecasting.storage.runs import read_run
from basicts_elin.training.launch.config_checks import check_config
from basicts_elin.training.launch.launcher import best_checkpoint, launch_evaluation, launch_training, run_folder
from basicts_elin.training.protocol.callbacks import AuxiliaryLoss
from basicts_elin.training.protocol.losses import HuberLoss, is_mean_over_targets, leaves_out_missing


class Validated(BasicTSCallback):
    """Keeps what the loss sees in each validation."""

    def __init__(self):
        self.seen = []

    def on_validate_start(self, runner, *args, **kwargs):
        self.seen.append([])

    def on_compute_loss(self, runner, *args, forward_return, **kwargs):
        if runner.status == RunnerStatus.VALIDATING:
            self.seen[-1].append([forward_return[name] for name in ("prediction", "targets", "targets_mask")])

    def mean(self, epoch, delta, masked):
        prediction, targets, mask = (torch.cat(values).double() for values in zip(*self.seen[epoch - 1], strict=True))
        error = (prediction - targets).abs()
        losses = torch.where(error <= delta, error**2 / 2, delta * (error - delta / 2))
        return losses[mask.bool() | (not masked)].mean().item()


def squared(prediction, targets, targets_mask, scale=0.5):
    """A function with a default argument."""
    return scale * ((prediction - targets)[targets_mask] ** 2).mean()


class Weighted(torch.nn.Module):
    """A Module that takes the arguments of BasicTS's losses."""

    def forward(self, prediction, targets, targets_mask):
        return squared(prediction, targets, targets_mask)


def trained(**fields):
    return launch_training(ours(eval_after_train=False, **fields))


def train_losses(**fields):
    return [entry["train"]["loss"] for entry in record(trained(**fields))["epochs"]]


def test_values_and_gradients():
    prediction = torch.tensor([[0.5, 3.0, -5.0, 7.0]], requires_grad=True)
    mask = torch.tensor([[True, True, True, False]])
    value = HuberLoss(2.0)(prediction, torch.zeros(1, 4), mask)
    assert value.item() == (0.125 + 4 + 8 + 12) / 4
    value.backward()
    assert prediction.grad.tolist() == [[0.125, 0.5, -0.5, 0.5]]
    prediction.grad = None
    value = HuberLoss(2.0, masked=True)(prediction, torch.zeros(1, 4), mask)
    assert value.item() == pytest.approx((0.125 + 4 + 8) / 3)
    value.backward()
    np.testing.assert_allclose(prediction.grad, [[0.5 / 3, 2 / 3, -2 / 3, 0]])


def test_nothing_measured_is_no_loss():
    prediction = torch.tensor([[0.5, 3.0]], requires_grad=True)
    value = HuberLoss(masked=True)(prediction, torch.zeros(1, 2), torch.zeros(1, 2, dtype=torch.bool))
    value.backward()
    assert value.item() == 0 and prediction.grad.tolist() == [[0, 0]]


@pytest.mark.parametrize("delta", [0, -1.0, float("nan")])
def test_delta_is_above_zero(delta):
    with pytest.raises(ValueError, match="delta"):
        HuberLoss(delta)


def with_a_mask(prediction, targets, targets_mask):
    return (prediction - targets)[targets_mask].abs().mean()


def without_a_mask(prediction, targets):
    return (prediction - targets).abs().mean()


@pytest.mark.parametrize("masked", [False, True])
def test_the_best_model_by_the_loss_over_the_whole_part(tiny, masked):
    validated = Validated()
    # two batches of 16 and 4 windows, with unequal numbers of targets
    config = ours(
        num_epochs=3,
        loss=HuberLoss(2.0, masked=masked),
        target_metric="loss",
        val_batch_size=16,
        optimizer_params={"lr": 0.1, "weight_decay": 0.0},
        callbacks=[validated],
    )
    folder = launch_training(config)
    expected = [validated.mean(epoch, 2.0, masked) for epoch in (1, 2, 3)]
    found = [entry["validation"]["loss"] for entry in record(folder)["epochs"]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert best_checkpoint(config) == folder / "Tiny_best_val_loss.pt"
    best = torch.load(best_checkpoint(config), weights_only=True)
    assert best["epoch"] == 1 + int(np.argmin(expected))
    assert best["best_metrics"] == {"val/loss": min(found)}
    launch_evaluation(config, str(best_checkpoint(config)), folder / "again")
    assert metrics(folder / "again") == metrics(folder)
    assert read_run(folder).checkpoint == best_checkpoint(config)


def test_a_loss_has_a_hash_of_its_own(workplace):
    losses = ("MAE", "HUBER", HuberLoss(), HuberLoss(2.0), HuberLoss(2.0, masked=True))
    assert len({ours(loss=loss).md5 for loss in losses}) == len(losses)
    config = ours(loss=HuberLoss(2.0))
    assert config.md5 == ours(loss=HuberLoss(2.0)).md5
    assert config.serialized["loss"] == {"name": "HuberLoss", "module": HuberLoss.__module__, "params": {"delta": 2.0}}
    again = type(config)._construct_obj(config.serialized["loss"])
    assert (again.delta, again.masked) == (2.0, False)


def test_bare_huber_has_no_delta(tiny):
    with pytest.raises(TypeError, match="delta"):
        BasicTSLauncher.launch_training(bare(loss="HUBER"))


def test_huber_by_name_is_that_of_the_measured_targets(tiny):
    assert train_losses(loss="HUBER") == train_losses(loss=HuberLoss(masked=True)) != train_losses(loss=HuberLoss())
    # also with a callback that computes it
    with_auxiliary = trained(loss="HUBER", callbacks=[AuxiliaryLoss()])
    file = f"{Tiny.__name__}_1.pt"
    torch.testing.assert_close(weights(with_auxiliary / file), weights(run_folder(ours(loss="HUBER")) / file))


def test_torchs_losses_count_missing_targets(tiny):
    found = train_losses(loss=torch.nn.HuberLoss(delta=3.0), num_epochs=2)
    np.testing.assert_allclose(found, train_losses(loss=HuberLoss(3.0), num_epochs=2), rtol=1e-6)
    assert not leaves_out_missing(torch.nn.L1Loss())
    assert leaves_out_missing("WAPE") and leaves_out_missing(with_a_mask) and not leaves_out_missing(without_a_mask)


def test_default_arguments_and_modules(tiny):
    assert train_losses(loss=squared) == train_losses(loss=Weighted())


def test_a_function_that_holds_variables(workplace):
    factor = 2.0
    losses = [lambda prediction, targets: factor * (prediction - targets).mean(), functools.partial(squared, scale=2.0)]
    for loss in losses:
        with refuses("loss", expected="Module"):
            check_config(ours(loss=loss))


def test_what_processes_can_share():
    assert all(map(is_mean_over_targets, ("HUBER", HuberLoss(), torch.nn.L1Loss(), squared)))
    assert not any(map(is_mean_over_targets, ("RMSE", torch.nn.L1Loss(reduction="sum"))))


def test_missing_targets_without_a_number_are_not_counted(tiny):
    folder = tiny / "datasets" / NAME
    file, meta = folder / "val_data.npy", json.loads((folder / "meta.json").read_text())
    rewrite_meta(tiny, regular_settings={**meta["regular_settings"], "null_val": np.nan})
    values = np.load(file)
    # nothing is NaN: nothing is missing
    trained(loss=HuberLoss())
    values[3, 2] = np.nan
    np.save(file, values)
    for loss in (HuberLoss(), torch.nn.MSELoss()):
        with refuses("loss", found=type(loss).__name__, expected="null_val=nan", fix="masked=True"):
            trained(loss=loss)
    trained(loss=HuberLoss(masked=True))

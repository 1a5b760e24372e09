"""Remedies for losses of a model's own: one that is never added, one that replaces the run's."""

import pytest
from basicts import BasicTSLauncher
from basicts.runners.callback import AddAuxiliaryLoss, BasicTSCallback
from tiny import NODES, Recorder, Tiny, TinyConfig, bare, ours

from basicts_elin.training.launch.launcher import launch_training
from basicts_elin.training.protocol.callbacks import AuxiliaryLoss, BenchmarkLoss

AUXILIARY = 1000.0


class Auxiliary(Tiny):
    """Returns an auxiliary loss of 1000, whose gradient is large."""

    def forward(self, inputs, inputs_timestamps):
        bias = self.linear.bias
        loss = AUXILIARY + 1e4 * (bias - bias.detach()).sum()
        return {"prediction": super().forward(inputs, inputs_timestamps), "aux_loss": loss, "other": 2 * loss}


class OwnLoss(Tiny):
    """Returns a loss of its own, the squared error."""

    def forward(self, inputs, targets, inputs_timestamps):
        prediction = super().forward(inputs, inputs_timestamps)
        return {"prediction": prediction, "loss": (prediction - targets).square().mean()}


class Validation(BasicTSCallback):
    """Notes the loss and the MAE of each validation."""

    def __init__(self):
        self.seen = []

    def on_validate_end(self, runner, *args, **kwargs):
        self.seen.append([runner.meter_pool.get_value(f"val/{name}") for name in ("loss", "MAE")])


def recorded(launch, configure, model, *callbacks):
    recorder = Recorder()
    launch(configure(model, TinyConfig(num_features=NODES), callbacks=[*callbacks, recorder]))
    return recorder


def ours_recorded(model, *callbacks):
    return recorded(launch_training, ours, model, *callbacks)


def bare_recorded(model, *callbacks):
    return recorded(BasicTSLauncher.launch_training, bare, model, *callbacks)


def test_bare_an_auxiliary_loss_is_computed_and_forgotten(tiny):
    without, with_ = bare_recorded(Tiny), bare_recorded(Auxiliary, AddAuxiliaryLoss())
    assert with_.losses == without.losses
    assert with_.gradient_norms == without.gradient_norms


def test_an_auxiliary_loss_is_added(tiny):
    without, with_ = ours_recorded(Tiny), ours_recorded(Auxiliary, AuxiliaryLoss())
    assert with_.losses[0] == pytest.approx(without.losses[0] + AUXILIARY, rel=1e-6)
    assert all(loss > AUXILIARY for loss in with_.losses)
    assert max(without.gradient_norms) < 1e3 < min(with_.gradient_norms)


def test_without_the_callback_it_is_not(tiny):
    assert ours_recorded(Auxiliary).losses == ours_recorded(Tiny).losses


def test_several_auxiliary_losses_are_added(tiny):
    without, with_ = ours_recorded(Tiny), ours_recorded(Auxiliary, AuxiliaryLoss(["aux_loss", "other"]))
    assert with_.losses[0] == pytest.approx(without.losses[0] + 3 * AUXILIARY, rel=1e-6)


def test_validation_has_the_loss_of_the_forecast_alone(tiny):
    validation = Validation()
    ours_recorded(Auxiliary, AuxiliaryLoss(), validation)
    ((loss, mae),) = validation.seen
    assert 0 < mae < AUXILIARY and loss == pytest.approx(mae, rel=1e-6)


def test_bare_a_loss_of_the_models_own_is_trained_with(tiny):
    assert bare_recorded(OwnLoss).losses[0] != pytest.approx(bare_recorded(Tiny).losses[0], rel=1e-3)


def test_a_model_with_a_loss_of_its_own_is_trained_with_the_runs(tiny):
    validation = Validation()
    without, with_ = ours_recorded(Tiny), ours_recorded(OwnLoss, BenchmarkLoss(), validation)
    assert with_.losses == without.losses
    assert with_.gradient_norms == without.gradient_norms
    ((loss, mae),) = validation.seen
    assert loss == pytest.approx(mae, rel=1e-6)

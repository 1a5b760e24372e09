"""The last step, predictions that are not finite, one evaluation of the test part."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from basicts import BasicTSLauncher
from tiny import NODES, Diverging, DivergingConfig, Recorder, bare, metrics, ours, record, weights

from basicts_elin.training.launch.launcher import best_checkpoint, launch_evaluation, launch_training, run_folder
from basicts_elin.training.protocol.callbacks import FinitePredictions, NonFinitePredictionError

EPOCHS, STEPS_PER_EPOCH = 3, 5


def recorded(launch, configure, **differences):
    recorder = Recorder()
    config = configure(num_epochs=EPOCHS, callbacks=[recorder], **differences)
    launch(config)
    return recorder, config


def diverging(configure, **fields):
    return configure(Diverging, DivergingConfig(num_features=NODES, **fields), num_epochs=EPOCHS)


def test_bare_the_last_step_is_lost(tiny):
    recorder, _ = recorded(BasicTSLauncher.launch_training, bare)
    assert len(recorder.gradient_norms) == EPOCHS * STEPS_PER_EPOCH - 1


def test_every_step_is_taken(tiny):
    recorder, config = recorded(launch_training, ours)
    assert len(recorder.gradient_norms) == EPOCHS * STEPS_PER_EPOCH
    last = torch.load(run_folder(config) / f"Tiny_{EPOCHS}.pt", weights_only=True)
    assert last["epoch"] == EPOCHS
    assert {state["step"].item() for state in last["optim_state_dict"]["state"].values()} == {15}
    assert [entry["epoch"] for entry in record(run_folder(config))["epochs"]] == [1, 2, 3]


def test_bare_the_test_part_is_evaluated_in_every_epoch(tiny):
    recorder, _ = recorded(BasicTSLauncher.launch_training, bare)
    assert recorder.tests == EPOCHS + 1


def test_the_test_part_is_evaluated_once(tiny):
    recorder, _ = recorded(launch_training, ours)
    assert recorder.tests == 1


def test_bare_a_model_that_predicts_nan_has_no_error(tiny):
    config = diverging(bare)
    BasicTSLauncher.launch_training(config)
    assert metrics(run_folder(config))["overall"] == {"MAE": 0.0, "RMSE": 0.0, "MAPE": 0.0}


def test_bare_a_run_that_diverges_later_loses_its_best_model(tiny):
    config = diverging(bare, nan_epoch=2)
    BasicTSLauncher.launch_training(config)
    assert weights(best_checkpoint(config))["linear.bias"].isnan().all()
    assert metrics(run_folder(config))["overall"]["MAE"] == 0.0


def test_a_diverged_run_is_stopped_before_anything_is_saved_as_best(tiny):
    config = diverging(ours)
    with pytest.raises(NonFinitePredictionError, match=r"Diverging .* 5 batches of training epoch 1\b"):
        launch_training(config)
    assert not best_checkpoint(config).exists()
    assert not (run_folder(config) / "test_metrics.json").exists()


def test_a_run_that_diverges_later_keeps_its_best_model(tiny):
    config = diverging(ours, nan_epoch=2)
    with pytest.raises(NonFinitePredictionError, match=r"training epoch 2\b"):
        launch_training(config)
    best = torch.load(best_checkpoint(config), weights_only=True)
    assert best["epoch"] == 1
    assert all(values.isfinite().all() for values in best["model_state_dict"].values())


def test_one_infinite_step_in_validation_is_enough(tiny):
    config = diverging(ours, only_in_evaluation=True)
    with pytest.raises(NonFinitePredictionError, match="in 1 batches of validation"):
        launch_training(config)
    assert not best_checkpoint(config).exists()


def test_the_test_part_is_named(tiny):
    config = diverging(ours, nan_epoch=EPOCHS + 1)
    launch_training(config)
    with pytest.raises(NonFinitePredictionError, match="in 1 batches of test"):
        launch_evaluation(diverging(ours, only_in_evaluation=True), best_checkpoint(config), Path("out"))
    assert not Path("out/test_metrics.json").exists()


def test_a_part_does_not_answer_for_the_one_before():
    callback, runner = FinitePredictions(), SimpleNamespace(model_name="M", epoch=1)
    callback.on_compute_loss(runner, forward_return={"prediction": torch.tensor([1.0, torch.nan])})
    callback.on_compute_loss(runner, forward_return={"prediction": torch.tensor([1.0, 2.0])})
    with pytest.raises(NonFinitePredictionError, match="in 1 batches"):
        callback.on_epoch_end(runner)
    callback.on_compute_loss(runner, forward_return={"prediction": torch.tensor([1.0, 2.0])})
    callback.on_validate_end(runner)
    callback.on_test_end(runner)

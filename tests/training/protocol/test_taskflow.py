"""The loss on the original scale, and zeros in the inputs scaled like any value."""

import numpy as np
import pytest
import torch
from basicts import BasicTSLauncher
from basicts.runners import BasicTSRunner
from basicts.runners.callback import BasicTSCallback, CurriculumLearning
from tiny import Recorder, bare, metrics, ours, series, write_dataset

from basicts_elin.training.launch.launcher import launch_training, run_folder
from basicts_elin.training.protocol.scaler import BenchmarkZScoreScaler
from basicts_elin.training.protocol.taskflow import OriginalScaleTaskFlow

ONE_DEVIATION = {"scaler": BenchmarkZScoreScaler, "norm_each_channel": False}


class Batches(BasicTSCallback):
    """Keeps what the loss is computed from, with the loss."""

    def __init__(self):
        self.seen = []

    def on_compute_loss(self, runner, *args, forward_return, **kwargs):
        self.last = {name: value.detach() for name, value in forward_return.items()}

    def on_backward(self, runner, *args, loss, **kwargs):
        self.seen.append({**self.last, "loss": loss.item()})


def recorded(launch, configure, **differences):
    recorder = Recorder()
    launch(configure(callbacks=[recorder], **differences))
    return recorder


def preprocessed(config, inputs, targets):
    runner = BasicTSRunner(config)
    runner.scaler.fit(series("train"))
    inputs, targets = (torch.tensor(values, dtype=torch.float32).reshape(1, -1, 1) for values in (inputs, targets))
    return runner, runner.taskflow.preprocess(runner, {"inputs": inputs, "targets": targets})


def test_loss_and_gradient_are_the_bare_ones_times_the_deviation(workplace):
    write_dataset(workplace, zeros=False)
    deviation = series("train", zeros=False).astype(np.float64).std()
    # in order, so that both have the same batches
    without = recorded(BasicTSLauncher.launch_training, bare, train_data_shuffle=False, **ONE_DEVIATION)
    with_remedy = recorded(launch_training, ours, train_data_shuffle=False)
    assert without.losses[0] < 2
    assert with_remedy.losses[0] == pytest.approx(without.losses[0] * deviation, rel=1e-5)
    assert with_remedy.gradient_norms[0] == pytest.approx(without.gradient_norms[0] * deviation, rel=1e-5)


def test_the_loss_is_the_error_of_the_measured_targets(tiny):
    batches = Batches()
    launch_training(ours(callbacks=[batches]))
    raw = set(series("train").flatten().tolist()) - {0.0}
    assert len(batches.seen) == 5
    for batch in batches.seen:
        mask = batch["targets_mask"]
        targets = batch["targets"][mask].double()
        assert 0.5 < mask.float().mean() < 0.9
        # each is a measured value of the file, up to one scaling there and back
        assert all(min(abs(value - other) for other in raw) < 1e-3 for value in targets[:50].tolist())
        error = (batch["prediction"][mask].double() - targets).abs().mean().item()
        assert batch["loss"] == pytest.approx(error, rel=1e-5)


def test_bare_a_missing_input_becomes_the_mean(tiny):
    _, data = preprocessed(bare(**ONE_DEVIATION), inputs=[0, 100], targets=[0, 100])
    values = series("train").astype(np.float64)
    assert data["inputs"].flatten().tolist() == [0.0, pytest.approx((100 - values.mean()) / values.std(), rel=1e-5)]


def test_a_missing_input_is_scaled_like_any_value(tiny):
    _, data = preprocessed(ours(), inputs=[0, 100], targets=[0, 100])
    values = series("train").astype(np.float64)
    expected = [(value - values.mean()) / values.std() for value in (0, 100)]
    assert data["inputs"].flatten().tolist() == pytest.approx(expected, rel=1e-5)
    assert data["targets_mask"].flatten().tolist() == [False, True]
    assert data["targets"].flatten().tolist() == [0.0, pytest.approx(expected[1], rel=1e-5)]


def test_prediction_and_targets_come_back_to_the_original_scale_once(tiny):
    runner, data = preprocessed(ours(), inputs=[0, 100], targets=[0, 321])
    data["prediction"] = runner.scaler.transform(torch.full_like(data["targets"], 222))
    runner.callback_handler.trigger("on_compute_loss", runner, forward_return=data)
    runner.taskflow.postprocess(runner, data)
    assert data["prediction"].flatten().tolist() == pytest.approx([222, 222], rel=1e-5)
    assert data["targets"].flatten().tolist() == [0.0, pytest.approx(321, rel=1e-5)]


def test_the_task_flow_is_all_that_basicts_alone_needs(tiny):
    recorder = Recorder()
    config = bare(taskflow=OriginalScaleTaskFlow(), callbacks=[recorder], **ONE_DEVIATION)
    BasicTSLauncher.launch_training(config)
    assert recorder.losses[0] > 10
    assert metrics(run_folder(config))["overall"]["MAE"] > 10
    assert config.callbacks == [recorder]


class Order(BasicTSCallback):
    """Notes the scale of the targets that each callback sees, and their steps."""

    def __init__(self):
        self.seen = []

    def on_compute_loss(self, runner, *args, forward_return, **kwargs):
        self.seen.append((forward_return["targets"].max().item() > 100, forward_return["targets"].shape[1]))


@pytest.mark.parametrize("launch", [launch_training, BasicTSLauncher.launch_training])
def test_other_callbacks_see_the_original_scale_in_their_own_order(tiny, launch):
    before, after = Order(), Order()
    launch(ours(callbacks=[before, CurriculumLearning(12, step_size=4), after], num_epochs=2))
    assert set(before.seen) == {(True, 12)}
    assert {steps for _, steps in after.seen} == {4, 8, 12}


def test_half_precision_is_not_rounded_on_the_original_scale(tiny):
    runner, data = preprocessed(ours(), inputs=[0, 100], targets=[0, 321])
    data["prediction"] = runner.scaler.transform(torch.full_like(data["targets"], 222)).bfloat16()
    normalised = data["prediction"].double()
    runner.callback_handler.trigger("on_compute_loss", runner, forward_return=data)
    expected = normalised * runner.scaler.stats["std"] + runner.scaler.stats["mean"]
    assert data["prediction"].dtype == torch.float32
    assert data["prediction"].flatten().tolist() == pytest.approx(expected.flatten().tolist(), rel=1e-6)

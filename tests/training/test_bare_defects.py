"""Defects of bare BasicTS that no other test shows, by their numbers in docs/basicts-defects.md."""

import json
import os

import numpy as np
import pytest
import torch
from basicts import BasicTSLauncher
from basicts.runners import BasicTSRunner, basicts_runner
from basicts.runners.callback import BasicTSCallback, EarlyStopping
from basicts.runners.taskflow import BasicTSForecastingTaskFlow
from basicts.scaler import ZScoreScaler
from basicts.utils.mask import null_val_mask
from easytorch.core import checkpoint
from tiny import NAME, Tiny, bare, metrics, ours, raw_windows, rewrite_meta, series, weights
from torch.utils._python_dispatch import TorchDispatchMode

from basicts_elin.training.launch.launcher import launch_training, run_folder
from basicts_elin.training.launch.processes import free_port
from basicts_elin.training.protocol.missing_inputs import is_measured
from basicts_elin.training.protocol.scaler import BenchmarkZScoreScaler
from basicts_elin.training.protocol.taskflow import OriginalScaleTaskFlow


class StopEarly(EarlyStopping):
    """Early stopping that notes the steps that are taken."""

    steps = 0

    def on_step_end(self, runner, *args, **kwargs):
        StopEarly.steps += 1


def test_bare_a_run_that_was_stopped_early_is_trained_on(tiny, monkeypatch):
    """12."""
    steps = []
    for _ in range(2):
        monkeypatch.setattr(StopEarly, "steps", 0)
        BasicTSLauncher.launch_training(bare(num_epochs=6, optimizer_params={"lr": 0.0}, callbacks=[StopEarly(1)]))
        steps.append(StopEarly.steps)
    assert steps[0] == 2 * 5 and steps[1] > 0


def trained_and_damaged(content):
    """A run of two epochs, whose newest checkpoint gets another content."""
    config = bare(num_epochs=2, callbacks=[StopEarly(9)])
    BasicTSLauncher.launch_training(config)
    newest = run_folder(config) / "Tiny_2.pt"
    newest.write_bytes(content(newest.read_bytes()))


def test_bare_an_empty_checkpoint_ends_every_attempt(tiny):
    """13."""
    trained_and_damaged(lambda content: b"")
    for _ in range(2):
        with pytest.raises(EOFError):
            BasicTSLauncher.launch_training(bare(num_epochs=2, callbacks=[StopEarly(9)]))


def test_bare_a_run_with_a_truncated_checkpoint_silently_starts_again(tiny, monkeypatch):
    """13."""
    trained_and_damaged(lambda content: content[:-100])
    monkeypatch.setattr(StopEarly, "steps", 0)
    BasicTSLauncher.launch_training(bare(num_epochs=2, callbacks=[StopEarly(9)]))
    assert StopEarly.steps == 2 * 5 - 1


def test_bare_checkpoints_are_loaded_with_the_default_of_torch(tmp_path, monkeypatch):
    """14."""
    torch.save({"epoch": 1}, tmp_path / "Tiny_1.pt")
    asked = []
    monkeypatch.setattr(checkpoint.torch, "load", lambda path, **options: asked.append(options))
    checkpoint.load_ckpt(str(tmp_path))
    assert "weights_only" not in asked[0]


def test_bare_half_a_file_of_metrics_remains(tiny, monkeypatch):
    """15."""

    def killed(content, file, **options):
        file.write(json.dumps(content)[:9])
        raise KeyboardInterrupt

    monkeypatch.setattr(basicts_runner.json, "dump", killed)
    config = bare()
    # the configuration itself is written by the same function
    monkeypatch.setattr(type(config), "save", lambda config: os.makedirs(run_folder(config)))
    with pytest.raises(KeyboardInterrupt):
        BasicTSLauncher.launch_training(config)
    assert len((run_folder(config) / "test_metrics.json").read_text()) == 9


def test_bare_the_statistics_are_moved_for_every_tensor():
    """19, with the device that holds no values in place of a GPU."""
    values = torch.zeros(2, 5, device="meta")
    theirs, mine = ZScoreScaler(True, True), BenchmarkZScoreScaler(False, True)
    for scaler in (theirs, mine):
        scaler.fit(series("train"))
        scaler.transform(values)
    assert (theirs.stats["mean"].device.type, mine.stats["mean"].device.type) == ("cpu", "meta")


def test_bare_a_compiled_model_has_other_parameter_names(tiny, monkeypatch):
    """20."""
    monkeypatch.setattr(torch, "compile", lambda model: torch._dynamo.OptimizedModule(model, lambda function: function))
    config = bare(compile_model=True)
    BasicTSLauncher.launch_training(config)
    names = weights(run_folder(config) / "Tiny_1.pt").keys()
    assert names == {f"_orig_mod.{name}" for name in Tiny(config.model_config).state_dict()}


def test_bare_half_precision_needs_a_gpu(tiny):
    """21."""
    with pytest.raises(AssertionError, match="CUDA"):
        BasicTSLauncher.launch_training(bare(model_dtype="bfloat16"))


def test_bare_several_processes_need_a_gpu(workplace):
    """26."""
    address = f"tcp://127.0.0.1:{free_port()}"
    torch.distributed.init_process_group("gloo", init_method=address, rank=0, world_size=1)
    try:
        with pytest.raises(ValueError, match="device_ids"):
            BasicTSRunner(bare())
    finally:
        torch.distributed.destroy_process_group()


class Refusing(BasicTSRunner):
    """A runner that nobody may use."""

    def __init__(self, cfg):
        raise RuntimeError("used")


def test_bare_the_launcher_ignores_a_runner(tiny):
    """28."""
    config = bare(runner=Refusing)
    BasicTSLauncher.launch_training(config)
    assert (run_folder(config) / "test_metrics.json").is_file()


class Copies(TorchDispatchMode):
    """Counts copies between devices."""

    count = 0

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        self.count += function is torch.ops.aten._to_copy.default
        return function(*arguments, **(named or {}))


def test_bare_the_null_value_is_copied_for_every_mask():
    """29, with the device that holds no values in place of a GPU."""
    values, counts = torch.zeros(2, 5, device="meta"), []
    for mask in (null_val_mask, is_measured):
        with Copies() as copies:
            mask(values, 0.0)
        counts.append(copies.count)
    assert counts == [1, 0]


def counts(folder):
    """Zeros become values, of which later rows have more."""
    for part in ("train", "val", "test"):
        file = folder / f"{part}_data.npy"
        values = np.load(file)
        values[np.random.default_rng(0).random(values.shape) < np.linspace(0, 0.8, len(values))[:, None]] = 0
        np.save(file, values)
    rewrite_meta(folder.parents[1], regular_settings={"null_val": float("nan")})


class AlwaysTheSame(BasicTSCallback):
    """The model always forecasts the mean of the training part."""

    def on_epoch_start(self, runner, *args, **kwargs):
        for group in runner.optimizer.param_groups:
            group["lr"] = 0.0
        with torch.no_grad():
            for parameter in runner.model.parameters():
                parameter.zero_()


def test_bare_mape_weights_batches_by_targets_that_it_leaves_out(tiny):
    """31, where more and more values are zeros."""
    counts(tiny / "datasets" / NAME)
    reported = []
    for launch, configure in ((BasicTSLauncher.launch_training, bare), (launch_training, ours)):
        scaling = {"scaler": BenchmarkZScoreScaler, "norm_each_channel": False}
        config = configure(callbacks=[AlwaysTheSame()], null_val=float("nan"), test_batch_size=7, **scaling)
        launch(config)
        reported.append(metrics(run_folder(config)))
    _, targets = raw_windows()
    mean = np.load(tiny / "datasets" / NAME / "train_data.npy").astype(np.float64).mean()
    for name, part in {"overall": targets, "horizon_3": targets[:, 2], "horizon_12": targets[:, 11]}.items():
        counted = part[part != 0]
        right = np.abs((mean - counted) / counted).mean()
        theirs, mine = (found[name]["MAPE"] for found in reported)
        assert mine == pytest.approx(right, rel=1e-5)
        assert abs(theirs / right - 1) > 1e-3


def there_and_back(taskflow, targets):
    """The targets that the metrics get: scaled by 2406, around a mean of 5000, and scaled back."""
    config = bare(null_val=float("nan"), scaler=BenchmarkZScoreScaler, norm_each_channel=False, taskflow=taskflow)
    runner = BasicTSRunner(config)
    runner.scaler.stats = {"mean": torch.tensor(5000.0), "std": torch.tensor(2406.0)}
    data = taskflow.preprocess(runner, {"inputs": targets, "targets": targets})
    data["prediction"] = data["targets"]
    runner.callback_handler.trigger("on_compute_loss", runner, forward_return=data)
    return taskflow.postprocess(runner, data)["targets"]


def test_bare_a_measured_zero_comes_back_as_another_number(tiny):
    """32."""
    targets = torch.tensor([[[0.0], [torch.nan], [7000.1]]])
    theirs = there_and_back(BasicTSForecastingTaskFlow(), targets)
    assert 5e-5 < theirs[0, 0].abs().item() < 1e-2
    mine = there_and_back(OriginalScaleTaskFlow(), targets)
    assert mine.flatten().tolist() == torch.tensor([0.0, 0.0, 7000.1]).tolist()

"""The training loop: BasicTS's numbers without waiting for them, number formats, compiled models."""

import shutil

import numpy as np
import pytest
import torch
from basicts import BasicTSLauncher
from basicts.runners.callback import BasicTSCallback, CurriculumLearning
from tiny import DIMS, NODES, Interrupt, Tiny, TinyConfig, bare, metrics, ours, weights
from training.every_step import EveryStep

from basicts_elin import ELinFormer, ELinFormerConfig
from basicts_elin.training.launch.launcher import best_checkpoint, launch_evaluation, launch_training, run_folder
from basicts_elin.training.protocol.curriculum import HorizonCurriculum
from basicts_elin.training.protocol.losses import HuberLoss
from basicts_elin.training.runner.meters import DeferredMeters

NAMES = ("loss", "MAE", "RMSE", "MAPE")


class TrainingMeters(BasicTSCallback):
    """Notes the training metrics of each epoch."""

    def __init__(self):
        self.values = []

    def on_epoch_end(self, runner, *args, **kwargs):
        self.values.append([runner.meter_pool.get_value(f"train/{name}") for name in NAMES])


class Waits(BasicTSCallback):
    """Counts how often numbers are fetched from tensors in three steps."""

    def on_step_start(self, runner, *args, step, **kwargs):
        if step == 2:
            self._mode = Fetches()
            self._mode.__enter__()

    def on_step_end(self, runner, *args, step, **kwargs):
        if step == 4:
            self._mode.__exit__(None, None, None)
            self.count = self._mode.count


class Fetches(torch.utils._python_dispatch.TorchDispatchMode):
    count = 0

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        self.count += function is torch.ops.aten._local_scalar_dense.default
        return function(*arguments, **(named or {}))


class Types(BasicTSCallback):
    """Notes the number formats of a run."""

    def __init__(self):
        self.loss, self.predictions = set(), []

    def on_train_start(self, runner, *args, **kwargs):
        runner.model.register_forward_hook(lambda model, inputs, output: self.predictions.append(output.dtype))

    def on_backward(self, runner, *args, loss, **kwargs):
        self.loss.add(loss.dtype)

    def on_validate_start(self, runner, *args, **kwargs):
        self.predictions.append("validation")


def elinformer(**differences):
    sizes = {"num_features": NODES, "dropout": 0.0, **DIMS}
    return ours(ELinFormer, ELinFormerConfig(**sizes), **differences)


@pytest.mark.parametrize("more", [[], [CurriculumLearning(12, cl_epochs=1, step_size=4)]])
def test_training_and_metrics_are_those_of_the_loop_of_basicts(tiny, more):
    def run(launch, folder):
        meters = TrainingMeters()
        # BasicTS shuffles in another order
        callbacks = [EveryStep(), *more, meters]
        config = ours(
            num_epochs=2, callbacks=callbacks, train_data_shuffle=False, train_batch_size=13, ckpt_save_dir=folder
        )
        launch(config)
        return meters.values, metrics(run_folder(config)), weights(run_folder(config) / "Tiny_2.pt")

    theirs, ours_ = run(BasicTSLauncher.launch_training, "theirs"), run(launch_training, "ours")
    np.testing.assert_allclose(ours_[0], theirs[0], rtol=1e-6)
    for part, values in theirs[1].items():
        assert ours_[1][part] == pytest.approx(values, rel=1e-6)
    torch.testing.assert_close(ours_[2], theirs[2])
    assert len(ours_[0]) == 2


@pytest.mark.parametrize("fields", [{}, {"loss": HuberLoss(masked=True), "accumulate": 2}, {"loss": HuberLoss()}])
def test_a_step_waits_for_no_number(tiny, fields):
    bare_waits, waits = Waits(), Waits()
    # unlike Adam, it fetches no numbers itself
    plain = {"optimizer": torch.optim.SGD, "optimizer_params": {"lr": 1e-9}}
    BasicTSLauncher.launch_training(bare(callbacks=[bare_waits], **plain))
    launch_training(ours(callbacks=[HorizonCurriculum(2), waits], **plain, **fields))
    # loss and three metrics, each with its weight
    assert bare_waits.count >= 3 * 8
    assert waits.count == 0


def test_meters_are_right_whenever_they_are_read():
    meters = DeferredMeters()
    meters.register("train/MAE", "train")
    meters.register("train/RMSE", "train")
    for value, count in ((1.0, 10), (4.0, 30)):
        for name in ("train/MAE", "train/RMSE"):
            meters.update(name, torch.tensor(value, requires_grad=True), torch.tensor(count))
    assert meters.get_value("train/MAE") == (1 * 10 + 4 * 30) / 40
    meters.update("train/MAE", 2.0, 40)
    assert meters.get_value("train/MAE") == (1 * 10 + 4 * 30 + 2 * 40) / 80
    assert meters.get_value("train/RMSE") == ((1 * 10 + 16 * 30) / 40) ** 0.5
    meters.update("train/MAE", torch.tensor(1.0))
    meters.reset()
    assert meters.get_value("train/MAE") == 0


def test_bf16_is_for_the_products_of_training_alone(tiny):
    types = Types()
    folder = launch_training(elinformer(precision="bf16", callbacks=[types]))
    validation = types.predictions.index("validation")
    assert set(types.predictions[:validation]) == {torch.bfloat16}
    assert set(types.predictions[validation + 1 :]) == {torch.float32}
    assert types.loss == {torch.float32}
    state = weights(folder / "ELinFormer_1.pt")
    assert {value.dtype for value in state.values()} == {torch.float32}
    # other numbers: another folder, whose checkpoint is like any other
    plain = elinformer(callbacks=[Types()])
    assert run_folder(plain) != folder
    assert launch_training(plain) != folder
    assert metrics(folder)["overall"]["MAE"] == pytest.approx(metrics(run_folder(plain))["overall"]["MAE"], rel=0.05)
    best = folder / "ELinFormer_best_val_MAE.pt"
    launch_evaluation(plain, str(best), folder / "again")
    assert metrics(folder / "again") == metrics(folder)


@pytest.fixture
def compiled(monkeypatch):
    """Graphs that were compiled, by a compiler that takes no time."""
    graphs = []

    def compiler(graph, examples):
        graphs.append(graph)
        return graph.forward

    compile_ = torch.nn.Module.compile
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module: compile_(module, backend=compiler))
    torch._dynamo.reset()
    yield graphs
    torch._dynamo.reset()


def test_a_compiled_run_resumes_uncompiled_with_the_same_numbers(tiny, compiled):
    def config(compile_model, **fields):
        return ours(num_epochs=4, callbacks=[Interrupt()], compile_model=compile_model, **fields)

    whole = launch_training(config(False, ckpt_save_dir="whole"))
    assert not compiled
    Interrupt.at = 3
    with pytest.raises(KeyboardInterrupt):
        launch_training(config(True))
    assert compiled
    Interrupt.at = None
    number = len(compiled)
    folder = launch_training(config(False), resume=True)
    assert len(compiled) == number
    assert weights(folder / "Tiny_4.pt").keys() == Tiny(TinyConfig(12, 12)).state_dict().keys()
    torch.testing.assert_close(weights(folder / "Tiny_4.pt"), weights(whole / "Tiny_4.pt"))
    launch_evaluation(config(True), str(best_checkpoint(config(False))), folder / "again")
    assert metrics(folder / "again")["overall"] == pytest.approx(metrics(folder)["overall"])


@pytest.mark.slow
@pytest.mark.skipif(" " in torch.__file__, reason="torch cannot compile where its own path has a space")
@pytest.mark.skipif(not shutil.which("g++"), reason="torch needs a C++ compiler, g++")
def test_torch_s_own_compiler(tiny):
    numbers = [metrics(launch_training(elinformer(compile_model=compile_, ckpt_save_dir=str(compile_)))) for compile_ in
               (False, True)]  # fmt: skip
    assert numbers[1]["overall"] == pytest.approx(numbers[0]["overall"], rel=1e-3)

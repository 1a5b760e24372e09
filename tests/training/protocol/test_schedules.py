"""Learning rates by epoch, also of runs that are interrupted."""

import math

import pytest
import torch
from basicts import BasicTSLauncher
from basicts.runners.callback import BasicTSCallback
from refusal import refuses
from tiny import Interrupt, bare, forget_loggers, ours, record
from torch.optim.lr_scheduler import ReduceLROnPlateau

from basicts_elin.training.launch.config_checks import check_config
from basicts_elin.training.launch.launcher import launch_training, run_folder
from basicts_elin.training.protocol.schedules import PlateauLR, WarmupCosineLR

STILL = {"lr": 0.0, "weight_decay": 0.0}


class Validations(BasicTSCallback):
    """Sets the validation metrics to given values."""

    def __init__(self, **values):
        self._values = values

    def on_validate_end(self, runner, *args, train_epoch, **kwargs):
        for name, values in self._values.items():
            runner.meter_pool.get_value(f"val/{name}")
            meter = runner.meter_pool._pool[f"val/{name}"]["meter"]
            meter.reset()
            meter.update(values[train_epoch - 1], 1)


def optimizer(*rates):
    return torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates])


def rates(schedule, epochs):
    found = []
    for _ in range(epochs):
        found.append([group["lr"] for group in schedule.optimizer.param_groups])
        schedule.optimizer.step()
        schedule.step()
    return found


def plateau(**fields):
    settings = {"metric": "RMSE", "factor": 0.1, "patience": 1, "threshold": 0.1, "min_lr": 2e-4}
    return ours(num_epochs=8, lr_scheduler=PlateauLR, lr_scheduler_params=settings, **fields)


def learning_rates(config):
    return [entry["learning_rate"] for entry in record(launch_training(config))["epochs"]]


def test_warm_up_and_cosine():
    found = rates(WarmupCosineLR(optimizer(1e-3, 1e-2), 200, 5, 1e-6, 1e-4), 202)
    expected = [1e-6 + (1e-3 - 1e-6) * epoch / 5 for epoch in range(5)]
    expected += [1e-4 + (1e-3 - 1e-4) * (1 + math.cos(math.pi * epoch / 200)) / 2 for epoch in range(5, 201)]
    assert [first for first, _ in found] == pytest.approx([*expected, 1e-4], rel=1e-12)
    assert found[0] == [1e-6, 1e-6]
    assert found[5][1] == pytest.approx(1e-4 + (1e-2 - 1e-4) * (1 + math.cos(math.pi / 40)) / 2)


def test_the_cosine_has_the_epochs_of_the_run(tiny):
    settings = {"num_epochs": 200, "warmup_epochs": 1, "warmup_lr": 1e-5, "min_lr": 1e-4}
    found = learning_rates(ours(num_epochs=4, lr_scheduler=WarmupCosineLR, lr_scheduler_params=settings))
    cosine = [1e-4 + 9e-4 * (1 + math.cos(math.pi * epoch / 4)) / 2 for epoch in (1, 2, 3)]
    assert found == pytest.approx([1e-5, *cosine], rel=1e-12)


def test_bare_a_plateau_is_told_no_metric(tiny):
    with pytest.raises(TypeError, match="metrics"):
        BasicTSLauncher.launch_training(bare(lr_scheduler=ReduceLROnPlateau))


def test_a_stalled_metric_lowers_the_learning_rate(tiny):
    # 9.5 is no improvement of a tenth; patience 1 lets one pass
    values = [10.0, 9.5, 8.0, 7.9, 7.8, 7.9, 7.9, 7.9]
    found = learning_rates(plateau(callbacks=[Validations(RMSE=values, MAE=range(8, 0, -1))]))
    assert found == pytest.approx([1e-3] * 5 + [2e-4] * 3)


def test_validations_are_counted_not_epochs(tiny):
    values = [0.0, 10.0, 0.0, 10.0, 0.0, 10.0, 0.0, 10.0]
    found = learning_rates(plateau(val_interval=2, callbacks=[Validations(RMSE=values)]))
    assert found == pytest.approx([1e-3] * 6 + [2e-4] * 2)


@pytest.mark.parametrize("target", ["MAE", "loss"])
def test_by_default_the_target_metric_is_watched(tiny, target):
    callbacks = [Validations(**{"MAE": range(8, 0, -1), "loss": range(8, 0, -1), target: [1.0] * 8})]
    config = ours(
        num_epochs=4,
        target_metric=target,
        lr_scheduler=PlateauLR,
        lr_scheduler_params={"patience": 0},
        callbacks=callbacks,
    )
    assert learning_rates(config) == pytest.approx([1e-3, 1e-3, 1e-4, 1e-5])


@pytest.mark.parametrize("at", [3, 6])
def test_a_plateau_is_noticed_across_an_interruption(tiny, at):
    def config(folder):
        # no improvement at all
        callbacks = [Validations(RMSE=[1.0] * 8), Interrupt()]
        return plateau(ckpt_save_dir=folder, val_interval=2, callbacks=callbacks)

    whole = learning_rates(config("whole"))
    Interrupt.at = at
    with pytest.raises(KeyboardInterrupt):
        launch_training(config("stopped"))
    Interrupt.at = None
    forget_loggers()
    assert learning_rates(config("stopped")) == whole == pytest.approx([1e-3] * 6 + [2e-4] * 2)
    states = [torch.load(run_folder(config(name)) / "Tiny_8.pt", weights_only=True) for name in ("whole", "stopped")]
    assert states[0]["scheduler_state_dict"] == states[1]["scheduler_state_dict"]


def test_a_warm_up_that_is_interrupted(tiny):
    def config(folder):
        schedule = {"lr_scheduler": WarmupCosineLR, "lr_scheduler_params": {"warmup_epochs": 3}}
        return ours(num_epochs=6, callbacks=[Interrupt()], ckpt_save_dir=folder, **schedule)

    whole = learning_rates(config("whole"))
    for at in (2, 5):
        Interrupt.at = at
        with pytest.raises(KeyboardInterrupt):
            launch_training(config("stopped"))
        forget_loggers()
    Interrupt.at = None
    assert learning_rates(config("stopped")) == whole
    assert len({*whole}) == 6


def test_a_schedule_that_is_told_no_metric(workplace):
    with refuses("lr_scheduler", found="ReduceLROnPlateau", fix="schedules.PlateauLR"):
        check_config(ours(lr_scheduler=ReduceLROnPlateau, lr_scheduler_params={}))


def test_a_metric_that_is_not_measured(workplace):
    config = ours(lr_scheduler=PlateauLR, lr_scheduler_params={"metric": "WAPE"})
    with refuses("lr_scheduler_params.metric", found="WAPE", expected=("MAE", "loss")):
        check_config(config)

"""Models, optimizers and schedules that cannot be built, or do not fit."""

import weakref

import pytest
import torch
from refusal import refuses
from tiny import Tiny, TinyConfig, ours
from torch.optim import LBFGS
from torch.optim.lr_scheduler import ReduceLROnPlateau

from basicts_elin.training.launch.model_checks import check_model


class Asserting(Tiny):
    """Refuses by an assertion."""

    def __init__(self, config):
        super().__init__(config)
        if not config.bias:
            raise AssertionError("no bias")


def test_a_model_that_refuses_by_an_assertion(workplace):
    with refuses("model_config", found=("AssertionError", "no bias"), fix="Asserting"):
        check_model(ours(Asserting, TinyConfig(bias=False)))


class Alone(Tiny):
    """Notes how many others of it exist while it is built."""

    all = weakref.WeakSet()
    others = []

    def __init__(self, config):
        super().__init__(config)
        self.others.append(len(self.all))
        self.all.add(self)


class Computing(Alone):
    """Needs the values of its weights while it is built."""

    def __init__(self, config):
        super().__init__(config)
        self.largest = self.linear.weight.max().item()


@pytest.mark.parametrize("model", [Alone, Computing])
def test_two_of_a_model_are_never_in_memory(workplace, monkeypatch, model):
    monkeypatch.setattr(Alone, "others", [])
    check_model(ours(model))
    # a sketch, and the model
    assert Alone.others == [0, 0]


def test_a_model_larger_than_the_memory(workplace):
    config = ours(input_len=10**6, output_len=10**6, eval_horizons=[3])
    with refuses("model_config", found=("Tiny", "4000.0 GB"), expected="GB"):
        check_model(config)


@pytest.mark.parametrize(
    ("field", "value", "most"), [("num_features", 10**9, 10**6), ("num_layers", 1001, 1000), ("width", 10**7, 10**6)]
)
def test_sizes_that_are_typing_errors(workplace, field, value, most):
    config = ours()
    config.model_config[field] = value
    with refuses(f"model_config.{field}", found=value, expected=most):
        check_model(config)


def test_a_model_that_needs_timestamps(workplace):
    with refuses("use_timestamps", found=False, expected=("True", "Tiny")):
        check_model(ours(use_timestamps=False))


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("optimizer_params", {"rate": 1}, "Adam"),
        ("optimizer_params", {"lr": -1}, "Adam"),
        ("optimizer_params", {"betas": (0.9, 1.5)}, "Adam"),
        ("lr_scheduler_params", {}, "MultiStepLR"),
        ("lr_scheduler_params", {"milestones": 3}, "MultiStepLR"),
    ],
)
def test_arguments_that_are_refused(workplace, field, value, kind):
    with refuses(field, found=value, expected=kind, fix=f"--set {field}.NAME=VALUE"):
        check_model(ours(**{field: value}))


@pytest.mark.parametrize(
    ("field", "kind", "needs"), [("lr_scheduler", ReduceLROnPlateau, "metrics"), ("optimizer", LBFGS, "closure")]
)
def test_steps_that_need_arguments(workplace, field, kind, needs):
    arguments = {"lr": 0.1} if field == "optimizer" else {}
    with refuses(field, found=kind.__name__, expected=needs):
        check_model(ours(**{field: kind, f"{field}_params": arguments}))


def test_a_checkpoint_to_start_from_is_checked(workplace):
    torch.save({"model_state_dict": {"other": torch.zeros(1)}}, "other.pt")
    with refuses("other.pt", found="2 parameters missing, 1 unknown"):
        check_model(ours(finetune_from="other.pt"))

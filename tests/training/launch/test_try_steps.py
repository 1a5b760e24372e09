"""A few steps on one batch, with every kind of configuration."""

from pathlib import Path

import pytest
import torch
from refusal import refuses
from tiny import Diverging, DivergingConfig, Tiny, TinyConfig, ours

from basicts_elin.errors import FailedRunError
from basicts_elin.training.launch.try_steps import try_steps
from basicts_elin.zoo.registry import config_for


def test_the_loss_falls_and_nothing_is_kept(tiny):
    before = sorted(Path().rglob("*"))
    config = ours(optimizer_params={"lr": 0.05})
    md5 = config.md5
    found = try_steps(config, 5, 2)
    assert len(found.losses) == len(found.seconds) == 5
    assert found.losses[-1] < found.losses[0] and "lower" in str(found) and "not lower" not in str(found)
    assert found.parameters == 12 * 12 + 12
    assert sorted(Path().rglob("*")) == before
    assert (config.train_batch_size, config.md5) == (16, md5)


class Counting(Tiny):
    """Notes the batches that it gets."""

    batches = []

    def forward(self, inputs, inputs_timestamps):
        self.batches.append(inputs)
        return super().forward(inputs, inputs_timestamps)


def test_the_batch_is_the_same_and_of_that_size(tiny):
    Counting.batches.clear()
    try_steps(ours(Counting), 3, 4)
    first, *others = Counting.batches
    assert len(others) == 2 and first.shape == (4, 12, 5) and all(torch.equal(first, other) for other in others)
    Counting.batches.clear()
    try_steps(ours(Counting), 1)
    assert len(Counting.batches[0]) == 16


def test_a_loss_that_does_not_fall_is_told(tiny):
    assert "not lower" in str(try_steps(ours(optimizer_params={"lr": 0.0}), 2, 2))


def test_a_model_without_training_is_tried_too(tiny):
    found = try_steps(config_for("HI", "Tiny"), 2, 2)
    assert found.losses[0] == found.losses[1]


def test_losses_that_are_not_finite_are_a_failed_run(tiny):
    with pytest.raises(FailedRunError, match=r"^Diverging: the loss is nan at step 1 of 2$"):
        try_steps(ours(Diverging, DivergingConfig()), 2, 2)


class Overflowing(Tiny):
    """Its last update is infinite, and no later loss shows it."""

    def forward(self, inputs, inputs_timestamps):
        prediction = super().forward(inputs, inputs_timestamps)
        prediction.register_hook(lambda gradient: gradient * torch.inf)
        return prediction


def test_weights_that_are_not_finite_are_a_failed_run(tiny):
    with pytest.raises(FailedRunError, match=r"^Overflowing: a weight is not finite after 1 steps$"):
        try_steps(ours(Overflowing), 1, 2)


class Failing(Tiny):
    """Its first step fails."""

    def forward(self, inputs, inputs_timestamps):
        raise IndexError("no such\nnode")


def test_a_step_that_fails_is_one_line(tiny):
    with pytest.raises(FailedRunError, match=r"^Failing: IndexError: no such node$"):
        try_steps(ours(Failing), 1, 2)


def test_what_a_run_would_refuse_is_refused(tiny):
    with refuses("num_epochs", found=0):
        try_steps(ours(Tiny, TinyConfig(), num_epochs=0), 1, 2)

"""Buffers that come from the dataset: computed once, and then in the checkpoint."""

from pathlib import Path

import numpy as np
import pytest
import torch
from basicts.runners.callback import BasicTSCallback
from data.relations.city_graph import add_graph
from easytorch.utils import get_rank
from refusal import refuses
from tiny import NAME, NODES, Interrupt, Tiny, TinyConfig, metrics, ours, weights

from basicts_elin import Forecaster, PreparedBuffers
from basicts_elin.config.overrides import with_overrides
from basicts_elin.errors import FailedRunError, UserError
from basicts_elin.training.launch.init_run import init_checkpoint
from basicts_elin.training.launch.launcher import best_checkpoint, launch_evaluation, launch_training
from basicts_elin.training.launch.processes import Group
from basicts_elin.training.launch.try_steps import try_steps


class Shifted(Tiny):
    """Adds a constant for each node, which comes from the dataset."""

    def __init__(self, config):
        super().__init__(config)
        self.register_buffer("shift", torch.full((config.num_features,), torch.nan))

    def forward(self, inputs, inputs_timestamps):
        if self.shift.isnan().any():
            raise ValueError("shift: not filled")
        return super().forward(inputs, inputs_timestamps) + self.shift


def first_row(dataset, config):
    """Notes each call in a file, which every process sees."""
    with Path("calls").open("a") as file:
        file.write(f"{dataset.name} {config.num_features}\n")
    return {"shift": dataset.values("train")[0] / 1000}


def wrong_name(dataset, config):
    return {"shifts": np.zeros(NODES)}


def refusing(dataset, config):
    raise UserError(dataset.folder, "no graph", "a graph")


class Shifts(BasicTSCallback):
    """Writes the buffer of each process at the first step."""

    def on_step_start(self, runner, *args, step, **kwargs):
        if step == 1:
            torch.save(getattr(runner.model, "module", runner.model).shift.clone(), f"shift_{get_rank()}.pt")


def shifted(prepare=first_row, **differences):
    callbacks = [PreparedBuffers(prepare), *differences.pop("callbacks", [])]
    return ours(Shifted, TinyConfig(), callbacks=callbacks, **differences)


def calls():
    return Path("calls").read_text().splitlines() if Path("calls").exists() else []


def expected():
    return torch.from_numpy(np.load(f"datasets/{NAME}/train_data.npy")[0] / 1000)


def test_they_are_filled_before_the_first_step_and_kept_in_the_checkpoint(tiny):
    config = shifted(callbacks=[Shifts()])
    folder = launch_training(config)
    assert calls() == [f"{NAME} {NODES}"]
    assert torch.equal(torch.load("shift_0.pt"), expected())
    assert torch.equal(weights(best_checkpoint(config))["shift"], expected())
    output = launch_evaluation(shifted(), str(best_checkpoint(config)), folder / "evaluation")
    assert metrics(output) == metrics(folder)
    assert len(calls()) == 1
    assert torch.equal(Forecaster.load(folder).network.model.shift, expected())


def test_every_process_has_them(tiny):
    launch_training(shifted(callbacks=[Shifts()]), group=Group(2))
    assert len(calls()) == 1
    assert all(torch.equal(torch.load(f"shift_{rank}.pt"), expected()) for rank in (0, 1))


def test_a_resumed_run_has_those_of_its_checkpoint(tiny):
    config = shifted(num_epochs=2, callbacks=[Interrupt()])
    Interrupt.at = 2
    with pytest.raises(KeyboardInterrupt):
        launch_training(config)
    Interrupt.at = None
    Path("calls").unlink()
    launch_training(shifted(num_epochs=2, callbacks=[Interrupt()]))
    assert calls() == [] and torch.equal(weights(best_checkpoint(config))["shift"], expected())


def test_a_run_that_starts_from_another_has_those_of_that_one(tiny):
    config = shifted()
    run = launch_training(config)
    file = best_checkpoint(config)
    state = torch.load(file, weights_only=True)
    state["model_state_dict"]["shift"] += 1
    torch.save(state, file)
    Path("calls").unlink()
    # the configuration of the run before, with what was computed for it
    config = with_overrides(config, {"init_from": init_checkpoint(str(run), config)})
    launch_training(config)
    assert calls() == [] and torch.equal(weights(best_checkpoint(config))["shift"], expected() + 1)


def test_steps_are_tried_with_them(tiny):
    # the model refuses to run without them
    assert len(try_steps(shifted(), 2, 4).losses) == 2
    assert len(calls()) == 1


def test_a_configuration_alone_computes_nothing(tiny):
    assert shifted().md5 == shifted().md5 != shifted(wrong_name).md5
    assert calls() == []


def test_a_dataset_that_the_model_cannot_have_is_refused_before_the_run(tiny):
    with refuses(Path("datasets") / NAME, found="no graph"):
        launch_training(shifted(refusing))
    assert not list(Path("checkpoints").rglob("*.pt"))


def test_a_buffer_that_the_model_does_not_have(tiny):
    with pytest.raises(FailedRunError, match="shifts"):
        launch_training(shifted(wrong_name))


def test_a_model_without_its_buffers_does_not_run(tiny):
    add_graph(tiny / "datasets" / NAME)
    with pytest.raises(FailedRunError, match="not filled"):
        launch_training(ours(Shifted, TinyConfig()))

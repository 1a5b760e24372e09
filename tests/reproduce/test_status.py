"""What there is of planned runs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from basicts_elin.legacy_checkout import CHECKOUT
from cli.commands import CONFIG, SMALL_CONFIG
from tiny import Interrupt, write_dataset

from basicts_elin.env_vars import ROOT_VARIABLE
from basicts_elin.errors import UserError
from basicts_elin.reproduce import status as module
from basicts_elin.reproduce.plan import Run
from basicts_elin.reproduce.status import State, answer, survey
from basicts_elin.training.launch.launcher import launch_training
from basicts_elin.zoo.config_file import load_config

INTERRUPTED = CONFIG.replace("import Tiny", "import Interrupt, Tiny").replace(
    "num_epochs=2", "num_epochs=2, callbacks=[Interrupt()]"
)
RUN = Run("Tiny", "Tiny", 42, "tiny.py")


@pytest.fixture(autouse=True)
def _no_older(monkeypatch):
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)


def state(run=RUN):
    return answer([run], ["cpu"]).states[0]


def test_a_run_is_to_be_run_then_interrupted_then_finished(tiny):
    Path("tiny.py").write_text(INTERRUPTED)
    new = state()
    assert (new.epoch, new.num_epochs, new.is_finished, new.problem) == (0, 2, False, "")
    assert str(new) == "to be run"
    Interrupt.at = 2
    with pytest.raises(KeyboardInterrupt):
        launch_training(load_config("tiny.py"))
    assert str(state()) == "interrupted after epoch 1 of 2"
    Interrupt.at = None
    folder = launch_training(load_config("tiny.py"))
    assert str(state()) == "finished"
    assert state().folder == str(folder) == new.folder
    # other seeds and epochs are other runs
    assert not state(Run("Tiny", "Tiny", 43, "tiny.py")).is_finished
    assert state(Run("Tiny", "Tiny", 42, "tiny.py", 7)).num_epochs == 7


def test_a_run_on_other_data_is_not_this_one(tiny):
    Path("tiny.py").write_text(CONFIG)
    folder = launch_training(load_config("tiny.py"))
    file = tiny / "datasets" / "Tiny" / "val_data.npy"
    values = np.load(file)
    np.save(file, values + 1)
    module._fingerprint.cache_clear()
    found = state()
    assert (found.is_finished, found.is_outdated, found.epoch) == (False, True, 0)
    expected = f"this run was trained on other data than are in {Path('datasets/Tiny')} now"
    assert found.problem.startswith(f"{expected}: {folder}; prepare those again, or ")
    assert str(found) == f"cannot run, {expected}"
    np.save(file, values)
    module._fingerprint.cache_clear()
    assert state().is_finished
    (folder / "run.json").write_text("{")
    assert "not JSON" in state().problem and not state().is_outdated


def test_a_dataset_that_is_not_prepared_is_the_runs_problem(workplace):
    Path("tiny.py").write_text(CONFIG)
    assert state().problem.startswith("dataset Tiny is not prepared")
    assert str(state()) == "cannot run, dataset Tiny is not prepared"


def test_older_baselines_that_are_not_found_are_the_runs_problem(workplace, monkeypatch):
    run = Run("GWNet", "PEMS08", 42, "legacy/GWNet/PEMS08", is_older=True)
    assert state(run) == State(problem=f"older baselines not found: expected {CHECKOUT}")
    assert str(state(run)) == "cannot run, older baselines not found"
    monkeypatch.setenv(ROOT_VARIABLE, "nowhere")
    assert state(run).problem.startswith("BASICTS_LEGACY_ROOT=nowhere: there is no folder baselines in it; expected a")
    monkeypatch.setenv(ROOT_VARIABLE, str(workplace))
    assert state(run).problem


def test_a_configuration_that_cannot_be_read_is_an_error(workplace):
    with pytest.raises(UserError, match="config file ELinFromer/PEMS08.py: missing"):
        state(Run("ELinFromer", "PEMS08", 42, "ELinFromer/PEMS08.py"))


def test_devices(workplace, monkeypatch):
    assert answer([], ["cpu"]).hardware == "cpu"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert answer([], None).gpus == ["cpu"]
    with pytest.raises(UserError, match="--gpus 0: torch .* finds no GPU here"):
        answer([], ["0"])
    with pytest.raises(UserError, match="--gpus 0 cpu: expected either cpu or device numbers"):
        answer([], ["0", "cpu"])
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: f"NVIDIA Number {number}")
    found = answer([], ["1", "0"])
    assert (found.gpus, found.hardware) == (["1", "0"], "NVIDIA Number 1")
    assert answer([], None).gpus == ["0"]


def test_it_is_looked_at_in_another_process(workplace, monkeypatch):
    write_dataset(workplace, "SyntheticTraffic")
    # what a configuration prints is not taken for the answer
    Path("synthetic.py").write_text(f"print('hello')\n{SMALL_CONFIG}")
    run = Run("ELinFormer", "SyntheticTraffic", 7, "synthetic.py", 3)
    found = survey([run], ["cpu"])
    assert found == answer([run], ["cpu"])
    assert (found.states[0].num_epochs, found.states[0].problem) == (3, "")
    with pytest.raises(UserError, match=r"^config file nothing.py: missing"):
        survey([run, Run("X", "SyntheticTraffic", 7, "nothing.py")], ["cpu"])

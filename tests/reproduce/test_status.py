"""What there is of planned runs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from cli.commands import CONFIG, SMALL_CONFIG
from refusal import refuses
from tiny import Interrupt, write_dataset

from basicts_elin import cli, run_arguments
from basicts_elin.env_vars import ROOT_VARIABLE
from basicts_elin.errors import UserError
from basicts_elin.legacy.checkout import CHECKOUT, HOW_TO_NAME
from basicts_elin.reproduce import status as module
from basicts_elin.reproduce.plan import Run
from basicts_elin.reproduce.status import SOME_GPU, RunStatus, status_here, status_of
from basicts_elin.training.launch.launcher import launch_training
from basicts_elin.training.launch.run_dir import run_folder
from basicts_elin.zoo.config_file import load_config

INTERRUPTED = CONFIG.replace("import Tiny", "import Interrupt, Tiny").replace(
    "num_epochs=2", "num_epochs=2, callbacks=[Interrupt()]"
)
RUN = Run("Tiny", "Tiny", 42, "tiny.py")


@pytest.fixture(autouse=True)
def _no_legacy(monkeypatch):
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)


def status(run=RUN):
    return status_here([run], ["cpu"]).runs[0]


def test_a_run_is_to_be_run_then_interrupted_then_finished(tiny):
    Path("tiny.py").write_text(INTERRUPTED)
    new = status()
    assert (new.epoch, new.num_epochs, new.is_finished, new.problem) == (0, 2, False, "")
    assert str(new) == "to be run"
    Interrupt.at = 2
    with pytest.raises(KeyboardInterrupt):
        launch_training(load_config("tiny.py"))
    assert str(status()) == "interrupted after epoch 1 of 2"
    Interrupt.at = None
    folder = launch_training(load_config("tiny.py"))
    assert str(status()) == "finished"
    assert status().folder == str(folder) == new.folder
    # other seeds and epochs are other runs
    assert not status(Run("Tiny", "Tiny", 43, "tiny.py")).is_finished
    assert status(Run("Tiny", "Tiny", 42, "tiny.py", 7)).num_epochs == 7
    # and so are other settings
    changed = status(Run("Tiny", "Tiny", 42, "tiny.py", changes=("model_config.bias=False",)))
    assert not changed.is_finished and changed.folder not in ("", new.folder)


def test_a_field_that_a_model_lacks_names_the_model(tiny):
    Path("tiny.py").write_text(CONFIG)
    with refuses("tiny.py, --set n_heads", found="no field 'n_heads'"):
        status(Run("Tiny", "Tiny", 42, "tiny.py", changes=("n_heads=2",)))


def test_window_lengths_reach_a_model_by_name(tiny):
    words = ["--set", "input_len=24", "output_len=6", "--seed", "42", "--gpus", "cpu"]
    config = run_arguments.run_config(cli._parser().parse_args(["train", "-c", "PatchTST/Tiny", *words]))
    found = status(Run("PatchTST", "Tiny", 42, "PatchTST/Tiny", changes=("input_len=24", "output_len=6")))
    assert found.folder == str(run_folder(config))


def test_a_run_on_other_data_is_not_this_one(tiny):
    Path("tiny.py").write_text(CONFIG)
    folder = launch_training(load_config("tiny.py"))
    file = tiny / "datasets" / "Tiny" / "val_data.npy"
    values = np.load(file)
    np.save(file, values + 1)
    found = status()
    assert (found.is_finished, found.is_outdated, found.epoch) == (False, True, 0)
    assert str(folder) in found.problem and str(Path("datasets/Tiny")) in found.problem
    assert str(found) == f"cannot run, {found.problem.partition(';')[0]}"
    np.save(file, values)
    assert status().is_finished
    (folder / "run.json").write_text("{")
    assert str(folder / "run.json") in status().problem and not status().is_outdated


def test_a_dataset_that_is_not_prepared_is_the_runs_problem(workplace):
    Path("tiny.py").write_text(CONFIG)
    assert "Tiny" in status().problem and status().num_epochs == 2
    assert str(status()) == f"cannot run, {status().problem.partition(';')[0]}"


def test_a_legacy_model_that_is_not_found_is_the_runs_problem(workplace, monkeypatch):
    run = Run("GWNet", "PEMS08", 42, "legacy/GWNet/PEMS08", is_legacy=True)
    assert status(run) == RunStatus(problem=f"legacy models: not found; expected {CHECKOUT}; {HOW_TO_NAME}")
    assert str(status(run)) == "cannot run, legacy models: not found"
    monkeypatch.setenv(ROOT_VARIABLE, "nowhere")
    assert ROOT_VARIABLE in status(run).problem and "nowhere" in status(run).problem
    monkeypatch.setenv(ROOT_VARIABLE, str(workplace))
    assert status(run).problem


def test_a_configuration_that_cannot_be_read_is_an_error(workplace):
    with pytest.raises(UserError, match="ELinFromer/PEMS08"):
        status(Run("ELinFromer", "PEMS08", 42, "ELinFromer/PEMS08.py"))


def test_devices(workplace, monkeypatch):
    assert status_here([], ["cpu"]).hardware == "cpu"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert status_here([], None).gpus == ["cpu"]
    with pytest.raises(UserError, match="--gpus"):
        status_here([], ["0"])
    with refuses("--gpus", found="0 cpu", expected="cpu"):
        status_here([], ["0", "cpu"])
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: f"NVIDIA Number {number}")
    found = status_here([], ["1", "0"])
    assert (found.gpus, found.hardware) == (["1", "0"], "NVIDIA Number 1")
    assert status_here([], None).gpus == ["0"]


def test_a_plan_for_gpus_that_are_elsewhere(tiny, monkeypatch):
    Path("tiny.py").write_text(CONFIG)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    found = status_here([RUN], ["0", "1"], elsewhere=True)
    assert (found.gpus, found.hardware) == (["0", "1"], SOME_GPU)
    # the run that a machine with a GPU makes
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: "NVIDIA X")
    there = status_here([RUN], ["0", "1"])
    assert there.hardware == "NVIDIA X" and there.runs == found.runs
    assert status_here([RUN], ["1"], elsewhere=True) == status_here([RUN], ["1"])
    assert status_here([], ["2"], elsewhere=True).hardware == SOME_GPU
    for gpus in (["x"], ["0", "cpu"], ["0", "0"]):
        with refuses("--gpus"):
            status_here([], gpus, elsewhere=True)


def test_it_is_looked_at_in_another_process(workplace, monkeypatch):
    write_dataset(workplace, "SyntheticTraffic")
    # what a configuration prints is not taken for the answer
    Path("synthetic.py").write_text(f"print('hello')\n{SMALL_CONFIG}")
    run = Run("ELinFormer", "SyntheticTraffic", 7, "synthetic.py", 3)
    found = status_of([run], ["cpu"])
    assert found == status_here([run], ["cpu"])
    assert (found.runs[0].num_epochs, found.runs[0].problem) == (3, "")
    missing = Run("X", "SyntheticTraffic", 7, "nothing.py")
    with pytest.raises(UserError) as here:
        status_here([missing], ["cpu"])
    with pytest.raises(UserError) as there:
        status_of([run, missing], ["cpu"])
    # slot by slot
    assert there.value.args == here.value.args and "nothing.py" in there.value.field


def test_a_process_that_fails_is_an_error(monkeypatch):
    monkeypatch.setattr(module, "__name__", "no_such_module")
    with refuses("status of the runs", found="no_such_module", fix="no_such_module"):
        status_of([], ["cpu"])

"""Checkpoints that BasicTS 0.5 has written: the state of the architecture alone, without statistics of a scaler."""

from pathlib import Path

import pytest
import torch
from cli.commands import paths, refused
from miniature import adjacency, checkout, edit  # noqa: F401  fixtures
from refusal import refuses
from tiny import metrics

from basicts_elin.cli import main
from basicts_elin.training.launch.init_run import init_checkpoint
from basicts_elin.training.runner.checkpoints import read_checkpoint
from basicts_elin.zoo.config_file import load_config

NAME, PREFIX = "legacy/Mini/Tiny", "architecture."
OLD = Path("old", "Mini_best_val_MAE.pt")


@pytest.fixture
def trained(checkout, capsys):  # noqa: F811
    """What a run prints, and its state under the names of the architecture; a constant of it is no part of that."""
    assert main(["train", "-c", NAME, "-g", "cpu", "--set", "num_epochs=1"]) == 0
    found = paths(capsys.readouterr().out)
    content = read_checkpoint(found["checkpoint"])
    state = {name.removeprefix(PREFIX): value for name, value in content["model_state_dict"].items()}
    assert state.pop("start").shape == (3,)
    return found, state, content


def write(state, content=None):
    """As BasicTS 0.5's runner writes it."""
    OLD.parent.mkdir(exist_ok=True)
    kept = {"epoch": 1, "model_state_dict": state, "best_metrics": {"val/MAE": 1.0}}
    torch.save(kept | ({"optim_state_dict": content["optim_state_dict"]} if content else {}), OLD)


def evaluated(capsys, *arguments):
    assert main(["evaluate", "-c", NAME, "-ckpt", str(OLD), "-g", "cpu", *arguments]) == 0
    printed = capsys.readouterr().out
    return metrics(paths(printed)["metrics"].parent), printed


@pytest.mark.parametrize("prefix", ["", "_orig_mod.", PREFIX])
def test_it_has_the_metrics_of_the_run(trained, capsys, prefix):
    found, state, content = trained
    # one with our prefix is ours, and has the constant
    state = content["model_state_dict"] if prefix == PREFIX else {f"{prefix}{name}": one for name, one in state.items()}
    write(state, content)
    result, printed = evaluated(capsys)
    assert result == metrics(found["metrics"].parent)
    assert f"no statistics of a scaler in {OLD}" in printed and str(Path("datasets", "Tiny")) in printed


def test_a_run_can_start_from_its_weights(trained, capsys):
    _, state, _ = trained
    write(state)
    arguments = ["-c", NAME, "-g", "cpu", "--set", "num_epochs=1", f"finetune_from={OLD}", "optimizer_params.lr=1e-30"]
    assert main(["train", *arguments]) == 0
    new = read_checkpoint(paths(capsys.readouterr().out)["checkpoint"])["model_state_dict"]
    assert torch.equal(new[f"{PREFIX}weight"], state["weight"])


def test_init_says_how(trained):
    _, state, _ = trained
    write(state)
    with refuses("--init", found="Mini", expected="LegacyMini", fix=f"--set finetune_from={OLD}"):
        init_checkpoint(str(OLD.parent), load_config(NAME))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda state: {}, "1 parameters missing, 0 unknown"),
        (lambda state: {"weight": state["weight"][1:]}, "1 of another shape"),
        (lambda state: {**state, "more": torch.ones(1)}, "0 parameters missing, 1 unknown"),
    ],
)
def test_another_state_is_refused(trained, capsys, change, found):
    write(change(trained[1]))
    line = refused(capsys, "evaluate", "-c", NAME, "-ckpt", OLD, "-g", "cpu")
    assert line.startswith(f"error: {OLD}: ") and found in line and "LegacyMini" in line


def test_code_in_it_is_not_run(trained, capsys):
    torch.save({"model_state_dict": trained[1], "cfg": Path("x")}, OLD.name)
    line = refused(capsys, "evaluate", "-c", NAME, "-ckpt", OLD.name, "-g", "cpu")
    assert line.startswith(f"error: {OLD.name}: unreadable (UnpicklingError)")

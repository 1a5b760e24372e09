"""Legacy models on the command line, and the trial of a few steps."""

import re
from pathlib import Path

import pytest
from cli.commands import CFG, paths, refused
from tiny import metrics, record

from basicts_elin.cli import main
from basicts_elin.env_vars import ROOT_VARIABLE


@pytest.fixture
def root(checkout, monkeypatch):
    """The miniature checkout, which the environment does not name."""
    # set and not deleted, so that what a command sets is undone
    monkeypatch.setenv(ROOT_VARIABLE, "")
    return checkout


def test_a_legacy_model_is_trained_and_evaluated_by_its_names(root, capsys):
    arguments = ["legacy/Mini/Tiny", "--legacy-root", str(root), "-g", "cpu"]
    assert main(["train", "-c", *arguments, "--set", "num_epochs=1"]) == 0
    printed = capsys.readouterr().out
    found = paths(printed)
    assert found["checkpoint"].name == "LegacyMini_best_val_MAE.pt"
    assert record(found["metrics"].parent)["config"] == "legacy/Mini/Tiny"
    assert "legacy/Mini/Tiny: a configuration by name" in printed
    assert main(["evaluate", "-c", *arguments, "-ckpt", str(found["checkpoint"])]) == 0
    assert metrics(paths(capsys.readouterr().out)["metrics"].parent) == metrics(found["metrics"].parent)


def test_a_path_needs_no_root(root, capsys):
    assert main(["train", "-c", str(root / "baselines/Mini/Tiny.py"), "--print-config"]) == 0
    assert "model_config.legacy_model=Mini\n" in capsys.readouterr().out


def test_a_missing_checkout_is_one_line(root, capsys):
    found = refused(capsys, "train", "-c", "legacy/Mini/Tiny")
    assert found.startswith("error: legacy/Mini/Tiny: ") and "BasicTS 0.5" in found and ROOT_VARIABLE in found
    found = refused(capsys, "train", "-c", "legacy/Mini/Tiny", "--legacy-root", "nowhere")
    assert found.startswith(f"error: {ROOT_VARIABLE}: nowhere, ")


def test_legacy_models_are_listed(root, capsys, monkeypatch):
    assert main(["list"]) == 0
    assert f"\n  none, because {ROOT_VARIABLE} " in capsys.readouterr().out
    monkeypatch.setenv(ROOT_VARIABLE, str(root))
    assert main(["list"]) == 0
    assert "\n  Mini, MiniDCRNN, MiniGTS, MiniHimNet, MiniMTGNN\n" in capsys.readouterr().out


def test_a_folder_that_is_no_checkout_does_not_stop_the_list(root, capsys, monkeypatch):
    monkeypatch.setenv(ROOT_VARIABLE, "nowhere")
    assert main(["list"]) == 0
    printed = capsys.readouterr().out
    assert f"\n  {ROOT_VARIABLE}: nowhere, " in printed
    assert "\nmodels that cannot be trained:\n" in printed


def test_a_few_steps_print_their_figures_and_leave_nothing(place, capsys):
    before = sorted(place.rglob("*"))
    assert main(["train", "-c", CFG, "-g", "cpu", "--steps", "3", "--batch", "2"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^loss: +\S+ first, \S+ last of 3: (not )?lower$", printed, re.MULTILINE)
    assert re.search(r"^parameters: +156$", printed, re.MULTILINE)
    assert re.search(r"^seconds: +\S+ per step$", printed, re.MULTILINE)
    assert re.search(r"^peak memory: +\d+\.\d MiB$", printed, re.MULTILINE)
    assert [path for path in sorted(place.rglob("*")) if path not in before and path.suffix != ".pyc"] == [
        path for path in place.rglob("__pycache__") if path not in before
    ]


def test_a_loss_that_is_not_finite_is_a_failed_run(place, capsys):
    text = Path(CFG).read_text().replace("Tiny, TinyConfig", "Diverging, DivergingConfig")
    Path(CFG).write_text(text.replace("Tiny, TinyConfig()", "Diverging, DivergingConfig()"))
    assert main(["train", "-c", CFG, "-g", "cpu", "--steps", "2"]) == 1
    assert capsys.readouterr().err.endswith("\nerror: Diverging: the loss is nan at step 1 of 2\n")


def test_a_batch_is_for_a_few_steps_in_one_process(place, capsys):
    found = refused(capsys, "train", "-c", CFG, "-g", "cpu", "--batch", "2")
    assert found.startswith("error: --batch: 2; ") and "--steps" in found
    found = refused(capsys, "train", "-c", CFG, "-g", "cpu", "--steps", "2", "--processes", "2")
    assert found.startswith("error: --steps: 2 processes; ")


@pytest.mark.parametrize("option", ["--fresh", "--resume", "--save-predictions"])
def test_what_is_for_a_run_is_not_for_a_few_steps(place, capsys, option):
    found = refused(capsys, "train", "-c", CFG, "-g", "cpu", "--steps", "2", option)
    assert found.startswith(f"error: {option}: ") and "--steps 2" in found

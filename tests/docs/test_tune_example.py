"""The example that searches settings: trials are runs, a search goes on, and a run that is given up can resume."""

import importlib.util
import json
import shlex
import sys
from pathlib import Path

import pytest
from cli.commands import ROOT, SMALL_CONFIG
from tiny import forget_loggers

from basicts_elin.cli import _parser, main
from basicts_elin.run_arguments import run_config
from basicts_elin.training.launch.run_dir import run_folder

optuna = pytest.importorskip("optuna")
pytestmark = pytest.mark.slow
STUDY = "small.py, 2 epochs"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("tune_with_optuna", ROOT / "examples" / "tune_with_optuna.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def search(workplace, example, monkeypatch):
    """The example, as a command in a folder with a dataset."""
    assert main(["prepare", "SyntheticTraffic", "--nodes", "5", "--days", "7"]) == 0
    Path("small.py").write_text(SMALL_CONFIG)

    def run(trials):
        forget_loggers()
        words = ["tune", "-c", "small.py", "--trials", str(trials), "--epochs", "2"]
        monkeypatch.setattr(sys, "argv", words)
        example.main()

    return run


def study(example):
    backend = example.JournalFileBackend("tune.log")
    return optuna.load_study(study_name=STUDY, storage=example.JournalStorage(backend))


def states(example):
    return [trial.state.name for trial in study(example).trials]


def test_trials_are_runs_and_the_search_goes_on(search, example, capfd):
    search(1)
    search(2)
    search(2)
    assert states(example) == ["COMPLETE", "COMPLETE"]
    best = study(example).best_trial
    lines = capfd.readouterr().out.splitlines()
    assert lines[-3].startswith(f"best of 2 trials: number {best.number}, validation MAE {best.value:.4f}")
    folder = Path(lines[-2].removeprefix("its run: "))
    epochs = json.loads((folder / "run.json").read_text())["epochs"]
    assert len(epochs) == 2 and list(best.intermediate_values) == [1, 2]
    assert best.value == min(best.intermediate_values.values())
    # the command that is printed is that of the run: its first seed is finished
    words = shlex.split(lines[-1].partition(": basicts-elin ")[2])
    words = [*words[: words.index("--seeds")], "--seed", "42", *words[words.index("--set") :]]
    assert run_folder(run_config(_parser().parse_args(words))) == folder
    assert len(list(Path("checkpoints").rglob("test_metrics.json"))) == 2


def test_a_run_that_is_given_up_can_be_trained_on(search, example, monkeypatch, capfd):
    class Second(optuna.pruners.BasePruner):
        def prune(self, study, trial):
            return trial.number == 1 and bool(trial.intermediate_values)

    monkeypatch.setattr(optuna.pruners, "MedianPruner", lambda **_: Second())
    search(2)
    assert states(example) == ["COMPLETE", "PRUNED"]
    pruned = study(example).trials[1]
    assert list(pruned.intermediate_values) == [1]
    changes = [f"{name}={value}" for name, value in {"num_epochs": 2, **pruned.params}.items()]
    forget_loggers()
    assert main(["train", "-c", "small.py", "-g", "cpu", "--resume", "--set", *changes]) == 0
    assert "interrupted after epoch 1 of 2" in capfd.readouterr().out


def test_a_trial_that_was_killed_is_made_again(search, example):
    backend = example.JournalFileBackend("tune.log")
    killed = optuna.create_study(study_name=STUDY, storage=example.JournalStorage(backend)).ask()
    settings = example.settings(killed)
    search(1)
    assert states(example) == ["FAIL", "COMPLETE"]
    assert study(example).trials[1].params == settings

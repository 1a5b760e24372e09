"""train --seeds, as a user sees it."""

import json
import os
import re
import signal
import sys
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from cli.commands import CFG, ENVIRONMENT, refused
from results.runs import METRICS, RECORD
from tiny import metrics, record

from basicts_elin.cli import _parser, main
from basicts_elin.config.overrides import with_overrides
from basicts_elin.reproduce import executor, seeds
from basicts_elin.run_arguments import run_config
from basicts_elin.training.launch.run_dir import run_folder

# a training in place of the real one, which takes seconds to start: it writes what that leaves behind
FAKE = """
import json, pathlib, sys, time
folder, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
print(f"trains with seed {seed}")
if seed == 13:
    sys.exit("error: no memory")
record, metrics = json.loads(sys.argv[3])
(folder / "run.json").write_text(json.dumps(record | {"seed": seed}))
while seed == 99:
    time.sleep(0.01)
metrics["overall"]["MAE"] = seed
(folder / "test_metrics.json").write_text(json.dumps(metrics))
"""


@pytest.fixture
def made(place, monkeypatch):
    """The seeds that were trained, by trainings that are made up."""
    monkeypatch.setattr(executor, "POLL_SECONDS", 0.01)
    found = []

    def command(arguments, seed, gpus):
        found.append(seed)
        folder = run_folder(run_config(Namespace(**{**vars(arguments), "seed": seed})))
        if arguments.fresh:
            folder = folder.with_name(f"{folder.name}-2")
        return [sys.executable, "-S", "-c", FAKE, str(folder), str(seed), json.dumps([RECORD, METRICS])]

    monkeypatch.setattr(seeds, "command", command)
    return found


def train(*arguments):
    return main(["train", "-c", CFG, "-g", "cpu", *arguments])


def test_a_run_for_each_seed_and_their_table(made, capfd):
    assert train("--seeds", "3", "1", "2") == 0
    printed = capfd.readouterr().out
    assert made == [3, 1, 2]
    places = [printed.index(f"trains with seed {seed}") for seed in made]
    assert places == sorted(places) and printed.index("seed 1, 2 of 3:") < places[1]
    folders = dict(re.findall(r"^seed (\d): (checkpoints.+)$", printed, re.MULTILINE))
    assert {seed: record(folder)["seed"] for seed, folder in folders.items()} == {"3": 3, "1": 1, "2": 2}
    lines = printed[printed.index("model  ") :].splitlines()
    assert lines[0].split() == ["model", "horizon", "MAE", "RMSE", "MAPE", "%"]
    assert re.match(r"M \(3 seeds\) +3 +14.000 ± 0.000 ", lines[1])
    # of 1, 2 and 3
    assert re.match(r" +overall +2.000 ± 1.000 ", lines[4])
    assert "sample standard deviation (n - 1)" in lines[5]


def test_finished_runs_are_not_trained_again(made, capfd):
    assert train("--seeds", "1", "2") == 0
    before = capfd.readouterr().out
    assert train("--seeds", "1", "3", "2") == 0
    printed = capfd.readouterr().out
    assert made == [1, 2, 3]
    assert "seed 1, 1 of 3: finished before" in printed and "seed 3, 2 of 3:\n" in printed
    assert "(3 seeds)" in printed and "(2 seeds)" in before


@pytest.mark.parametrize("option", ["--fresh", "--save-predictions"])
def test_what_needs_a_finished_run_again_starts_it(made, capfd, option):
    assert train("--seeds", "1", "2") == 0
    assert train("--seeds", "1", "2", option) == 0
    assert made == [1, 2, 1, 2]
    folder = re.findall(r"^seed 2: (.+)$", capfd.readouterr().out, re.MULTILINE)[-1]
    assert folder.endswith("-2") == (option == "--fresh")


def test_a_finished_run_on_other_data_is_not_taken(made):
    assert train("--seeds", "1", "2") == 0
    for file in Path("checkpoints").rglob("run.json"):
        content = json.loads(file.read_text())
        if content["seed"] == 1:
            file.write_text(json.dumps(content | {"dataset_sha256": {"data": "of another series"}}))
    assert train("--seeds", "1", "2") == 0
    assert made == [1, 2, 1]


def test_a_seed_that_fails_is_said_and_the_others_run(made, capfd):
    assert train("--seeds", "1", "13", "2") == 1
    captured = capfd.readouterr()
    assert made == [1, 13, 2]
    assert "error: no memory" in captured.err
    (failed,) = re.findall(r"^seed 13: (.+)$", captured.out, re.MULTILINE)
    assert failed.startswith("FAILED: exit code 1")
    assert "(2 seeds)" in captured.out and re.search(r"overall +1.500 ± 0.707", captured.out)
    assert train("--seeds", "13") == 1


def test_runs_without_an_evaluation_have_no_table(tmp_path):
    assert seeds._table([tmp_path]) == ["metrics: none, because eval_after_train=False"]


def test_one_seed_has_no_deviation(made, capfd):
    assert train("--seeds", "1") == 0
    printed = capfd.readouterr().out
    assert "(1 seed)" in printed and "±" not in printed and "one seed" in printed.splitlines()[-1]


def test_what_ends_the_command_ends_the_run(made, capfd, monkeypatch):
    sleep = executor.time.sleep

    def stop(seconds):
        sleep(seconds)
        if made[-1] == 99 and len(list(Path("checkpoints").rglob("run.json"))) == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(executor.time, "sleep", stop)
    before = signal.getsignal(signal.SIGTERM)
    assert train("--seeds", "1", "99", "2") == 130
    assert capfd.readouterr().err == "interrupted: the same command resumes after its last finished epoch\n"
    assert made == [1, 99] and signal.getsignal(signal.SIGTERM) is before


def test_the_command_of_a_seed_has_the_other_arguments():
    given = [
        "-c", "x", "--gpus", "0", "--resume", "--compile", "--save-predictions", "--init", "run", "--processes", "2",
        "--precision", "bf16", "--accumulate", "2", "--legacy-root", "checkout",
        "--set", "num_epochs=3", "model_config.dropout=0.2",
    ]  # fmt: skip
    asked = _parser().parse_args(["train", *given, "--seeds", "1", "2"])
    found = _parser().parse_args(seeds.command(asked, 7, "0")[3:])
    assert vars(found) == {**vars(asked), "seeds": None, "seed": 7}
    # every option of the command is passed on, or is refused with --seeds
    known = {*vars(found)} - {"run", "verb", "seeds", "seed", "cfg", "gpus", "set", "steps", "batch", "print_config"}
    assert known == {*seeds._FLAGS, *seeds._VALUES}


def test_the_folder_is_that_of_the_command_of_the_seed(place):
    words = ["train", "-c", CFG, "-g", "cpu", "--set", "num_epochs=3", "optimizer_params.lr=0.01", "bias=False"]
    config = run_config(_parser().parse_args([*words, "--seed", "1"]))
    other = run_config(_parser().parse_args([*words, "--seed", "5"]))
    assert with_overrides(config, {"seed": 5}).md5 == other.md5 != config.md5


@pytest.mark.parametrize(
    ("arguments", "field", "found"),
    [
        (["--seeds", "1", "2", "--seed", "3"], "--seed", "3, given with --seeds"),
        (["--seeds", "1", "2", "1"], "--seeds", "1 twice"),
        (["--seeds", "1", "-2"], "seed", "-2"),
        (["--seeds", "1", "2", "--steps", "3"], "--steps", "given with --seeds"),
        (["--seeds", "1", "2", "--set", "epochs=3"], "--set epochs", "no field 'epochs'"),
        (["--seeds", "1", "2", "--set", "eval_horizons=[13]"], "eval_horizons", "[13]"),
        (["--seeds", "1", "2", "--set", "seed=3"], "--set seed", "3"),
    ],
)
def test_what_is_wrong_is_said_once_before_anything_runs(made, capsys, arguments, field, found):
    line = refused(capsys, "train", "-c", CFG, "-g", "cpu", *arguments)
    assert line.startswith(f"error: {field}: {found}")
    assert made == [] and not Path("checkpoints").exists()


def test_under_torchrun_there_is_one_seed(made, capsys, monkeypatch):
    for name, value in {"WORLD_SIZE": 2, "RANK": 1, "LOCAL_RANK": 1, "LOCAL_WORLD_SIZE": 2}.items():
        monkeypatch.setenv(name, str(value))
    assert "--seeds: given under torchrun" in refused(capsys, "train", "-c", CFG, "-g", "cpu", "--seeds", "1", "2")


def test_the_configuration_is_printed_for_the_first(place, capsys):
    assert train("--seeds", "4", "5", "--print-config") == 0
    assert "# seed=4" in capsys.readouterr().out.splitlines()


def test_real_runs_resume_and_are_those_of_the_single_command(place, capfd, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", ENVIRONMENT["PYTHONPATH"])
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert train("--seed", "1") == 0
    alone = capfd.readouterr().out
    assert train("--seeds", "1", "2") == 0
    printed = capfd.readouterr().out
    folders = re.findall(r"^seed \d: (checkpoints.+)$", printed, re.MULTILINE)
    assert "seed 1, 1 of 2: finished before" in printed and folders[0] in alone
    assert record(folders[1])["command"].endswith(f"train -c {CFG} --gpus cpu --seed 2")
    maes = [metrics(folder)["overall"]["MAE"] for folder in folders]
    assert f"{torch.tensor(maes).mean():.2f}" in printed

"""What all commands share: help, version, a missing BasicTS, the scripts as a user starts them."""

import argparse
import json
import os
import re
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from cli.commands import CFG, ROOT, SMALL_CONFIG, paths, refused, run, train
from tiny import NODES, write_dataset

from basicts_elin import cli
from basicts_elin.cli import main

RUN = ["-c", "--cfg", "--config", "-g", "--gpus", "--set", "--seed", "--save-predictions", "--print-config"]
GRAPH = ["--sensors", "--distances", "--ids", "--adjacency"]
VERBS = {
    "train": RUN,
    "evaluate": [*RUN, "-cfg", "-ckpt", "--ckpt", "--checkpoint", "-b", "--batch-size"],
    "prepare": ["NAME", "--raw", "--rows", "--first-row", "--meta", *GRAPH, "--nodes", "--days", "--seed", "--out"],
    "list": [],
    "report": ["RUN", "--naive", "--markdown", "-o", "--output"],
    "demo": ["-c", "--cfg"],
}


@pytest.mark.parametrize("verb", VERBS)
def test_help_explains_every_argument(capsys, verb):
    with pytest.raises(SystemExit) as exit_:
        main([verb, "-h"])
    assert exit_.value.code == 0
    printed = capsys.readouterr().out
    assert all(re.search(rf"(^|[\s,\[]){re.escape(name)}\b", printed) for name in VERBS[verb])

    (verbs,) = (action for action in cli._parser()._actions if isinstance(action, argparse._SubParsersAction))
    for action in verbs.choices[verb]._actions:
        assert action.help, f"{action.dest} has no help"
        assert set(action.option_strings) <= {*re.findall(r"[-\w]+", printed)}


def test_help_lists_the_verbs(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["-h"])
    assert exit_.value.code == 0
    printed = capsys.readouterr().out
    assert all(re.search(rf"^ +{verb} +\w", printed, re.MULTILINE) for verb in VERBS)


def test_the_version(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == metadata.version("basicts-elin") + "\n"


def raise_not_found(name):
    raise metadata.PackageNotFoundError(name)


@pytest.mark.parametrize(
    ("version", "found"),
    [
        (raise_not_found, "basicts: not installed; expected 1.1.x; "),
        (lambda name: "0.5.8", "basicts: 0.5.8; expected 1.1.x; "),
        (lambda name: "1.10.0", "basicts: 1.10.0; expected 1.1.x; "),
    ],
)
@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "-c", CFG],
        ["train", "-c", CFG, "--print-config"],
        ["evaluate", "-cfg", CFG, "-ckpt", "x.pt"],
        ["demo", "-c", CFG],
        ["list"],
    ],
    ids=" ".join,
)
def test_another_basicts_is_one_line(place, capsys, monkeypatch, arguments, version, found):
    monkeypatch.setattr("importlib.metadata.version", version)
    assert found in refused(capsys, *arguments)


def test_without_basicts_data_are_prepared_and_runs_reported(place, capsys):
    folder = train(capsys)["metrics"].parent.resolve()
    without = "import sys; sys.modules['basicts'] = None; from basicts_elin import cli; cli.sys.exit(cli.main())"
    prepared = run(place, "-c", without, "prepare", "SyntheticTraffic", "--nodes", "2", "--days", "7")
    assert (prepared.returncode, prepared.stderr) == (0, "")
    reported = run(place, "-c", without, "report", folder)
    assert (reported.returncode, reported.stderr) == (0, "")
    assert "Tiny_small" in reported.stdout


def test_the_scripts_from_another_folder(tmp_path):
    write_dataset(tmp_path, name="SyntheticTraffic")
    (tmp_path / "config.py").write_text(SMALL_CONFIG)
    scripts = Path(os.path.relpath(ROOT / "experiments", tmp_path))
    arguments = ["-g", "cpu", "--set", "num_epochs=1"]
    trained = run(tmp_path, scripts / "train.py", "-c", "config.py", *arguments)
    assert trained.returncode == 0, trained.stderr
    assert "Traceback" not in trained.stderr
    found = paths(trained.stdout)
    assert not any(path.is_absolute() for path in found.values())
    reference = json.loads((tmp_path / found["metrics"]).read_text())

    evaluated = run(tmp_path, scripts / "evaluate.py", "-cfg", "config.py", "-ckpt", found["checkpoint"], *arguments)
    assert evaluated.returncode == 0, evaluated.stderr
    assert json.loads((tmp_path / paths(evaluated.stdout)["metrics"]).read_text()) == reference

    refused_ = run(tmp_path, scripts / "train.py", "-c", "no.py", *arguments)
    assert (refused_.returncode, refused_.stdout) == (2, "")
    assert refused_.stderr.startswith("error: config file no.py: missing; expected a file with CFG")
    assert refused_.stderr.count("\n") == 1


def test_the_script_that_prepares(tmp_path):
    prepared = run(tmp_path, ROOT / "experiments" / "prepare.py", "SyntheticTraffic", "--nodes", NODES, "--days", 7)
    assert prepared.returncode == 0, prepared.stderr
    assert np.load(tmp_path / "datasets" / "SyntheticTraffic" / "test_data.npy").shape[1] == NODES
    again = run(tmp_path, ROOT / "experiments" / "prepare.py", "SyntheticTraffic")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("error: out: datasets/SyntheticTraffic exists")

"""Trainings that are made up, for the tests of `reproduce`."""

import csv
import json
import sys
from pathlib import Path

import pytest
from cli.commands import CONFIG
from results.runs import METRICS, RECORD

from basicts_elin.env_vars import ROOT_VARIABLE
from basicts_elin.reproduce import command, executor
from basicts_elin.reproduce.executor import Job
from basicts_elin.reproduce.status import status_here

# a training in place of the real one, which takes seconds to start: it writes what that leaves behind
FAKE = """
import json, pathlib, sys, time
folder, seed, how = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
if how == "fail":
    sys.exit("error: no memory")
folder.mkdir(parents=True, exist_ok=True)
record, metrics = json.loads(sys.argv[4])
(folder / "run.json").write_text(json.dumps(record | {"seed": seed}))
while how == "hang":
    time.sleep(0.01)
metrics["overall"]["MAE"] = seed
(folder / "test_metrics.json").write_text(json.dumps(metrics))
"""
RUNS = ["table3", "--models", "Tiny", "--datasets", "Tiny", "-g", "cpu"]


@pytest.fixture
def made_runs(tiny, monkeypatch):
    """A folder with a configuration, where trainings are made up and looked at in this process."""
    folder = tiny / "baselines_cfg" / "Tiny"
    folder.mkdir(parents=True)
    (folder / "Tiny.py").write_text(CONFIG)
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    monkeypatch.setattr(command, "status_of", status_here)
    monkeypatch.setattr(executor, "POLL_SECONDS", 0.01)
    made = []

    def job(run):
        made.append(run.seed)
        status = status_here([run], ["cpu"]).runs[0]
        how = {13: "fail", 99: "hang"}.get(run.seed, "finish")
        given = [status.folder, str(run.seed), how, json.dumps([RECORD, METRICS])]
        return Job(lambda device: [sys.executable, "-S", "-c", FAKE, *given], Path("logs", f"{run.seed}.log"))

    monkeypatch.setattr(command, "_job", job)
    return made


def rows(file="results/table3_cpu.csv"):
    with open(file, newline="") as content:
        return list(csv.DictReader(content))

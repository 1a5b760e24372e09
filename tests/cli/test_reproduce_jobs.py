"""How `reproduce` starts its runs: devices, threads, the checkout of legacy models."""

import os
from pathlib import Path

import pytest
from cli.reproducing import RUNS, rows

from basicts_elin.cli import main
from basicts_elin.env_vars import ROOT_VARIABLE
from basicts_elin.reproduce import command
from basicts_elin.reproduce.status import PlanStatus, status_here


@pytest.fixture
def started(monkeypatch):
    """What the runs would be started with: devices, and the environment besides ours."""
    calls = []

    def note(jobs, devices, environment, on_wait):
        calls.append((devices, environment))
        yield from ()

    monkeypatch.setattr(command, "run_jobs", note)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    return calls


def test_jobs_on_the_processor_share_it(made_runs, started, monkeypatch):
    assert main(["reproduce", *RUNS, "--seeds", "1", "2", "3"]) == 1
    assert main(["reproduce", *RUNS, "--seeds", "1", "2", "3", "--jobs", "9"]) == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert main(["reproduce", *RUNS, "--seeds", "1", "2", "3", "--jobs", "3"]) == 1
    # one run that is left has the threads that it was begun with
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert main(["reproduce", *RUNS, "--seeds", "1", "--jobs", "3"]) == 1
    at_once = "BASICTS_ELIN_RUNS_AT_ONCE"
    assert started == [
        (["cpu"], {at_once: "1"}),
        (["cpu"] * 3, {at_once: "9", "OMP_NUM_THREADS": "1"}),
        (["cpu"] * 3, {at_once: "3"}),
        (["cpu"], {at_once: "3", "OMP_NUM_THREADS": "2"}),
    ]


def test_each_gpu_has_its_runs_and_names_the_table(made_runs, started, monkeypatch):
    def on_gpus(runs, gpus, elsewhere):
        return PlanStatus(gpus, "NVIDIA GeForce RTX 3080", status_here(runs, ["cpu"]).runs)

    monkeypatch.setattr(command, "status_of", on_gpus)
    seeds = ["--seeds", "1", "2", "3"]
    assert main(["reproduce", *RUNS[:-1], "0,2", "--jobs", "2", *seeds]) == 1
    assert main(["reproduce", *RUNS[:-1], "0", "2", *seeds]) == 1
    assert [(devices, [*environment.values()]) for devices, environment in started] == [
        (["0", "2", "0"], ["2"]),
        (["0", "2"], ["1"]),
    ]
    assert Path("docs/tables/table3_geforce-rtx-3080.md").is_file()
    assert rows("results/table3_geforce-rtx-3080.csv") == []


def test_the_legacy_models_are_in_the_folder_of_the_argument(made_runs, started, monkeypatch, tmp_path):
    monkeypatch.setenv(ROOT_VARIABLE, "elsewhere")
    assert main(["reproduce", *RUNS, "--legacy-root", "checkout"]) == 1
    assert os.environ[ROOT_VARIABLE] == str(tmp_path / "checkout")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert main(["reproduce", *RUNS, "--legacy-root", "~/checkout"]) == 1
    assert os.environ[ROOT_VARIABLE] == str(tmp_path / "home" / "checkout")

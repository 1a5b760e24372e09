"""The table of legacy models."""

import importlib.util
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from cli.commands import ROOT
from tiny import FACTS, NODES

from basicts_elin.training.launch.try_steps import StepTrial
from basicts_elin.zoo.registry import absent_models

SCRIPT = ROOT / "benchmarks" / "legacy.py"


@pytest.fixture(scope="module")
def legacy():
    spec = importlib.util.spec_from_file_location("benchmark_of_legacy", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(legacy):
    return legacy.read_rows(ROOT / "results" / "legacy_cpu.csv")


def test_the_page_is_that_of_the_committed_rows(legacy, rows):
    assert (ROOT / "docs" / "legacy.md").read_text() == legacy.render(rows)


def test_every_pair_is_on_the_page_once(legacy, rows):
    lines = legacy.render(rows).splitlines()
    for model in legacy.MODELS:
        for dataset in legacy.DATASETS:
            assert sum(line.startswith(f"| {model} | {dataset} | ") for line in lines) == 1


def test_every_loss_falls(rows):
    assert len(rows) > 60
    for row in rows:
        assert row["reason"] or float(row["last_loss"]) < float(row["first_loss"]), row


def test_a_random_dataset_has_the_size_and_a_connected_graph(legacy, tmp_path):
    facts = type(FACTS)(**{**vars(FACTS), "num_rows": 700})
    legacy.write_random(facts, tmp_path)
    folder = tmp_path / "datasets" / facts.name
    assert sum(len(np.load(folder / f"{part}_data.npy")) for part in ("train", "val", "test")) == 700
    graph = legacy.random_graph(facts, np.random.default_rng(0))
    assert (graph == graph.T).all() and (np.linalg.matrix_power(graph + np.eye(NODES), NODES) > 0).all()


def test_pairs_are_tried_and_failures_are_rows(legacy, tmp_path, monkeypatch, capsys):
    root = tmp_path / "BasicTS-0.5"
    for model, text in (("Broken", "1 / 0"), ("Missing", "import no_such_package")):
        (root / "baselines" / model).mkdir(parents=True)
        (root / "baselines" / model / "SyntheticTraffic.py").write_text(text)
    monkeypatch.setattr(legacy, "write_random", lambda facts, place: None)
    names = ["--models", "Broken", "Missing", "--output", str(tmp_path / "rows.csv")]
    monkeypatch.setattr(legacy, "DATASETS", ("SyntheticTraffic",))
    monkeypatch.setattr("sys.argv", ["legacy.py", "--legacy-root", str(root), *names])
    legacy.main()
    rows = legacy.read_rows(tmp_path / "rows.csv")
    assert [row["model"] for row in rows] == ["Broken", "Missing"]
    assert "ZeroDivisionError" in rows[0]["reason"] and "No module named" in rows[1]["reason"]
    # failures are tried again, and what has figures is not
    (root / "baselines" / "Broken" / "SyntheticTraffic.py").write_text("2 + 'two'")
    legacy.main()
    after = legacy.read_rows(tmp_path / "rows.csv")
    assert [row["model"] for row in after] == ["Broken", "Missing"] and "TypeError" in after[0]["reason"]
    monkeypatch.setattr(legacy, "attempt", lambda model, dataset, *_: {"model": model, "dataset": dataset})
    legacy.main()
    monkeypatch.setattr(legacy, "attempt", None)
    legacy.main()
    assert [row["reason"] for row in legacy.read_rows(tmp_path / "rows.csv")] == ["", ""]


def test_memory_that_is_unknown_is_no_figure(legacy, tmp_path, monkeypatch):
    printed = StepTrial([2.0, 1.0], [0.5, 0.5], 10, None)
    done = subprocess.CompletedProcess([], 0, stdout=f"{printed}\n", stderr="")
    monkeypatch.setattr(legacy.subprocess, "run", lambda *_, **__: done)
    arguments = SimpleNamespace(legacy_root=tmp_path, gpus="cpu", batch=2, limit_gib=16)
    row = legacy.attempt("STID", "PEMS08", 2, tmp_path, arguments)
    legacy.write_csv(tmp_path / "rows.csv", [row], legacy.COLUMNS)
    page = legacy.render(legacy.read_rows(tmp_path / "rows.csv"))
    assert "| STID | PEMS08 | 170 | 10 | 2.00 → 1.00, 2 steps | 0.50 |  |" in page


def test_the_page_names_all_that_it_was_measured_with(legacy, rows):
    page = legacy.render([*rows, {**rows[0], "hardware": "Another processor", "batch": "4", "torch": "3.0"}])
    assert "2 or 4 windows" in page
    assert f"{rows[0]['hardware']} or Another processor, torch {rows[0]['torch']} or 3.0" in page


def test_what_is_in_no_version_is_on_the_page(legacy, rows, monkeypatch):
    assert absent_models() == {} and "Not run here" not in legacy.render(rows)
    monkeypatch.setattr(legacy, "absent_models", lambda: {"Lost": "no code"})
    assert "| Lost |  |  | no code; its row keeps the paper's figures |" in legacy.render(rows)

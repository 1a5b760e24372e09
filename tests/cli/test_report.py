"""report, as a user sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.commands import paths, refused, train
from results.runs import write_run
from tiny import metrics, write_dataset

from basicts_elin.cli import main
from basicts_elin.data.catalog import CATALOG
from basicts_elin.results.store import read_results


def test_report_prints_and_writes_the_runs(place, capsys):
    runs = [train(capsys, "--seed", seed)["metrics"].parent for seed in ("1", "2")]
    assert main(["report", *map(str, runs), "--naive", "-o", "out/runs.csv"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["model", "horizon", "MAE", "RMSE", "MAPE", "%"]
    assert len(printed) == 1 + 4 * 5
    assert [line[:20].strip() for line in printed[1::5]] == [
        "Tiny_small (seed=1)", "Tiny_small (seed=2)", "last value", "historical average",
    ]  # fmt: skip
    found = read_results(Path("out/runs.csv"))
    assert [(result.model, result.seed) for result in found] == [
        ("Tiny_small", 1), ("Tiny_small", 2), ("last value", None), ("historical average", None),
    ]  # fmt: skip
    overall = metrics(runs[0])["overall"]
    assert found[0].metrics["overall"] == {
        "MAE": round(overall["MAE"], 4), "RMSE": round(overall["RMSE"], 4), "MAPE": round(100 * overall["MAPE"], 4),
    }  # fmt: skip


OWN_METRIC = """
import torch
from basicts_elin import benchmark_config
from tiny import Tiny, TinyConfig

def worst(prediction, targets, **_):
    return (prediction - targets).abs().max()

CFG = benchmark_config(
    Tiny, TinyConfig(), "Tiny", num_epochs=1, metrics=["MAE", "WAPE", ("worst", worst)],
)
"""


def test_metrics_of_the_users_own_are_in_text_markdown_and_csv(workplace, capsys):
    write_dataset(workplace)
    Path("own.py").write_text(OWN_METRIC)
    assert main(["train", "-c", "own.py", "-g", "cpu"]) == 0
    folder = paths(capsys.readouterr().out)["metrics"].parent
    overall = metrics(folder)["overall"]
    assert set(overall) == {"MAE", "WAPE", "worst"}
    assert main(["report", str(folder), "-o", "runs.csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["model", "horizon", "MAE", "WAPE", "worst"]
    assert lines[-2].split()[-1] == f"{overall['worst']:.3f}"
    assert main(["report", str(folder), "--markdown"]) == 0
    assert (
        capsys.readouterr()
        .out.splitlines()[0]
        .endswith("| MAE 3 / 6 / 12 / overall / mean over horizons | WAPE | worst |")
    )
    (found,) = read_results(Path("runs.csv"))
    mean = metrics(folder)["mean_over_horizons"]
    assert found.number("MAE_mean") == pytest.approx(mean["MAE"], abs=1e-4)
    assert found.number("worst_12") == pytest.approx(metrics(folder)["horizon_12"]["worst"], abs=1e-4)


def test_two_configurations_of_one_file_are_told_apart(place, capsys):
    runs = [train(capsys, "--set", f"model_config.bias={bias}")["metrics"].parent for bias in (True, False)]
    assert main(["report", *map(str, runs), "--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == ["| Tiny_small (bias=True)", "| Tiny_small (bias=False)"]


def test_report_as_markdown_has_a_line_for_each_run(place, capsys):
    run_folder = train(capsys)["metrics"].parent
    assert main(["report", str(run_folder), "--naive", "--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| model | epochs | parameters |")
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| Tiny_small", "| last value", "| historical average"]


def test_report_on_a_dataset_that_the_catalogue_does_not_know(place, capsys, monkeypatch):
    folder = train(capsys)["metrics"].parent
    monkeypatch.delitem(CATALOG, "Tiny")
    assert main(["report", str(folder), "--naive", "-o", "runs.csv"]) == 0
    assert {result.dataset for result in read_results(Path("runs.csv"))} == {"Tiny"}


def test_report_imports_neither_torch_nor_basicts(tmp_path):
    folder = write_run(tmp_path / "run")
    code = (
        "import sys, basicts_elin.cli as cli\n"
        f"assert cli.main(['report', {str(folder)!r}, '-o', {str(tmp_path / 'x.csv')!r}]) == 0\n"
        "print(sorted({'torch', 'basicts', 'matplotlib', 'h5py'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_is_wrong_with_a_report_is_one_line(place, capsys):
    assert refused(capsys, "report", "nowhere").startswith("error: nowhere: no run.json; ")
    folder = train(capsys)["metrics"].parent.resolve()
    Path("elsewhere").mkdir()
    os.chdir("elsewhere")
    assert str(Path("datasets/Tiny")) in refused(capsys, "report", folder, "--naive")

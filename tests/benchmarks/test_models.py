"""The table of BasicTS's models."""

import importlib.util
from pathlib import Path

import pytest
from cli.commands import ROOT, run

from basicts_elin.zoo.entries.basicts_models import basicts_names
from basicts_elin.zoo.registry import entry

UNFIT = {name: entry(name).unfit for name in basicts_names() if entry(name).unfit}
SCRIPT = ROOT / "benchmarks" / "models.py"


@pytest.fixture(scope="module")
def models():
    spec = importlib.util.spec_from_file_location("benchmark_of_models", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_that_of_the_committed_rows(models):
    rows = models.read_rows(ROOT / "results" / "models_cpu.csv")
    page = ROOT / "docs" / "models.md"
    assert page.read_text() == models.render(rows) + models.sections(page)


def test_sections_written_by_hand_are_kept(models, tmp_path):
    page = tmp_path / "page.md"
    assert models.sections(page) == ""
    page.write_text("# Models\n\n| table |\n\n## A\n\ntext\n\n## B\n")
    assert models.sections(page) == "\n## A\n\ntext\n\n## B\n"


def test_every_model_has_its_row(models):
    rows = {row["model"]: row for row in models.read_rows(ROOT / "results" / "models_cpu.csv")}
    assert set(rows) == {*basicts_names(), *models.OURS, "last value", "historical average"}
    assert {name for name, row in rows.items() if row["runs"] == "no"} == set(UNFIT)
    assert {name: rows[name]["reason"] for name in UNFIT} == UNFIT


def test_models_are_tried_and_failures_are_rows(tmp_path):
    arguments = ["--models", "NLinear", "SOFTS", "--output", "rows.csv", "--markdown", "page.md"]
    done = run(tmp_path, SCRIPT, *arguments)
    assert done.returncode == 0, done.stderr
    names = [line.split(",")[:2] for line in Path(tmp_path, "rows.csv").read_text().splitlines()[1:]]
    assert names == [["last value", "naive"], ["historical average", "naive"], ["NLinear", "yes"], ["SOFTS", "no"]]
    page = Path(tmp_path, "page.md").read_text()
    assert "| NLinear | 156 | 16 |" in page
    assert f"| SOFTS | {UNFIT['SOFTS']} |" in page

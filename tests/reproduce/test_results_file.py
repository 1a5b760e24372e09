"""The CSV of a command's runs."""

import threading

import pytest
from filelock import FileLock
from results.runs import row

from basicts_elin.errors import UserError
from basicts_elin.reproduce.plan import Run
from basicts_elin.reproduce.results_file import Results
from basicts_elin.results.store import read_rows

PLAN = [Run(model, "PEMS08", 42, "") for model in "ABC"]


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "x.csv", tmp_path / "logs" / "lock", PLAN)


def models(results):
    return [row["model"] for row in read_rows(results.path)]


def test_rows_are_in_the_order_of_the_plan_whichever_ends_first(results):
    for model in ("C", "other", "A", "B", "C"):
        results.write([row(model)])
    assert models(results) == ["other", "A", "B", "C"]


def test_a_row_that_cannot_be_written_waits(results):
    results.write([row("A")])
    text = results.path.read_text()
    results.path.write_text(text.replace("15.0", "fifteen"))
    assert "line 2: MAE is 'fifteen'" in results.keep(row("B"))
    with pytest.raises(UserError, match="fifteen"):
        results.write()
    results.path.write_text(text)
    assert results.keep(row("C")) == ""
    assert models(results) == ["A", "B", "C"]


def test_a_folder_that_cannot_be_written_is_said(results, tmp_path):
    (tmp_path / "file").write_text("")
    results.path = tmp_path / "file" / "x.csv"
    assert "file" in results.keep(row("A"))


def test_two_commands_take_turns(results):
    results.lock.parent.mkdir()
    writing = threading.Thread(target=results.write, args=[[row("A")]])
    with FileLock(results.lock):
        writing.start()
        writing.join(0.3)
        assert writing.is_alive() and not results.path.exists()
    writing.join(10)
    assert models(results) == ["A"]

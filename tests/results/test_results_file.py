"""A CSV of results that several commands write."""

import threading

import pytest
from filelock import FileLock
from refusal import refuses
from results.runs import result

from basicts_elin.results.store import ResultsFile, read_results

ORDER = [(model, "PEMS08", "", 42) for model in "ABC"]


@pytest.fixture
def results(tmp_path):
    return ResultsFile(tmp_path / "x.csv", tmp_path / "logs" / "lock", ORDER)


def models(results):
    return [result.model for result in read_results(results.path)]


def test_rows_are_in_the_order_of_the_plan_whichever_ends_first(results):
    for model in ("C", "other", "A", "B", "C"):
        results.write([result(model)])
    assert models(results) == ["other", "A", "B", "C"]


def test_a_result_that_cannot_be_written_waits(results):
    results.write([result("A")])
    text = results.path.read_text()
    results.path.write_text(text.replace("15.0000", "fifteen"))
    place = f"{results.path}, line 2, MAE"
    assert results.keep(result("B")).startswith(f"{place}: 'fifteen'")
    with refuses(place, found="fifteen"):
        results.write()
    results.path.write_text(text)
    assert results.keep(result("C")) == ""
    assert models(results) == ["A", "B", "C"]


def test_a_folder_that_cannot_be_written_is_said(results, tmp_path):
    (tmp_path / "file").write_text("")
    results.path = tmp_path / "file" / "x.csv"
    assert "file" in results.keep(result("A"))


def test_two_commands_take_turns(results):
    results.lock.parent.mkdir()
    writing = threading.Thread(target=results.write, args=[[result("A")]])
    with FileLock(results.lock):
        writing.start()
        writing.join(0.3)
        assert writing.is_alive() and not results.path.exists()
    writing.join(10)
    assert models(results) == ["A"]

"""The benchmark of intervals, and the tables of its page."""

import importlib.util

import pytest
from cli.commands import CFG, CONFIG, ROOT, contents, train

SCRIPT = ROOT / "benchmarks" / "intervals.py"
PAGE, RESULTS = ROOT / "docs" / "intervals.md", ROOT / "results" / "intervals_cpu.csv"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmark_of_intervals", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        # as for a script that is started
        patch.syspath_prepend(str(SCRIPT.parent))
        spec.loader.exec_module(module)
        yield module


def test_the_tables_of_the_page_are_those_of_the_results(benchmark):
    rows = benchmark.read_rows(RESULTS)
    page = PAGE.read_text(encoding="utf-8")
    assert benchmark.with_tables(page, rows) == page
    for every in ("1", "12"):
        assert benchmark.coverage_table(rows, every) in page
    assert benchmark.widths_table(rows) in page and benchmark.scores_table(rows) in page


def test_the_results_were_made_by_committed_code(benchmark):
    assert all(row["commit"] and not row["commit"].endswith("+") for row in benchmark.read_rows(RESULTS))


def test_adaptive_intervals_hold_what_is_claimed(benchmark):
    """Overall within 1 point of the level, the worst tenth of the sensors no more than 5 points off."""
    for row in benchmark.read_rows(RESULTS):
        if row["every"] == "1":
            assert float(row["adaptive_coverage"]) == pytest.approx(float(row["level"]), abs=1)
            assert float(row["adaptive_worst_tenth"]) >= float(row["level"]) - 5


def test_a_run_becomes_rows_and_is_left_as_it_was(benchmark, tiny, capsys):
    (tiny / CFG).parent.mkdir(parents=True)
    (tiny / CFG).write_text(CONFIG)
    run = train(capsys)["checkpoint"].parent
    before = contents(run)
    rows = list(benchmark.rows_of(run, [80], [1, 5]))
    assert contents(run) == before
    assert [(row["every"], row["level"], row["test_windows"]) for row in rows] == [(1, "80", 50), (5, "80", 10)]
    for row in rows:
        assert set(row) <= set(benchmark.COLUMNS)
        assert 0 < row["static_coverage"] <= 100 and row["static_width"] > 0 and row["epochs"] == 2

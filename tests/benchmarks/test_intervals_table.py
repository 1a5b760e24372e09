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


def test_what_the_page_says_of_the_tables(benchmark):
    rows = benchmark.read_rows(RESULTS)
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    every_row = [row for row in rows if row["every"] == "1"]

    def below(row, name):
        return float(row["level"]) - float(row[name])

    def span(kind, name):
        found = [below(row, f"{kind}_{name}") for row in every_row]
        return f"{min(found):.1f} to {max(found):.1f}"

    low, high = (pick(below(row, "static_coverage") for row in every_row) for pick in (max, min))
    assert f"{low:.1f} points too low to {-high:.1f} points too high" in page
    assert f"{span('static', 'worst_tenth')} points below the level" in page
    assert f"{span('static', 'worst_hour')} points below the level with static intervals" in page
    assert f"and {span('adaptive', 'worst_hour')} with adaptive ones" in page
    for every, text in (("1", "within {:.1f} points overall, and the worst tenth is at most {:.1f} points below"),
                        ("12", "within {:.1f} and {:.1f} points")):  # fmt: skip
        own = [row for row in rows if row["every"] == every]
        away = max(abs(below(row, "adaptive_coverage")) for row in own)
        assert text.format(away, max(below(row, "adaptive_worst_tenth") for row in own)) in page
    widths = [float(row["adaptive_width"]) / float(row["static_width"]) for row in rows]
    assert f"{min(widths):.2f} to {max(widths):.2f} times as wide" in page
    assert all(float(row["adaptive_interval_score"]) < float(row["static_interval_score"]) for row in rows)
    scales = [name.removeprefix("score_") for name in benchmark.COLUMNS if name.startswith("score_")]
    for row in every_row:
        assert min(scales, key=lambda name, row=row: float(row[f"score_{name}"])) == "sensor_hour_level"
        assert "hour" not in row["scaling"]

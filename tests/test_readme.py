"""The README says what the committed results say."""

from pathlib import Path

from basicts_elin.results.report import markdown_table
from basicts_elin.results.store import read_results

ROOT = Path(__file__).resolve().parents[1]


def test_the_table_is_that_of_the_results():
    results = read_results(ROOT / "results" / "pems08_tail_cpu.csv")
    assert {result.model for result in results} == {
        "ELinFormer_small",
        "STAEformer_small",
        "STID",
        "last value",
        "historical average",
    }
    assert markdown_table(results) in (ROOT / "README.md").read_text()

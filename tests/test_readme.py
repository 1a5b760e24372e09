"""The README says what the committed results say."""

import csv
from pathlib import Path

from basicts_elin.results.table import markdown_table

ROOT = Path(__file__).resolve().parents[1]


def test_the_table_is_that_of_the_results():
    with (ROOT / "results" / "pems08_tail_cpu.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["model"] for row in rows} == {
        "ELinFormer_small",
        "STAEformer_small",
        "STID",
        "last value",
        "historical average",
    }
    assert markdown_table(rows) in (ROOT / "README.md").read_text()

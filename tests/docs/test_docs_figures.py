"""The README's table is that of the results, and the columns of results are explained."""

import csv
import re

from docs.pages import ROOT

from basicts_elin.results.schema import FIELD_TYPES


def results():
    with (ROOT / "results" / "pems08_tail_cpu.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_table_of_the_readme_is_that_of_the_results():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = results()
    assert [row["model"] for row in rows] == [
        "ELinFormer_small",
        "STAEformer_small",
        "STID",
        "last value",
        "historical average",
    ]
    table = [
        f"| {row['model']} | {float(row['MAE']):.2f} | {float(row['RMSE']):.2f} | {float(row['MAPE']):.2f} |"
        for row in rows
    ]
    assert "\n".join(table) in page


def test_what_the_readme_says_of_the_runs():
    trained = [row for row in results() if row["parameters"]]
    assert {(row["dataset"], row["seed"], row["num_epochs"]) for row in trained} == {("PEMS08_tail", "42", "8")}
    assert "**8 epochs, one seed**" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_column_of_the_results_is_explained():
    page = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    section = page[page.index("## Columns") : page.index("## pems08_tail_cpu.csv")]
    explained = set(re.findall(r"\w+", " ".join(re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE))))
    assert set(FIELD_TYPES) <= explained

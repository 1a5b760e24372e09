"""The README's table is that of the results."""

import csv

from docs.pages import ROOT


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

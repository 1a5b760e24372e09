"""Tables in which the seeds of a model are one row, and the LaTeX table."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import pytest
from refusal import refuses
from results.runs import METRICS, RECORD, result, write_run

from basicts_elin.cli import main
from basicts_elin.results.latex import escaped, latex_table
from basicts_elin.results.report import decimals, deviation_line, markdown_table, text_table
from basicts_elin.results.run_reader import read_runs
from basicts_elin.results.schema import Result
from basicts_elin.results.store import write_summaries

MAES = (15.0, 15.5, 17.0)
SEEDS = [result("A", seed=seed, mae=mae) for seed, mae in zip((3, 1, 2), MAES, strict=True)]
OTHER = [result("B_x", seed=seed, mae=mae) for seed, mae in ((1, 14.0), (2, 18.0))]
NAIVE = Result("last value", "PEMS08", metrics=SEEDS[0].metrics)
A = f"{mean(MAES):.2f} ± {stdev(MAES):.2f}"


def cells(table, label, horizon="overall"):
    """The cells of the text table in the line of a horizon."""
    lines = iter(table.splitlines())
    next(line for line in lines if line.startswith(label))
    return next(line for line in lines if line.split()[0] == horizon)


def test_the_seeds_of_a_model_are_one_row():
    table = text_table([*SEEDS, *OTHER, NAIVE], by_model=True)
    assert [line.split("  ")[0] for line in table.splitlines() if line[0] != " "] == [
        "model", "A (3 seeds)", "B_x (2 seeds)", "last value",
    ]  # fmt: skip
    assert f"{mean(MAES):.3f} ± {stdev(MAES):.3f}" in cells(table, "A ")
    # a naive forecast has no seeds, and no deviation
    assert cells(table, "last value").split() == ["overall", "15.000", "30.000", "7.500"]
    assert "n - 1" in deviation_line(SEEDS) and deviation_line(SEEDS[:1]) == ""


def test_other_settings_epochs_and_datasets_are_other_rows():
    others = [
        replace(SEEDS[1], differences="dropout=0.2"), replace(SEEDS[1], num_epochs=8), replace(SEEDS[1], dataset="C"),
    ]  # fmt: skip
    table = text_table([*SEEDS, *others], by_model=True)
    assert [line.split("  ")[0] for line in table.splitlines() if line[0] != " "][1:] == [
        "A (dataset=PEMS08, num_epochs=100) (3 seeds)", "A (dropout=0.2) (1 seed)",
        "A (dataset=PEMS08, num_epochs=8) (1 seed)", "A (dataset=C, num_epochs=100) (1 seed)",
    ]  # fmt: skip


def test_the_seeds_as_markdown():
    head, _, row = markdown_table(SEEDS, by_model=True).splitlines()
    assert row.startswith(f"| A (3 seeds) | 100 | 1,000 | 50 | {mean(MAES) + 0.3:.2f} ± {stdev(MAES):.2f} / ")
    assert A in row.split(" | ")[4] and len(row.split(" | ")) == len(head.split(" | "))


def test_a_metric_that_some_seeds_lack_says_how_many_have_it():
    lacking = replace(SEEDS[0], metrics={"overall": {"RMSE": 1.0, "MAPE": 2.0}})
    rows = text_table([lacking, *SEEDS[1:]], by_model=True)
    assert f"{mean(MAES[1:]):.3f} ± {stdev(MAES[1:]):.3f} (n = 2)" in cells(rows, "A ")


def test_one_seed_twice_is_refused():
    twice = [replace(SEEDS[0], run="one"), replace(SEEDS[0], run="two")]
    for table in (text_table, markdown_table, latex_table):
        with refuses("--by model", found=("one", "two", "seed 3"), expected="one run"):
            table(twice, by_model=True)
    # as rows of their own, they are told apart
    assert "run=two" in text_table(twice)


@pytest.mark.parametrize(("largest", "expected"), [(312.0, 2), (1.0, 2), (0.385, 4), (0.05, 5), (0.0, 2)])
def test_small_figures_have_more_decimals(largest, expected):
    one = Result("A", "D", metrics={"3": {"WAPE": largest / 2}, "overall": {"WAPE": largest, "MAE": 3.0}})
    assert decimals([one], "WAPE", 2) == expected


def test_the_csv_of_the_seeds(tmp_path):
    write_summaries(tmp_path / "a.csv", [*SEEDS, *OTHER, NAIVE])
    with (tmp_path / "a.csv").open(newline="") as file:
        first, second, naive = csv.DictReader(file)
    assert (first["model"], first["seeds"], first["number_of_seeds"]) == ("A", "1 2 3", "3")
    assert float(first["MAE"]) == pytest.approx(mean(MAES), abs=1e-4)
    assert float(first["MAE_12_deviation"]) == pytest.approx(stdev(MAES), abs=1e-4)
    assert float(first["seconds_per_epoch"]) == 50 and first["hardware"] == "H200"
    assert (naive["model"], naive["seeds"], naive["MAE"], naive["MAE_deviation"]) == ("last value", "", "15.0000", "")
    taken = [Result("A", "D", metrics={"overall": {"MAE": 1.0, "MAE_deviation": 2.0}})]
    with refuses("metrics", found="MAE_deviation"):
        write_summaries(tmp_path / "b.csv", taken)


def lines_of(table, name):
    """The lines of a model in a LaTeX table, by horizon, as cells."""
    found, horizon = {}, ""
    for line in table.splitlines():
        parts = [part.strip() for part in line.rstrip("\\").split(" & ")]
        if len(parts) > 2:
            horizon = parts[0] or horizon
            if parts[1].startswith(name):
                found[horizon] = parts[2:]
    return found


def test_a_latex_table_is_well_formed():
    table = latex_table([*SEEDS, *OTHER, NAIVE], by_model=True)
    assert table.count(r"\begin{table}") == table.count(r"\end{table}") == table.count(r"\toprule") == 1
    assert table.count("{") == table.count("}")
    (columns,) = [line for line in table.splitlines() if r"\begin{tabular}" in line]
    number = columns.count("r}") and len(columns.rpartition("{")[2].rstrip("}"))
    assert {line.count("&") + 1 for line in table.splitlines() if line.endswith(r"\\")} == {number} == {5}
    # 3, 6, 12, all: one block each
    assert list(lines_of(table, "A")) == ["3", "6", "12", "all"] == list(lines_of(table, r"B\_x"))
    assert table.count(r"\midrule") == 4


def test_the_lowest_mean_is_bold_where_each_model_has_several_seeds():
    table = latex_table([*SEEDS, *OTHER, NAIVE], by_model=True)
    a = f"{mean(MAES):.2f} $\\pm$ {stdev(MAES):.2f}"
    assert lines_of(table, "A")["all"][0] == a
    # a naive forecast is one of the rows, and may be the best
    assert lines_of(table, "last value")["all"][0] == r"\textbf{15.00}"
    assert r"\textbf" not in lines_of(table, r"B\_x")["all"][0]
    assert "Bold" in table and "one seed" not in table
    assert lines_of(latex_table([*SEEDS, *OTHER], by_model=True), "A")["all"][0] == f"\\textbf{{{a}}}"


def test_nothing_is_bold_with_one_seed_and_the_caption_says_so():
    for results, by_model in (([*SEEDS, OTHER[0]], True), ([*SEEDS, *OTHER], False), ([SEEDS[0], NAIVE], True)):
        table = latex_table(results, by_model)
        assert r"\textbf" not in table and "Bold" not in table and "one seed (" in table


def test_a_metric_of_the_users_own_is_never_bold():
    results = [replace(one, metrics={"overall": {"near": one.seed}}) for one in (*SEEDS, *OTHER)]
    assert r"\textbf" not in latex_table(results, by_model=True)


def test_the_caption_says_how_the_runs_were_made():
    facts = {"dataset": "PEMS08_tail", "input_len": 12, "output_len": 6}
    table = latex_table([replace(one, **facts) for one in SEEDS], by_model=True)
    (caption,) = [line for line in table.splitlines() if r"\caption" in line]
    for part in (r"PEMS08\_tail, 12 steps in and 6 out, of 5 minutes each", "100 epochs, seeds 1, 2 and 3",
                 "MAE and RMSE in vehicles per 5 minutes", "sample standard deviation"):  # fmt: skip
        assert part in caption
    # different for each model, and stopped early
    early = [replace(one, **facts, epochs=epochs) for one, epochs in zip(OTHER, (40, 60), strict=True)]
    caption = latex_table([*(replace(one, **facts) for one in SEEDS), *early], by_model=True)
    assert r"B\_x (output\_len=6): 100 epochs planned, 40--60 trained, seeds 1 and 2" in caption
    assert r"A (output\_len=6): 100 epochs, seeds 1, 2 and 3" in caption


def test_each_dataset_and_window_has_a_table():
    results = [SEEDS[0], replace(SEEDS[0], dataset="PEMS04"), replace(SEEDS[0], output_len=6, input_len=12)]
    assert latex_table(results).count(r"\begin{table}") == 3


def test_names_are_escaped():
    assert escaped("a_b & 50% {x}^2 #1 $ ~ \\") == (
        r"a\_b \& 50\% \{x\}\textasciicircum{}2 \#1 \$ \textasciitilde{} \textbackslash{}"
    )


def runs(folder):
    """Three seeds of one configuration, and one with another dropout."""
    for seed, mae in zip((1, 2, 3), MAES, strict=True):
        metrics = METRICS | {"overall": {"MAE": mae, "RMSE": 1.0, "MAPE": 0.1, "WAPE": 0.08}}
        write_run(folder / str(seed), {"seed": seed}, metrics, {"seed": seed, "dropout": 0.1})
    write_run(folder / "other", {"seed": 1}, METRICS, {"seed": 1, "dropout": 0.2})
    return sorted(map(str, folder.iterdir()))


def test_report_by_model(tmp_path, capsys):
    folders, file = runs(tmp_path / "runs"), tmp_path / "out.csv"
    for options in ([], ["--markdown"], ["--latex"]):
        assert main(["report", *folders, "--by", "model", "-o", str(file), *options]) == 0
        printed = capsys.readouterr().out
        seeds = ("", "") if options == ["--latex"] else (" (3 seeds)", " (1 seed)")
        assert f"M (dropout=0.1){seeds[0]} " in printed and f"M (dropout=0.2){seeds[1]} " in printed
        assert f"{mean(MAES):.2f}" in printed and "WAPE" in printed and "0.0800" in printed
        assert ("sample standard deviation" in printed) and (options != ["--latex"] or r"\toprule" in printed)
        assert [row["number_of_seeds"] for row in csv.DictReader(file.open(newline=""))] == ["3", "1"]


@pytest.mark.parametrize("options", [[], ["--by", "model"]])
def test_a_file_of_another_kind_is_not_replaced(tmp_path, capsys, options):
    folders, file = runs(tmp_path / "runs"), tmp_path / "out.csv"
    other = ["--by", "model"] if not options else []
    assert main(["report", *folders, "-o", str(file), *other]) == 0
    for content in (file.read_bytes(), b"time,s1\n2024-01-01,3\n"):
        file.write_bytes(content)
        assert main(["report", *folders, "-o", str(file), *options]) == 2
        assert f"--output: {file}, which holds something else" in capsys.readouterr().err
        assert file.read_bytes() == content
    # nothing is lost of an empty file, and a table of the same kind is made again
    file.write_bytes(b"")
    for _ in range(2):
        assert main(["report", *folders, "-o", str(file), *options]) == 0


def test_what_a_latex_table_is_printed_with_is_a_comment(tmp_path, capsys):
    folder = write_run(tmp_path / "run", {"mape_warning": "targets near zero carry MAPE"})
    assert main(["report", str(folder), "--latex"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("% Tiny: targets near zero")


def test_runs_on_other_data_of_the_same_name_are_not_averaged(tmp_path):
    folders = []
    for seed, data in ((1, "aaaaaaaa0"), (2, "aaaaaaaa0"), (3, "bbbbbbbb0")):
        record = {"seed": seed, "dataset_sha256": {"data": data}}
        folders.append(write_run(tmp_path / str(seed), record, config={"seed": seed, "dropout": 0.1}))
    assert [found.differences for found in read_runs(folders)] == ["data=aaaaaaaa"] * 2 + ["data=bbbbbbbb"]
    (Path(folders[2]) / "run.json").write_text(
        json.dumps(RECORD | {"seed": 3, "dataset_sha256": {"data": "aaaaaaaa0"}})
    )
    assert [found.differences for found in read_runs(folders)] == [""] * 3

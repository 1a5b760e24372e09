import csv

import pytest

from basicts_elin.results.table import METRIC_COLUMNS, format_table, markdown_table, metric_rows, write_csv

BY_HORIZON = {
    "3": {"MAE": 1.23456, "RMSE": 2.0, "MAPE": 12.5},
    "overall": {"MAE": 10.0, "RMSE": 20.25, "MAPE": None},
}


def test_the_columns_of_a_table():
    assert METRIC_COLUMNS == ("model", "horizon", "MAE", "RMSE", "MAPE")


def test_one_row_per_horizon():
    rows = metric_rows("M", BY_HORIZON, seed=1)
    assert rows[0] == {"model": "M", "horizon": "3", "MAE": 1.23456, "RMSE": 2.0, "MAPE": 12.5, "seed": 1}
    assert [row["horizon"] for row in rows] == ["3", "overall"]


def test_a_csv_has_exactly_the_columns_asked_for(tmp_path):
    file = tmp_path / "a" / "b.csv"
    write_csv(file, metric_rows("M", BY_HORIZON, seed=1), METRIC_COLUMNS)
    assert file.read_text() == (
        "model,horizon,MAE,RMSE,MAPE\n"
        "M,3,1.2346,2.0000,12.5000\n"
        "M,overall,10.0000,20.2500,\n"
    )  # fmt: skip


def test_facts_have_columns_of_their_own_and_may_be_missing(tmp_path):
    file = tmp_path / "b.csv"
    rows = [*metric_rows("M, new", BY_HORIZON, seed=1), *metric_rows("naive", BY_HORIZON)]
    write_csv(file, rows, (*METRIC_COLUMNS, "seed"))
    read = list(csv.DictReader(file.open()))
    assert [(row["model"], row["seed"], row["MAPE"]) for row in read] == [
        ("M, new", "1", "12.5000"),
        ("M, new", "1", ""),
        ("naive", "", "12.5000"),
        ("naive", "", ""),
    ]


def test_a_table_as_text():
    table = format_table([*metric_rows("long name", BY_HORIZON), *metric_rows("M", BY_HORIZON)])
    assert table.splitlines() == [
        "model      horizon       MAE      RMSE    MAPE %",
        "long name        3     1.235     2.000    12.500",
        "           overall    10.000    20.250         -",
        "M                3     1.235     2.000    12.500",
        "           overall    10.000    20.250         -",
    ]


def test_two_runs_of_one_model_can_be_told_apart():
    rows = [*metric_rows("M", BY_HORIZON, seed=1), *metric_rows("M", BY_HORIZON, seed=2)]
    assert [line.startswith("M") for line in format_table(rows).splitlines()[1:]] == [True, False, True, False]


def test_a_table_as_markdown():
    facts = {"dataset": "D", "seed": 1, "num_epochs": 8, "parameters": 1223460, "seconds_per_epoch": 3.7}
    complete = {**BY_HORIZON, "overall": {"MAE": 10.0, "RMSE": 20.25, "MAPE": 7.0}}
    table = markdown_table([*metric_rows("M", complete, **facts), *metric_rows("naive", complete, dataset="D")])
    assert table.splitlines() == [
        "| model | epochs | parameters | s / epoch | MAE 3 / overall | RMSE | MAPE % |",
        "|---|---|---|---|---|---|---|",
        "| M | 8 | 1,223,460 | 4 | 1.23 / 10.00 | 2.00 / 20.25 | 12.50 / 7.00 |",
        "| naive |  |  |  | 1.23 / 10.00 | 2.00 / 20.25 | 12.50 / 7.00 |",
    ]


def test_markdown_is_the_same_from_a_csv(tmp_path):
    complete = {"3": BY_HORIZON["3"]}
    rows = metric_rows("M", complete, dataset="D", seed=1, num_epochs=8, parameters=1000, seconds_per_epoch=3.7)
    columns = (*METRIC_COLUMNS, "dataset", "seed", "num_epochs", "parameters", "seconds_per_epoch")
    write_csv(tmp_path / "a.csv", rows, columns)
    assert markdown_table(list(csv.DictReader((tmp_path / "a.csv").open()))) == markdown_table(rows)


def test_markdown_without_a_metric(tmp_path):
    assert markdown_table(metric_rows("M", BY_HORIZON)).splitlines()[-1].endswith("| 12.50 / - |")


@pytest.mark.parametrize("seeds", [(1, 2), (1, 1)])
def test_markdown_has_a_line_for_each_run(seeds):
    complete = {"3": BY_HORIZON["3"]}
    rows = [row for seed in seeds for row in metric_rows("M", complete, dataset="D", seed=seed)]
    assert len(markdown_table(rows).splitlines()) == 2 + 2

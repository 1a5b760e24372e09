"""The paper's figures are those of the paper."""

import json
import re

import pytest

from basicts_elin.results import paper


@pytest.fixture(scope="module")
def tables(shared):
    return json.loads((shared / "reference" / "paper_tables.json").read_text())


def test_table1(tables):
    keys = ("nodes", "edges", "timesteps", "interval_minutes", "range")
    assert {name: tuple(facts[key] for key in keys) for name, facts in tables["datasets"].items()} == paper.TABLE1


def test_table2(tables):
    printed = {name: value for name, value in tables["table2"].items() if name.startswith("PEMS")}
    assert tables["table2"]["columns"] == ["MAE", "RMSE", "MAPE_percent", "memory_MiB", "seconds_per_epoch"]
    assert tables["table2"]["hardware"] == paper.TABLE2_HARDWARE
    found = {name: {model: list(line) for model, line in lines.items()} for name, lines in paper.TABLE2.items()}
    assert found == printed


def test_the_notes_have_the_figures_of_the_notes(tables):
    printed = tables["table2"]["notes"]
    assert {key.partition(".")[0] for key in printed} == set(paper.TABLE2_NOTES)
    for key, text in printed.items():
        number = re.compile(r"\d[\d.]*\d")
        assert set(number.findall(paper.TABLE2_NOTES[key.partition(".")[0]])) == set(number.findall(text))


def test_table3(tables):
    table = tables["table3"]
    assert tuple(table["order"]) == paper.TABLE3_DATASETS and table["columns"] == ["MAE", "RMSE"]
    printed = {name: lines for name, lines in table.items() if name not in ("columns", "order")}
    assert list(printed) == list(paper.TABLE3)
    assert {name: [line and list(line) for line in lines] for name, lines in paper.TABLE3.items()} == printed


def test_a_figure_is_found_by_model_dataset_and_column():
    assert paper.table2_value("ELinFormer", "PEMS04", "memory_mib") == 5098
    assert paper.table2_value("STAEformer", "PEMS08", "MAE") == 13.46
    assert paper.table2_value("STAEformer", "PEMS07", "memory_mib") is None
    assert paper.table3_value("GWNet", "PEMS03", "RMSE") == 25.24


@pytest.mark.parametrize(
    ("model", "dataset", "column"),
    [
        ("", "PEMS08", "MAE"),
        ("ELinFormer", "PEMS08_tail", "MAE"),
        ("STID", "PEMS08", "MAE"),
        ("HimNet", "PEMS-BAY", "MAE"),
        ("ELinFormer", "PEMS08", "parameters"),
    ],
)
def test_where_the_paper_has_no_figure_there_is_none(model, dataset, column):
    assert paper.table2_value(model, dataset, column) is None
    assert paper.table3_value(model, dataset, column) is None

"""The tables that `report` prints."""

from dataclasses import replace

import pytest
from refusal import refuses
from results.runs import result
from tiny import write_dataset

from basicts_elin.data.dataset import open_dataset
from basicts_elin.results.latex import latex_table
from basicts_elin.results.report import average_lines, markdown_table, naive_results, text_table
from basicts_elin.results.schema import Result
from basicts_elin.results.store import read_results, write_results

METRICS = {
    "3": {"MAE": 1.23456, "RMSE": 2.0, "MAPE": 12.5},
    "overall": {"MAE": 10.0, "RMSE": 20.25, "MAPE": 7.0},
}
ONE = Result("M", "D", seed=1, metrics=METRICS, num_epochs=8, parameters=1223460, seconds_per_epoch=3.7)
NAIVE = Result("naive", "D", metrics=METRICS)


def test_a_table_as_text():
    other = Result("long name", "D", metrics={"3": METRICS["3"], "overall": {"MAE": 10.0, "RMSE": 20.25, "MAPE": None}})
    assert text_table([other, ONE]).splitlines() == [
        "model      horizon       MAE      RMSE    MAPE %",
        "long name        3     1.235     2.000    12.500",
        "           overall    10.000    20.250         -",
        "M                3     1.235     2.000    12.500",
        "           overall    10.000    20.250     7.000",
    ]


def test_a_metric_of_the_users_own_is_a_column_of_its_own():
    own = Result("own", "D", metrics={"overall": {"MAE": 1.0, "worst_of_all": 9.5}})
    assert text_table([ONE, own]).splitlines()[0] == "model  horizon       MAE      RMSE    MAPE % worst_of_all"
    assert text_table([ONE, own]).splitlines()[-1] == "own    overall     1.000         -         -        9.500"
    assert markdown_table([ONE, own]).splitlines() == [
        "| model | epochs | parameters | s / epoch | MAE 3 / overall | RMSE | MAPE % | worst_of_all |",
        "|---|---|---|---|---|---|---|---|",
        "| M | 8 | 1,223,460 | 4 | 1.23 / 10.00 | 2.00 / 20.25 | 12.50 / 7.00 | - / - |",
        "| own |  |  |  | - / 1.00 | - / - | - / - | - / 9.50 |",
    ]


@pytest.mark.parametrize("table", [text_table, markdown_table])
def test_two_runs_of_one_model_can_be_told_apart(table):
    seeds = table([ONE, replace(ONE, seed=2)])
    assert "M (seed=1)" in seeds and "M (seed=2)" in seeds
    differing = table([ONE, Result("M", "D", differences="dropout=0.2", metrics=METRICS)])
    assert "M (dropout=0.2)" in differing


def test_a_table_as_markdown():
    assert markdown_table([ONE, NAIVE]).splitlines() == [
        "| model | epochs | parameters | s / epoch | MAE 3 / overall | RMSE | MAPE % |",
        "|---|---|---|---|---|---|---|",
        "| M | 8 | 1,223,460 | 4 | 1.23 / 10.00 | 2.00 / 20.25 | 12.50 / 7.00 |",
        "| naive |  |  |  | 1.23 / 10.00 | 2.00 / 20.25 | 12.50 / 7.00 |",
    ]


def test_the_mean_over_horizons_is_named_in_every_table():
    both = METRICS | {"mean": {"MAE": 9.5, "RMSE": 19.0, "MAPE": 6.5}}
    one = replace(ONE, metrics=both)
    assert text_table([one]).splitlines() == [
        "model             horizon       MAE      RMSE    MAPE %",
        "M                       3     1.235     2.000    12.500",
        "                  overall    10.000    20.250     7.000",
        "       mean over horizons     9.500    19.000     6.500",
    ]
    head, _, line = markdown_table([one]).splitlines()
    assert "| MAE 3 / overall / mean over horizons |" in head and "| 1.23 / 10.00 / 9.50 |" in line
    assert "    mean over horizons & M & 9.50 & 19.00 & 6.50 " in latex_table([one])
    assert average_lines(both) == [
        "over all targets:   MAE 10.0000, RMSE 20.2500, MAPE 7.0000 %",
        "mean over horizons: MAE 9.5000, RMSE 19.0000, MAPE 6.5000 %",
    ]
    # a run of an earlier version
    assert len(average_lines(METRICS)) == 1


def test_markdown_is_the_same_from_a_csv(tmp_path):
    write_results(tmp_path / "a.csv", [ONE, NAIVE])
    assert markdown_table(read_results(tmp_path / "a.csv")) == markdown_table([ONE, NAIVE])


def test_naive_forecasts_are_results_on_the_window_of_a_run(tmp_path):
    dataset = open_dataset(write_dataset(tmp_path, "MyCity"))
    like = result("M", "MyCity", input_len=12, output_len=6, unit="kWh", nodes=5)
    found = naive_results(like, dataset)
    assert [one.model for one in found] == ["last value", "historical average"]
    for one in found:
        assert (one.dataset, one.output_len, one.unit, one.nodes, one.seed) == ("MyCity", 6, "kWh", 5, None)
        assert list(one.metrics) == ["3", "6", "overall", "mean"] and one.metrics["overall"]["MAE"] > 0


def test_a_run_whose_window_is_not_known_has_no_naive_forecasts(tmp_path):
    dataset = open_dataset(write_dataset(tmp_path, "MyCity"))
    with refuses("checkpoints/M/run.json, output_len", found="missing"):
        naive_results(result("M", run="checkpoints/M", input_len=12), dataset)

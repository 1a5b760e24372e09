import json

import pytest
from tiny import metrics, ours

from basicts_elin.errors import UserError
from basicts_elin.record import read_record
from basicts_elin.results.runs import COLUMNS, RECORD_COLUMNS, metrics_of, run_rows
from basicts_elin.training.launch.launcher import launch_training

CONTENT = {
    "overall": {"MAE": 2.0, "RMSE": 3.0, "MAPE": 0.125},
    "horizon_12": {"MAE": 4.0, "RMSE": 5.0, "MAPE": 0.5},
    "horizon_3": {"MAE": 1.0, "RMSE": 1.5, "MAPE": 0.0625},
}


def write(folder, content):
    (folder / "test_metrics.json").write_text(json.dumps(content))
    return folder / "test_metrics.json"


def test_mape_is_in_per_cent_and_horizons_are_in_order(tmp_path):
    rows = metrics_of(write(tmp_path, CONTENT))
    assert list(rows.items()) == [
        ("3", {"MAE": 1.0, "RMSE": 1.5, "MAPE": 6.25}),
        ("12", {"MAE": 4.0, "RMSE": 5.0, "MAPE": 50.0}),
        ("overall", {"MAE": 2.0, "RMSE": 3.0, "MAPE": 12.5}),
    ]


def test_other_metrics_of_a_run_do_not_matter(tmp_path):
    content = {part: {**values, "WAPE": 0.1} for part, values in CONTENT.items()}
    rows = metrics_of(write(tmp_path, content))
    assert {"MAE", "RMSE", "MAPE"} <= rows["overall"].keys()


def test_a_run_without_mape_has_the_other_metrics(tmp_path):
    content = {part: {name: values[name] for name in ("MAE", "RMSE")} for part, values in CONTENT.items()}
    assert metrics_of(write(tmp_path, content))["overall"]["MAE"] == 2.0


def test_the_rows_of_a_run(tiny):
    config = ours(num_epochs=2, seed=3)
    config["_config_file"] = "/somewhere/Tiny_small/Tiny.py"
    folder = launch_training(config)
    content = read_record(folder)
    rows = run_rows(folder, content)
    assert [row["horizon"] for row in rows] == ["3", "6", "12", "overall"]
    assert rows[-1]["MAE"] == metrics(folder)["overall"]["MAE"]
    assert rows[-1]["MAPE"] == pytest.approx(100 * metrics(folder)["overall"]["MAPE"])
    for row in rows:
        assert set(row) == set(COLUMNS)
        assert row["model"] == "Tiny_small"
        assert (row["dataset"], row["seed"], row["num_epochs"], row["parameters"]) == ("Tiny", 3, 2, 156)
        assert (row["basicts"], row["torch"]) == (content["versions"]["basicts"], content["versions"]["torch"])
        assert row["seconds_per_epoch"] == content["seconds_per_epoch"]
        assert None not in {row[name] for name in RECORD_COLUMNS if name != "commit"}


def test_the_name_of_a_run(tiny):
    folder = launch_training(ours())
    assert {row["model"] for row in run_rows(folder, read_record(folder))} == {"Tiny"}


@pytest.mark.parametrize(
    ("config", "label"),
    [
        ("legacy/STID/PEMS08", "STID (0.5)"),
        ("/home/BasicTS/baselines/STID/PEMS08.py", "STID (0.5)"),
        ("STID/PEMS08", "STID"),
        ("/home/baselines_cfg/STID/PEMS08.py", "STID"),
    ],
)
def test_an_older_baseline_has_another_name_than_ours(tmp_path, config, label):
    write(tmp_path, CONTENT)
    record = {"model": "M", "dataset": "D", "input_len": 12, "output_len": 12, "parameters": 1, "versions": {}}
    rows = run_rows(tmp_path, record | {"config": config})
    assert {row["model"] for row in rows} == {label}


@pytest.mark.parametrize("missing", ["test_metrics.json", "run.json", None])
def test_a_folder_that_is_no_finished_run_is_named(tiny, missing):
    folder = launch_training(ours()) if missing else tiny / "no"
    if missing:
        (folder / missing).unlink()
    with pytest.raises(UserError, match=f"{folder} is no finished run: test_metrics.json or run.json is missing"):
        run_rows(folder, read_record(folder))

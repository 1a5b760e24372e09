"""Results read from the folders of runs."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from refusal import refuses
from results.runs import METRICS, RECORD, write_run
from tiny import TinyConfig, metrics, ours, record

from basicts_elin.errors import UserError
from basicts_elin.results.run_reader import model_name, read_metrics, read_record, read_run, read_runs
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
    assert list(read_metrics(write(tmp_path, CONTENT)).items()) == [
        ("3", {"MAE": 1.0, "RMSE": 1.5, "MAPE": 6.25}),
        ("12", {"MAE": 4.0, "RMSE": 5.0, "MAPE": 50.0}),
        ("overall", {"MAE": 2.0, "RMSE": 3.0, "MAPE": 12.5}),
    ]


def test_the_mean_over_horizons_is_read_where_there_is_one_and_what_is_unknown_stays_so(tmp_path):
    mean = {"MAE": 2.5, "RMSE": None, "MAPE": 0.25}
    found = read_metrics(write(tmp_path, CONTENT | {"mean_over_horizons": mean}))
    assert list(found) == ["3", "12", "overall", "mean"]
    assert found["mean"] == {"MAE": 2.5, "RMSE": None, "MAPE": 25.0}


def test_whatever_metrics_a_run_has_are_read(tmp_path):
    content = {part: {"WAPE": 0.1, "mine": values["MAE"]} for part, values in CONTENT.items()}
    found = read_metrics(write(tmp_path, content))
    assert found["overall"] == {"WAPE": 0.1, "mine": 2.0}
    assert found["12"] == {"WAPE": 0.1, "mine": 4.0}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"horizon_3": {"MAE": 1.0}}, "no overall metrics"),
        ({"overall": {}}, "no overall metrics"),
        ({"overall": {"MAE": "low"}}, "'low'"),
        ({"overall": 3}, "'int'"),
        ({"overall": {"MAE": 1.0}, "at_the_end": {"MAE": 1.0}}, "'end'"),
    ],
)
def test_metrics_that_are_not_numbers_by_horizon_are_refused(tmp_path, content, found):
    with refuses(tmp_path / "test_metrics.json", found=found, fix="train the run again"):
        read_metrics(write(tmp_path, content))


def test_the_result_of_a_finished_run(tmp_path):
    found = asdict(read_run(write_run(tmp_path / "run", {"config": "a/M_small/Tiny.py"})))
    by_horizon = {name: {"MAE": value, "RMSE": 2 * value, "MAPE": pytest.approx(value)}
                  for name, value in (("3", 14.0), ("6", 15.0), ("12", 16.0), ("overall", 15.0))}  # fmt: skip
    assert found.pop("metrics") == by_horizon
    assert {name: value for name, value in found.items() if value not in (None, "")} == {
        "model": "M_small", "dataset": "Tiny", "seed": 42, "input_len": 12, "output_len": 12, "interval_minutes": 5,
        "unit": "vehicles", "parameters": 156, "nodes": 5, "batch_size": 16, "train_windows": 73,
        "seconds_per_epoch": 1.5, "validation_seconds": 0.5, "peak_memory_mib": 300.5, "num_epochs": 3, "epochs": 3,
        "best_epoch": 2, "device": "cpu", "hardware": "A Processor, 1 threads", "python": "3.11.9", "torch": "2.13.0",
        "basicts": "1.1.0", "basicts_elin": "0.1.0", "commit": "abc1234", "run": str(tmp_path / "run"),
    }  # fmt: skip


def test_what_is_known_otherwise_takes_the_place_of_the_record(tmp_path):
    found = read_run(write_run(tmp_path / "run"), model="STID", seed=7)
    assert (found.model, found.seed, found.dataset) == ("STID", 7, "Tiny")


def test_the_result_of_a_real_run(tiny):
    config = ours(num_epochs=2, seed=3)
    config["_config_file"] = "/somewhere/Tiny_small/Tiny.py"
    folder = launch_training(config)
    found, content = read_run(folder), record(folder)
    assert (found.label, found.dataset, found.seed, found.num_epochs) == ("Tiny_small", "Tiny", 3, 2)
    assert (found.parameters, found.interval_minutes, found.unit) == (156, 5, "")
    assert found.metrics["overall"]["MAE"] == metrics(folder)["overall"]["MAE"]
    assert found.metrics["6"]["MAPE"] == pytest.approx(100 * metrics(folder)["horizon_6"]["MAPE"])
    assert (found.torch, found.hardware) == (content["versions"]["torch"], content["hardware"])
    assert found.seconds_per_epoch > 0 and found.peak_memory_mib > 50 and found.run == str(folder)


def test_two_configurations_of_one_model_are_told_apart(tiny):
    runs = [launch_training(ours(model_config=TinyConfig(bias=bias), seed=seed)) for bias in (True, False) for seed in
            (1, 2)]  # fmt: skip
    found = read_runs(runs)
    assert [(result.label, result.seed) for result in found] == [
        ("Tiny (bias=True)", 1), ("Tiny (bias=True)", 2), ("Tiny (bias=False)", 1), ("Tiny (bias=False)", 2),
    ]  # fmt: skip
    # seeds have a field of their own
    assert [result.label for result in read_runs(runs[:2])] == ["Tiny", "Tiny"]


def test_runs_on_other_datasets_or_of_other_models_are_not_compared(tmp_path):
    folders = [
        write_run(tmp_path / "1", {"config": None, "model": "A"}, config={"model_config": {"dropout": 0.1}}),
        write_run(
            tmp_path / "2",
            {"config": None, "model": "A", "dataset": "Other"},
            config={"model_config": {"dropout": 0.2}},
        ),
        write_run(tmp_path / "3", {"config": None, "model": "B"}, config={"model_config": {"dropout": 0.3}}),
    ]
    assert [result.label for result in read_runs(folders)] == ["A", "A", "B"]


def test_epochs_whose_records_are_lost_are_no_less_epochs(tmp_path):
    found = read_run(write_run(tmp_path / "run", {"epochs": RECORD["epochs"][1:]}))
    # the best one may be among those that are not known
    assert (found.epochs, found.best_epoch) == (3, None)


def test_epochs_under_other_conditions_are_in_no_costs(tmp_path):
    first, *rest = RECORD["epochs"]
    found = read_run(write_run(tmp_path / "run", {"epochs": [{**first, "other_conditions": True}, *rest]}))
    assert (found.seconds_per_epoch, found.epochs, found.best_epoch) == (1.25, 3, 2)


def test_how_a_run_was_made_is_in_its_result(tmp_path):
    found = read_run(write_run(tmp_path / "run", {"processes": 2, "compiled": True, "runs_at_once": 3}))
    assert (found.processes, found.compiled, found.runs_at_once) == (2, True, 3)


def test_the_memory_of_a_gpu_is_allocated_and_reserved(tmp_path):
    found = read_run(write_run(tmp_path / "run", {"device": "1 GPU", "peak_reserved_mib": 400.0}))
    assert (found.peak_memory_mib, found.peak_reserved_mib) == (300.5, 400.0)


@pytest.mark.parametrize(
    ("config", "dataset", "name"),
    [
        ("legacy/STID/PEMS08", "PEMS08", "legacy/STID"),
        ("/home/BasicTS/baselines/STID/PEMS08.py", "PEMS08", "legacy/STID"),
        # BasicTS 1.1 has no other of these names
        ("legacy/GWNet/PEMS08", "PEMS08", "GWNet"),
        ("STID/PEMS08", "PEMS08", "STID"),
        ("/home/baselines_cfg/ELinFormer_small/PEMS08.py", "PEMS08", "ELinFormer_small"),
        ("STID/My.City", "My.City", "STID"),
        # a file of the user's own, in a folder that is no model
        ("/home/experiments/first.py", "PEMS08", None),
        ("PEMS08.py", "PEMS08", None),
        (None, "PEMS08", None),
    ],
)
def test_a_model_is_called_by_the_name_that_commands_know(config, dataset, name):
    assert model_name(config, dataset) == name


def test_a_run_without_such_a_name_is_called_by_its_class(tmp_path):
    assert read_run(write_run(tmp_path / "run", {"config": "/home/experiments/first.py"})).model == "M"


@pytest.mark.parametrize("missing", ["test_metrics.json", "run.json"])
def test_a_folder_without_a_finished_run_is_refused(tmp_path, missing):
    folder = write_run(tmp_path / "run")
    (folder / missing).unlink()
    with refuses(folder, found=missing, expected="finished run"):
        read_run(folder)


@pytest.mark.parametrize(
    ("change", "name", "found"),
    [
        ({"epochs": []}, "epochs", "none"),
        ({"epochs": None}, "epochs", "missing"),
        ({"epochs": [3]}, "epochs[0], epoch", "missing"),
        ({"epochs": [{"epoch": 1, "train_seconds": "long"}]}, "epochs[0], train_seconds", "'long'"),
        ({"versions": "1.1"}, "versions", "'1.1'"),
        ({"dataset": None}, "dataset", "missing"),
        ({"parameters": "many"}, "parameters", "'many'"),
        ({"config": 7}, "config", "7"),
    ],
)
def test_a_damaged_record_is_refused(tmp_path, change, name, found):
    folder = write_run(tmp_path / "run", change)
    with refuses(f"{folder / 'run.json'}, {name}", found=found, fix="train the run again"):
        read_run(folder)


@pytest.mark.parametrize("name", ["run.json", "test_metrics.json", "cfg.json"])
def test_files_that_are_not_json_are_refused(tmp_path, name):
    folder = write_run(tmp_path / "run", config={"a": 1})
    (folder / name).write_text("{")
    with pytest.raises(UserError) as caught:
        read_runs([folder])
    assert str(folder / name) in str(caught.value)


def test_a_record_may_be_read_before_the_run_has_ended(tmp_path):
    assert read_record(tmp_path) == {}
    folder = write_run(tmp_path / "run", metrics=None)
    assert read_record(folder) == RECORD
    assert METRICS and not Path(folder, "test_metrics.json").exists()

"""Runs as rows of a CSV."""

import re

import pytest
from results.runs import METRICS, RECORD, row, write_run

from basicts_elin.errors import UserError
from basicts_elin.reproduce.cost import Estimator
from basicts_elin.reproduce.plan import Run
from basicts_elin.results.store import COLUMNS, failed_row, finished_row, merged, read_rows, write_rows

RUN = Run("M_small", "Tiny", 42, "baselines_cfg/M_small/Tiny.py")


def test_the_row_of_a_finished_run(tmp_path):
    found = finished_row(RUN, write_run(tmp_path / "run"))
    assert tuple(found) == COLUMNS
    assert {name: value for name, value in found.items() if value} == {
        "model": "M_small", "dataset": "Tiny", "seed": "42",
        "MAE": "15.0000", "RMSE": "30.0000", "MAPE": "15.0000",
        "MAE_3": "14.0000", "RMSE_3": "28.0000", "MAPE_3": "14.0000",
        "MAE_6": "15.0000", "RMSE_6": "30.0000", "MAPE_6": "15.0000",
        "MAE_12": "16.0000", "RMSE_12": "32.0000", "MAPE_12": "16.0000",
        "parameters": "156", "nodes": "5", "batch_size": "16", "train_windows": "73",
        "seconds_per_epoch": "1.5", "validation_seconds": "0.5", "peak_memory_mib": "300.5",
        "num_epochs": "3", "epochs": "3", "best_epoch": "2", "device": "cpu", "hardware": "A Processor, 1 threads",
        "python": "3.11.9", "torch": "2.13.0", "basicts": "1.1.0", "basicts_elin": "0.1.0", "commit": "abc1234",
        "run": str(tmp_path / "run"),
    }  # fmt: skip


def test_epochs_whose_records_are_lost_are_no_less_epochs(tmp_path):
    folder = write_run(tmp_path / "run", {"epochs": RECORD["epochs"][1:]})
    found = finished_row(RUN, folder)
    # the best one may be among those that are not known
    assert (found["epochs"], found["best_epoch"]) == ("3", "")


def test_epochs_before_the_run_went_on_elsewhere_are_in_no_costs(tmp_path):
    first, *rest = RECORD["epochs"]
    folder = write_run(tmp_path / "run", {"epochs": [{**first, "other_conditions": True}, *rest]})
    found = finished_row(RUN, folder)
    assert (found["seconds_per_epoch"], found["epochs"], found["best_epoch"]) == ("1.25", "3", "2")
    assert Estimator([]).cost(RUN, str(folder)).seconds == 1.75


def test_how_a_run_was_made_is_in_its_row(tmp_path):
    folder = write_run(tmp_path / "run", {"processes": 2, "compiled": True, "runs_at_once": 3})
    found = finished_row(RUN, folder)
    assert (found["processes"], found["compiled"], found["runs_at_once"]) == ("2", "True", "3")


@pytest.mark.parametrize(
    ("record", "metrics", "message"),
    [
        ({"epochs": []}, METRICS, "run.json is no record of a run"),
        ({}, {"overall": {"RMSE": 1.0}}, "test_metrics.json has no MAE"),
    ],
)
def test_what_is_no_finished_run_is_an_error(tmp_path, record, metrics, message):
    with pytest.raises(UserError, match=message):
        finished_row(RUN, write_run(tmp_path / "run", record, metrics))


def test_the_memory_of_a_gpu_is_allocated_and_reserved(tmp_path):
    found = finished_row(RUN, write_run(tmp_path / "run", {"device": "1 GPU", "peak_reserved_mib": 400.0}))
    assert (found["peak_memory_mib"], found["peak_reserved_mib"]) == ("300.5", "400.0")


def test_a_run_of_an_earlier_version_has_no_best_epoch(tmp_path):
    epochs = [{"epoch": 1, "train_seconds": 1.0, "validation_seconds": 1.0}]
    record = {name: value for name, value in RECORD.items() if name not in ("nodes", "batch_size")} | {"epochs": epochs}
    folder = write_run(tmp_path / "run", record | {"nodes": None, "batch_size": None})
    found = finished_row(RUN, folder)
    assert (found["best_epoch"], found["nodes"], found["epochs"]) == ("", "", "1")


def test_the_row_of_a_run_that_failed(tmp_path):
    found = failed_row(RUN, 3, "no memory", tmp_path / "x.log")
    assert {name: value for name, value in found.items() if value} == {
        "model": "M_small", "dataset": "Tiny", "seed": "42", "num_epochs": "3", "reason": "no memory",
        "log": str(tmp_path / "x.log"),
    }  # fmt: skip


def test_what_is_written_is_read(tmp_path):
    rows = [row("A"), failed_row(Run("B", "PEMS04", 42, ""), None, 'a "reason", with a comma')]
    file = tmp_path / "results" / "table.csv"
    write_rows(file, rows)
    assert read_rows(file) == rows
    assert file.read_text().splitlines()[0] == ",".join(COLUMNS)
    assert read_rows(tmp_path / "nothing.csv") == []


def test_another_csv_is_not_taken_for_one(tmp_path):
    file = tmp_path / "attention_cpu.csv"
    file.write_text("tokens,batch\n170,16\n")
    with pytest.raises(UserError, match="attention_cpu.csv has other columns than this table's; name another"):
        read_rows(file)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",15.0,", ",15.O,", "line 2: MAE is '15.O'; expected a number, or nothing"),
        ("PEMS08", "PEMS99", "line 2: dataset 'PEMS99' is not in the catalogue"),
        ("abc1234,", "abc1234,,", "line 2 has more or fewer cells than there are columns"),
        ("abc1234,,,", "abc1234", "line 2 has more or fewer cells than there are columns"),
        ("abc1234", "\xff", "is no CSV"),
    ],
)
def test_a_csv_that_somebody_has_edited_is_an_error(tmp_path, old, new, message):
    file = tmp_path / "table.csv"
    write_rows(file, [row("A")])
    text = file.read_text()
    assert old in text
    file.write_bytes(text.replace(old, new, 1).encode("latin-1"))
    with pytest.raises(UserError, match=re.escape(message)):
        read_rows(file)


def test_a_run_has_one_row():
    old = [row("A", seed=1), row("A", seed=2), row("B", seed=1)]
    new = [row("A", seed=2, mae=9.0), row("A", seed=2, num_epochs=6)]
    assert merged(old, new) == [old[0], old[2], *new]


def test_a_failure_does_not_take_the_place_of_a_result():
    old = [row("M_small", "Tiny", num_epochs=3)]
    assert merged(old, [failed_row(RUN, 3, "no memory")]) == old
    assert merged(old, [failed_row(RUN, None, "not prepared")]) == old
    other = failed_row(RUN, 100, "no memory")
    assert merged(old, [other]) == [*old, other]


def test_a_result_that_does_not_count_any_more_gives_its_place_to_the_reason():
    old = [row("M_small", "Tiny", num_epochs=3, run="checkpoints/M/1"), row("A", run="checkpoints/M/1")]
    outdated = failed_row(RUN, 3, "other data", outdated="checkpoints/M/1")
    assert merged(old, [outdated]) == [old[1], outdated]
    # made elsewhere
    elsewhere = failed_row(RUN, 3, "other data", outdated="checkpoints/M/2")
    assert merged(old, [elsewhere]) == old
    again = row("M_small", "Tiny", num_epochs=3, run="checkpoints/M/3")
    assert merged([outdated], [again]) == [again]


def test_a_result_takes_the_place_of_a_failure():
    new = row("M_small", "Tiny", num_epochs=3)
    assert merged([failed_row(RUN, 3, "no memory")], [new]) == [new]
    assert merged([failed_row(RUN, None, "not found")], [new]) == [new]
    kept = failed_row(RUN, 100, "no memory")
    assert merged([kept], [new]) == [kept, new]


def test_a_later_failure_takes_the_place_of_an_earlier_one():
    later = failed_row(RUN, 3, "later")
    assert merged([failed_row(RUN, None, "earlier")], [later]) == [later]

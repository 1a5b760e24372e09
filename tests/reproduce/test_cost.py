"""What runs are expected to cost."""

import pytest
from refusal import refuses
from results.runs import RECORD, result, write_run

from basicts_elin.reproduce.cost import Cost, Estimator, duration, finished_epochs, remaining_seconds
from basicts_elin.reproduce.plan import Run
from basicts_elin.results.store import write_results


def run(dataset="PEMS08", model="A"):
    return Run(model, dataset, 42, "")


@pytest.fixture
def csv(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "table3_cpu.csv"


def test_what_was_measured_is_expected_again(csv):
    results = [result("A", seed=seed, seconds_per_epoch=seconds, validation_seconds=2, peak_memory_mib=memory)
            for seed, seconds, memory in ((1, 50, 900), (2, 60, 1000))]  # fmt: skip
    write_results(csv, results)
    assert Estimator([csv]).cost(run()) == Cost(57.0, 1000.0, "measured on H200")


def test_another_dataset_says_nothing_of_this_one(csv):
    write_results(csv, [result("A", "PEMS04")])
    assert Estimator([csv]).cost(run()) == Cost(None, None, "unknown")


def test_other_settings_say_nothing_of_these(csv):
    changed = Run("A", "PEMS08", 42, "", changes=("hidden_size=512",))
    write_results(csv, [result("A", seconds_per_epoch=10.0)])
    assert Estimator([csv]).cost(changed) == Cost()
    assert Estimator([csv]).cost(run()).seconds == 10.0
    write_results(csv, [result("A", differences=changed.differences, seconds_per_epoch=90.0)])
    assert Estimator([csv]).cost(changed).seconds == 90.0
    write_results(csv, [result("A", differences="a=1", seconds_per_epoch=9), result("A", seconds_per_epoch=10.0)])
    assert Estimator([csv]).cost(run()).seconds == 10.0


def test_what_nothing_is_known_of_is_unknown(csv):
    write_results(csv, [result("B")])
    assert Estimator([csv]).cost(run()) == Cost(None, None, "unknown")
    assert Estimator([]).cost(run()) == Cost(None, None, "unknown")
    write_results(csv, [result("A", seconds_per_epoch=None)])
    assert Estimator([csv]).cost(run()) == Cost(None, None, "unknown")


def test_epochs_under_other_conditions_do_not_count(tmp_path):
    first, *rest = RECORD["epochs"]
    folder = write_run(tmp_path / "run", {"epochs": [{**first, "other_conditions": True}, *rest]})
    assert Estimator([]).cost(run(), str(folder)).seconds == 1.75


def test_the_epochs_of_the_run_itself_are_the_best_guess(csv, tmp_path):
    write_results(csv, [result("A", seconds_per_epoch=50.0)])
    folder = write_run(tmp_path / "run", metrics=None)
    assert Estimator([csv]).cost(run(), str(folder)) == Cost(2.1, 300.5, "its own epochs")
    assert [epoch["epoch"] for epoch in finished_epochs(str(folder))] == [1, 2, 3]
    assert finished_epochs("") == finished_epochs(str(tmp_path / "none")) == []


def test_results_of_the_report_command_count_and_other_files_do_not(csv, tmp_path):
    report = tmp_path / "report_cpu.csv"
    naive = result("last value", seconds_per_epoch=None, peak_memory_mib=None)
    write_results(report, [result("A", seconds_per_epoch=84.0, peak_memory_mib=869.0, hardware=""), naive])
    csv.write_text("tokens,batch\n170,16\n")
    estimator = Estimator([csv, report])
    assert estimator.cost(run()) == Cost(84.0, 869.0, "measured")
    assert estimator.cost(run(model="last value")) == Cost()


def test_a_run_that_was_finished_since_counts(csv):
    estimator = Estimator([])
    estimator.learn(result("A", seconds_per_epoch=5.0))
    assert estimator.cost(run()).seconds == 5.0


def test_runs_side_by_side_take_less_time_but_not_less_than_one():
    assert remaining_seconds([10, 20, 30], 1) == 60
    assert remaining_seconds([10, 20, 30], 2) == 30
    assert remaining_seconds([10, 20, 60], 3) == 60
    assert remaining_seconds([], 1) == 0


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "unknown"), (4.6, "5 s"), (600, "10 min"), (5400, "1 h 30 min"), (7140, "1 h 59 min")]
)
def test_durations_in_words(seconds, text):
    assert duration(seconds) == text


def test_of_a_gpu_the_reserved_memory_counts(csv):
    write_results(csv, [result("A", peak_memory_mib=1000, peak_reserved_mib=1500)])
    assert Estimator([csv]).cost(run()).memory_mib == 1500.0


def test_a_damaged_record_says_nothing_and_a_damaged_csv_is_an_error(csv, tmp_path):
    folder = write_run(tmp_path / "run", metrics=None)
    (folder / "run.json").write_text('{"epochs": [')
    assert finished_epochs(str(folder)) == []
    assert Estimator([]).cost(run(), str(folder)) == Cost()
    write_results(csv, [result("A", seconds_per_epoch=84.0)])
    csv.write_text(csv.read_text().replace("84.0", "fast"))
    with refuses(f"{csv}, line 2, seconds_per_epoch", found="fast"):
        Estimator([csv])

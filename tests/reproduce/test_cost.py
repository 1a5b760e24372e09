"""What runs are expected to cost."""

import pytest
from results.runs import row, write_run

from basicts_elin.errors import UserError
from basicts_elin.reproduce.cost import Cost, Estimator, duration, finished_epochs, remaining_seconds
from basicts_elin.reproduce.plan import Run
from basicts_elin.results.store import write_rows


def run(dataset="PEMS08", model="A"):
    return Run(model, dataset, 42, "")


@pytest.fixture
def csv(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "table3_cpu.csv"


def test_what_was_measured_is_expected_again(csv):
    rows = [row("A", seed=seed, seconds_per_epoch=seconds, validation_seconds=2, peak_memory_mib=memory)
            for seed, seconds, memory in ((1, 50, 900), (2, 60, 1000))]  # fmt: skip
    write_rows(csv, rows)
    assert Estimator([csv]).cost(run()) == Cost(57.0, 1000.0, "measured on H200")


def test_another_dataset_is_scaled_by_nodes_and_windows(csv):
    write_rows(csv, [row("A", "PEMS08", seconds_per_epoch=10.0)])
    # 170 nodes, 10713 rows for training, and 883 nodes, 16934: 24 rows are the first window
    expected = 10.0 * 883 * (16934 - 23) / (170 * (10713 - 23))
    cost = Estimator([csv]).cost(run("PEMS07"))
    assert cost.seconds == pytest.approx(expected)
    assert (cost.memory_mib, cost.basis) == (None, "scaled from PEMS08 on H200")


def test_the_dataset_nearest_in_size_is_scaled(csv):
    write_rows(csv, [row("A", "PEMS08_tail", seconds_per_epoch=1.0), row("A", "PEMS04", seconds_per_epoch=20.0)])
    assert Estimator([csv]).cost(run("PEMS03")).basis == "scaled from PEMS04 on H200"


def test_what_nothing_is_known_of_is_unknown(csv):
    write_rows(csv, [row("B")])
    assert Estimator([csv]).cost(run()) == Cost(None, None, "unknown")
    assert Estimator([]).cost(run()) == Cost(None, None, "unknown")
    # the number of rows is the user's choice
    write_rows(csv, [row("A")])
    assert Estimator([csv]).cost(run("SyntheticTraffic")) == Cost(None, None, "unknown")


def test_the_epochs_of_the_run_itself_are_the_best_guess(csv, tmp_path):
    write_rows(csv, [row("A", seconds_per_epoch=50.0)])
    folder = write_run(tmp_path / "run", metrics=None)
    assert Estimator([csv]).cost(run(), str(folder)) == Cost(2.1, 300.5, "its own epochs")
    assert [epoch["epoch"] for epoch in finished_epochs(str(folder))] == [1, 2, 3]
    assert finished_epochs("") == finished_epochs(str(tmp_path / "none")) == []


def test_rows_of_the_report_command_are_read_and_others_are_not(csv, tmp_path):
    report = tmp_path / "report_cpu.csv"
    report.write_text("model,horizon,dataset,seconds_per_epoch,peak_memory_mib\nA,3,PEMS08,84,869\nlast value,3,,,\n")
    csv.write_text("tokens,batch\n170,16\n")
    assert Estimator([csv, report]).cost(run()) == Cost(84.0, 869.0, "measured")


def test_a_run_that_was_finished_since_counts(csv):
    estimator = Estimator([])
    estimator.learn(row("A", seconds_per_epoch=5.0))
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
    write_rows(csv, [row("A", peak_memory_mib=1000, peak_reserved_mib=1500)])
    assert Estimator([csv]).cost(run()).memory_mib == 1500.0


def test_a_damaged_record_says_nothing_and_a_damaged_csv_is_an_error(csv, tmp_path):
    folder = write_run(tmp_path / "run", metrics=None)
    (folder / "run.json").write_text('{"epochs": [')
    assert finished_epochs(str(folder)) == []
    assert Estimator([]).cost(run(), str(folder)) == Cost()
    csv.write_text("model,dataset,seconds_per_epoch\nA,PEMS08,fast\n")
    with pytest.raises(UserError, match=r"table3_cpu.csv is damaged \(.*'fast'\); mend it, or move it elsewhere"):
        Estimator([csv])

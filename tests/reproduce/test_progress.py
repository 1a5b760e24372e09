"""What is printed while runs are made."""

import sys

from results.runs import result, write_run

from basicts_elin.reproduce import progress as module
from basicts_elin.reproduce.cost import Estimator
from basicts_elin.reproduce.plan import Run
from basicts_elin.reproduce.progress import Progress
from basicts_elin.reproduce.status import RunStatus


def todo(tmp_path, *models, epochs=10):
    return [(Run(model, "PEMS08", 42, ""), RunStatus(str(tmp_path / model), num_epochs=epochs)) for model in models]


def estimator(**seconds):
    found = Estimator([])
    for model, value in seconds.items():
        found.learn(result(model, seconds_per_epoch=value))
    return found


def test_a_line_for_each_run_with_the_remaining_time(tmp_path, capsys):
    progress = Progress(todo(tmp_path, "A", "B"), estimator(A=60.0, B=120.0), 1)
    assert progress.remaining() == "about 30 min"
    progress.ended(0, "MAE 15.00")
    progress.ended(1, "FAILED: no memory")
    assert capsys.readouterr().out.splitlines() == [
        "[1/2] A PEMS08 seed 42: MAE 15.00; remaining: about 20 min",
        "[2/2] B PEMS08 seed 42: FAILED: no memory; remaining: nothing",
    ]


def test_several_at_a_time_take_less(tmp_path):
    assert Progress(todo(tmp_path, "A", "B"), estimator(A=60.0, B=60.0), 2).remaining() == "about 10 min"


def test_what_is_not_known_is_said(tmp_path):
    assert Progress(todo(tmp_path, "A", "B"), estimator(), 1).remaining() == "2 runs of unknown time"
    progress = Progress(todo(tmp_path, "A", "B"), estimator(A=60.0), 1)
    assert progress.remaining() == "about 10 min and 1 run of unknown time"


def test_the_finished_epochs_of_a_run_do_not_remain(tmp_path):
    runs = todo(tmp_path, "A")
    # three epochs of 2.1 s, with validation
    write_run(tmp_path / "A", metrics=None)
    assert Progress(runs, estimator(A=1000.0), 1).remaining() == "about 15 s"


def test_a_terminal_shows_what_runs(tmp_path, capsys, monkeypatch):
    progress = Progress(todo(tmp_path, "A", "B"), estimator(A=60.0, B=60.0), 1)
    progress.waiting([0])
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    progress.waiting([0])
    shown = "remaining: about 20 min; A PEMS08 seed 42 epoch 1"
    assert capsys.readouterr().out == shown
    # runs are not looked at all the time
    write_run(tmp_path / "A", metrics=None)
    progress.waiting([0])
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(module, "_REFRESH_SECONDS", 0)
    progress.waiting([0])
    clearing, shown = "\r" + " " * len(shown) + "\r", "remaining: about 10 min; A PEMS08 seed 42 epoch 4"
    assert capsys.readouterr().out == clearing + shown
    progress.waiting([0])
    assert capsys.readouterr().out == ""
    progress.ended(0, "MAE 15.00")
    cleared = "\r" + " " * len(shown) + "\r"
    assert capsys.readouterr().out == f"{cleared}[1/2] A PEMS08 seed 42: MAE 15.00; remaining: about 10 min\n"
    monkeypatch.setenv("COLUMNS", "20")
    progress.waiting([1])
    assert capsys.readouterr().out == "remaining: about 10"


def test_after_the_last_epoch_there_is_the_evaluation(tmp_path, capsys, monkeypatch):
    progress = Progress(todo(tmp_path, "A", epochs=3), estimator(A=60.0), 1)
    write_run(tmp_path / "A", metrics=None)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    progress.waiting([0])
    assert capsys.readouterr().out.endswith("A PEMS08 seed 42 evaluation")

"""The folder of a run: which one it is, what the user is told about it, and its lock."""

from multiprocessing import get_context

import pytest
from refusal import refuses
from tiny import Interrupt, metrics, ours, record

from basicts_elin.training.launch.launcher import best_checkpoint, launch_training, run_folder
from basicts_elin.training.launch.run_dir import locked


def config(**differences):
    return ours(num_epochs=3, callbacks=[Interrupt()], **differences)


def interrupt(at):
    Interrupt.at = at
    with pytest.raises(KeyboardInterrupt):
        launch_training(config())
    Interrupt.at = None


def test_the_user_is_told_what_will_happen(tiny, capsys):
    interrupt(1)
    capsys.readouterr()
    interrupt(3)
    assert "holds this run" not in capsys.readouterr().out
    folder = launch_training(config())
    printed = capsys.readouterr().out
    assert f"{folder} holds this run, interrupted after epoch 2 of 3: it resumes; --fresh" in printed
    launch_training(config())
    assert f"{folder} holds this run, finished: " in capsys.readouterr().out


def test_fresh_keeps_the_existing_run(tiny):
    first = launch_training(config())
    before = {file: file.read_bytes() for file in first.rglob("*") if file.is_file()}
    second = launch_training(config(), fresh=True)
    assert second.name == f"{first.name}-2"
    assert {file: file.read_bytes() for file in before} == before
    # the same seed, the same numbers; from now on, this folder is the run's
    assert metrics(second) == metrics(first)
    assert len(record(second)["epochs"]) == 3
    assert run_folder(config()) == second == best_checkpoint(config()).parent
    assert launch_training(config()) == second
    assert launch_training(config(), fresh=True).name == f"{first.name}-3"


def test_resume_needs_a_run(tiny):
    with refuses("--resume", found=run_folder(config()), fix="--resume"):
        launch_training(config(), resume=True)
    assert not run_folder(config()).exists()
    interrupt(2)
    launch_training(config(), resume=True)
    assert len(record(run_folder(config()))["epochs"]) == 3


def _hold(folder, holds, done):
    with locked(folder):
        holds.set()
        done.wait()


def test_one_process_at_a_time(tiny):
    context = get_context("spawn")
    holds, done = context.Event(), context.Event()
    folder = run_folder(config())
    process = context.Process(target=_hold, args=(folder, holds, done))
    process.start()
    assert holds.wait(60)
    with refuses(folder, found="another process", fix="--fresh"):
        launch_training(config())
    # a killed process leaves the file, and no lock
    process.kill()
    process.join()
    assert (folder / ".lock").exists()
    launch_training(config())

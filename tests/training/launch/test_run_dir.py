"""Which folder a run is in, what is said about it, and that it is one process's."""

from multiprocessing import get_context

import pytest
from tiny import Interrupt, metrics, ours, record

from basicts_elin.errors import UserError
from basicts_elin.training.launch.launcher import best_checkpoint, launch_training, run_folder
from basicts_elin.training.launch.run_dir import locked


def config(**differences):
    return ours(num_epochs=3, callbacks=[Interrupt()], **differences)


def interrupt(at):
    Interrupt.at = at
    with pytest.raises(KeyboardInterrupt):
        launch_training(config())
    Interrupt.at = None


def test_what_will_be_done_is_said(tiny, capsys):
    interrupt(1)
    capsys.readouterr()
    interrupt(3)
    assert "holds this run" not in capsys.readouterr().out
    folder = launch_training(config())
    printed = capsys.readouterr().out
    assert f"{folder} holds this run, interrupted after epoch 2 of 3: it goes on; --fresh trains anew" in printed
    launch_training(config())
    assert f"{folder} holds this run, finished: it is evaluated again" in capsys.readouterr().out


def test_fresh_keeps_what_there_is(tiny):
    first = launch_training(config())
    before = {file: file.read_bytes() for file in first.rglob("*") if file.is_file()}
    second = launch_training(config(), fresh=True)
    assert second.name == f"{first.name}-2"
    assert {file: file.read_bytes() for file in before} == before
    # the same seed, the same numbers; from now on the run is there
    assert metrics(second) == metrics(first)
    assert len(record(second)["epochs"]) == 3
    assert run_folder(config()) == second == best_checkpoint(config()).parent
    assert launch_training(config()) == second
    assert launch_training(config(), fresh=True).name == f"{first.name}-3"


def test_resume_wants_something_to_resume(tiny):
    with pytest.raises(UserError, match="--resume: checkpoints.* holds no checkpoint of this run"):
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
    with pytest.raises(UserError, match="another process is training in checkpoints.*--fresh"):
        launch_training(config())
    # one that is killed leaves the file, and no lock
    process.kill()
    process.join()
    assert (folder / ".lock").exists()
    launch_training(config())

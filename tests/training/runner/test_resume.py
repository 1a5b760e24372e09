"""A run that is killed, at any moment, ends as if it had not been."""

import random
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from basicts.runners.callback import EarlyStopping
from refusal import refuses
from tiny import NAME, Interrupt, forget_loggers, metrics, ours, record, rewrite_meta, weights, write_dataset
from training import interrupted

from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.graphs.graph import pickled
from basicts_elin.training.launch.launcher import best_checkpoint, launch_evaluation, launch_training, run_folder
from basicts_elin.training.launch.run_dir import OtherDataError


@pytest.mark.parametrize("kills", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_a_killed_run_ends_as_an_uninterrupted_one(workplace, monkeypatch, kills):
    for name in ("whole", "killed"):
        write_dataset(workplace / name)
    code, moments = interrupted.run(workplace / "whole")
    assert code == 0
    generator = random.Random(kills)
    while kills:
        code, _ = interrupted.run(workplace / "killed", kill_at=generator.randint(1, moments))
        assert code in (0, -9)
        kills -= code == -9
        if code == 0:
            # it had less left to do than that; the next one starts anew
            _compare(workplace, monkeypatch)
            shutil.rmtree(workplace / "killed" / "checkpoints")
    assert interrupted.run(workplace / "killed")[0] == 0
    _compare(workplace, monkeypatch)


def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_used(tiny, capfd):
    def config():
        return ours(num_epochs=4, callbacks=[Interrupt()])

    whole = launch_training(config(), fresh=True)
    Interrupt.at = 4
    with pytest.raises(KeyboardInterrupt):
        launch_training(config(), fresh=True)
    Interrupt.at = None
    newest = run_folder(config()) / "Tiny_3.pt"
    newest.write_bytes(newest.read_bytes()[:-100])
    forget_loggers()
    folder = launch_training(config())
    assert f"{newest}: unreadable" in "".join(capfd.readouterr())
    assert metrics(folder) == metrics(whole)
    torch.testing.assert_close(weights(folder / "Tiny_4.pt"), weights(whole / "Tiny_4.pt"), rtol=0, atol=0)


def test_damage_that_cannot_be_repaired(tiny):
    folder = launch_training(ours(num_epochs=2))
    best = folder / "Tiny_best_val_MAE.pt"
    best.write_bytes(best.read_bytes()[:100])
    with refuses(best, found="unreadable", fix="--fresh"):
        launch_training(ours(num_epochs=2))
    for file in folder.glob("Tiny_[0-9].pt"):
        file.write_bytes(b"")
    with refuses(folder, found="Tiny_2.pt", fix="--fresh"):
        launch_training(ours(num_epochs=2))
    launch_training(ours(num_epochs=2), fresh=True)


def test_epochs_without_improvement_are_counted_across_an_interruption(tiny):
    def config():
        settings = {"optimizer_params": {"lr": 0.0, "weight_decay": 0.0}}
        return ours(num_epochs=9, callbacks=[EarlyStopping(3), Interrupt()], **settings)

    Interrupt.at = 4
    with pytest.raises(KeyboardInterrupt):
        launch_training(config())
    Interrupt.at = None
    assert [entry["epoch"] for entry in record(launch_training(config()))["epochs"]] == [1, 2, 3, 4]


def test_an_early_stopped_run_is_not_trained_on(tiny):
    def config():
        return ours(num_epochs=6, callbacks=[EarlyStopping(1)], optimizer_params={"lr": 0.0, "weight_decay": 0.0})

    folder = launch_training(config())
    before = record(folder)
    assert len(before["epochs"]) == 2
    assert launch_training(config()) == folder
    assert record(folder)["epochs"] == before["epochs"]


def test_the_record_says_what_made_the_run(tiny):
    folder = launch_training(ours())
    found = record(folder)
    assert found["command"] == shlex.join(sys.argv)
    assert found["dataset_sha256"] == open_dataset(tiny / "datasets" / NAME).fingerprint


def test_another_dataset_is_noticed(tiny, capsys):
    config = ours()
    launch_training(config)
    launch_evaluation(config, best_checkpoint(config), Path("same"))
    assert "trained" not in capsys.readouterr().out
    file = tiny / "datasets" / NAME / "test_data.npy"
    np.save(file, np.load(file) + 1)
    launch_evaluation(config, best_checkpoint(config), Path("other"))
    assert "warning: the arrays in datasets/Tiny are not those that" in capsys.readouterr().out
    assert "warning: the graph" not in capsys.readouterr().out
    rewrite_meta(tiny, node_names=["5", "4", "3", "2", "1"])
    with refuses("datasets/Tiny", found="nodes"):
        launch_evaluation(config, best_checkpoint(config), Path("nodes"))


def test_a_run_does_not_resume_with_other_data(tiny):
    folder = launch_training(ours())
    file = tiny / "datasets" / NAME / "train_data.npy"
    np.save(file, np.load(file) + 1)
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with refuses(folder, error=OtherDataError, found="datasets/Tiny", fix="--fresh"):
        launch_training(ours())
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    assert launch_training(ours(), fresh=True) != folder
    # which is the run from now on
    assert record(launch_training(ours()))["dataset_sha256"] == open_dataset(tiny / "datasets" / NAME).fingerprint


def test_another_graph_is_noticed(tiny, capsys):
    config, file = ours(), tiny / "datasets" / NAME / "adj_mx.pkl"

    def evaluated():
        launch_evaluation(config, best_checkpoint(config), Path("evaluated"))
        return "warning: the graph in datasets/Tiny is not the one that" in capsys.readouterr().out

    # a checkpoint that says nothing of a graph, such as those of before
    launch_training(config)
    file.write_bytes(pickled(np.eye(5)))
    assert not evaluated()
    launch_training(config, fresh=True)
    assert not evaluated()
    file.write_bytes(pickled(np.ones((5, 5))))
    assert evaluated()
    # of a model that reads it, a run is another one with another graph
    launch_training(config)
    # a model that needs it says so
    file.unlink()
    assert not evaluated()


def _compare(workplace, monkeypatch):
    found = []
    for name in ("whole", "killed"):
        monkeypatch.chdir(workplace / name)
        found.append(interrupted.results())
    (states, *others), (other_states, *found_others) = found
    assert found_others == others
    assert _plain(other_states) == _plain(states)


def _plain(content):
    """Tensors as the bits they are made of."""
    if isinstance(content, dict):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_plain(value) for value in content]
    return content.numpy().tobytes() if isinstance(content, torch.Tensor) else content

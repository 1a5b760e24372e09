"""Several processes end with the numbers of one, and they end together."""

import os
import random
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from basicts.runners.callback import CurriculumLearning, EarlyStopping
from cli.commands import SMALL_CONFIG
from tiny import NAME, WINDOWS, Diverging, DivergingConfig, metrics, ours, record
from training.several import Die, Notes, config

from basicts_elin.data.prepare import prepare_synthetic
from basicts_elin.errors import FailedRunError, NonFinitePredictionError, UserError
from basicts_elin.training.launch.launcher import launch_training
from basicts_elin.training.launch.processes import Group, free_port
from basicts_elin.training.runner import batches
from basicts_elin.training.runner.batches import EpochBatches
from basicts_elin.zoo.config_file import load_config

TWO = Group(2)


def notes(folder, rank=0):
    return torch.load(folder / f"notes_{rank}.pt", weights_only=True)


def largest_difference(one, other):
    return max((a - b).abs().max().item() / max(a.abs().max().item(), 1e-9) for a, b in zip(one, other, strict=True))


@pytest.fixture
def uneven(tiny):
    """Most of what is missing is missing in a few windows, and the last batch is one window: 73 = 8 * 9 + 1."""
    assert WINDOWS["train"] % 9 == 1
    file = tiny / "datasets" / NAME / "train_data.npy"
    values = np.load(file)
    values[20:50] = 0
    np.save(file, values)


@pytest.mark.parametrize(
    ("processes", "more"), [(2, []), (3, []), (2, [CurriculumLearning(12, cl_epochs=1, step_size=4)])]
)
def test_two_processes_have_the_numbers_of_one(uneven, processes, more):
    one = launch_training(config(ckpt_save_dir="one", callbacks=[*more, Notes()]))
    several = launch_training(config(ckpt_save_dir="several", callbacks=[*more, Notes()]), group=Group(processes))
    single, (first, *others) = notes(one), [notes(several, rank) for rank in range(processes)]
    assert len(first["gradients"]) == len(single["gradients"]) == 3 * 9
    for found, expected in zip(first["gradients"], single["gradients"], strict=True):
        assert largest_difference(expected, found) < 1e-10
    assert largest_difference(single["weights"], first["weights"]) < 1e-10
    for other in others:
        assert largest_difference(first["weights"], other["weights"]) == 0
    # a window more than there are for a process with nothing to do
    parts = [sum(sizes) for sizes in zip(first["sizes"], *(other["sizes"] for other in others), strict=True)]
    assert parts == 3 * (8 * [9] + [processes])
    assert_same(metrics(several), metrics(one))
    np.testing.assert_allclose(first["meters"], single["meters"], rtol=1e-6)
    assert len(record(several)["epochs"]) == 3
    assert (record(several)["processes"], record(one)["processes"]) == (processes, 1)


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for part, values in expected.items():
        assert found[part] == pytest.approx(values, rel=1e-6)


def test_every_process_has_its_part_of_each_batch():
    whole = EpochBatches(23, 5, True, seed=1)
    parts = [EpochBatches(23, 5, True, 1, rank, 4) for rank in range(4)]
    for number, (batch, *shares) in enumerate(zip(whole, *parts, strict=True)):
        counted = [share for share, part in zip(shares, parts, strict=True) if not part.is_padding(number)]
        assert sum(counted, []) == batch
        assert len(counted) == min(4, len(batch))
    assert len(whole) == len(parts[0]) == 5


def test_an_epoch_has_its_order_whatever_came_before():
    batches = EpochBatches(23, 5, True, seed=1)
    orders = []
    for epoch in (1, 2, 1):
        batches.epoch = epoch
        orders.append(list(batches))
    assert orders[0] == orders[2] != orders[1]
    assert sorted(sum(orders[1], [])) == list(range(23))
    assert list(EpochBatches(4, 3, False, seed=1)) == [[0, 1, 2], [3]]


def test_processes_decide_alike_by_numpy_and_draw_by_torch_for_themselves(monkeypatch):
    drawn = []
    for rank in (0, 1):
        monkeypatch.setattr(batches, "get_rank", lambda rank=rank: rank)
        batches.start_epoch(SimpleNamespace(batch_sampler=SimpleNamespace()), 42, 1)
        drawn.append((random.random(), np.random.rand(), torch.rand(()).item()))
    assert drawn[0][:2] == drawn[1][:2] and drawn[0][2] != drawn[1][2]


def test_early_stopping_stops_them_all(tiny):
    settings = {"optimizer_params": {"lr": 0.0, "weight_decay": 0.0}, "num_epochs": 9}
    folder = launch_training(config(callbacks=[EarlyStopping(2), Notes()], **settings), group=TWO)
    assert [entry["epoch"] for entry in record(folder)["epochs"]] == [1, 2, 3]
    assert len(notes(folder, 1)["gradients"]) == len(notes(folder, 0)["gradients"]) == 3 * 9


def test_a_run_that_diverges_ends_with_its_own_message(tiny):
    with pytest.raises(NonFinitePredictionError, match="Diverging predicted NaN or infinity in .* training epoch 1"):
        launch_training(ours(Diverging, DivergingConfig(), num_epochs=3), group=TWO)


def test_the_others_end_with_one_that_is_killed_and_the_run_goes_on(tiny):
    started = time.monotonic()
    with pytest.raises(FailedRunError, match="process 1 of 2 was killed by SIGKILL: the run is stopped; the same"):
        launch_training(config(callbacks=[Die(), Notes()]), group=TWO)
    assert time.monotonic() - started < 60
    folder = launch_training(config(callbacks=[Die(), Notes()]), group=TWO, resume=True)
    # in one process from the start: the same numbers
    whole = launch_training(config(ckpt_save_dir="whole"))
    assert largest_difference(notes(whole)["weights"], notes(folder)["weights"]) < 1e-10


def test_two_machines(tiny):
    address = f"127.0.0.1:{free_port()}"
    groups = [Group(1, nodes=2, node_rank=rank, address=address) for rank in (0, 1)]
    other = get_context("spawn").Process(target=launch_training, args=(config(),), kwargs={"group": groups[1]})
    other.start()
    folder = launch_training(config(), group=groups[0])
    other.join()
    assert other.exitcode == 0
    assert largest_difference(notes(folder, 0)["weights"], notes(folder, 1)["weights"]) == 0
    assert_same(metrics(folder), metrics(launch_training(config(ckpt_save_dir="one"))))


def torchrun(*arguments):
    """What a run of two processes that torchrun starts here prints, and its exit code."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command += [*map(str, (Path(__file__).parents[2] / "experiments" / "train.py", *arguments))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return done.stdout, done.stderr, done.returncode


def test_torchrun(workplace):
    prepare_synthetic(out=Path("datasets"), force=False, num_nodes=5, num_days=7)
    Path("config.py").write_text(SMALL_CONFIG.replace('"SyntheticTraffic")', '"SyntheticTraffic", num_epochs=1)'))
    expected = launch_training(load_config("config.py"), group=TWO)
    printed, errors, code = torchrun("-c", "config.py", "-g", "cpu", "--fresh")
    assert code == 0, errors
    assert printed.count("2 processes divide each batch of 16") == printed.count("checkpoint: ") == 1
    folder = expected.with_name(f"{expected.name}-2")
    # and no third one, by the second process
    assert {path.name for path in expected.parent.iterdir()} == {expected.name, folder.name}
    assert metrics(folder) == metrics(expected)
    assert record(folder)["processes"] == 2
    _, errors, code = torchrun("-c", "config.py", "-g", "cpu", "--processes", "2")
    assert code == 1 and "--processes 2: torchrun has started 2 processes" in errors


@pytest.mark.parametrize(
    ("group", "message"),
    [
        (Group(nodes=2), "--nnodes 2: --master-addr HOST:PORT is missing"),
        (Group(nodes=2, address="host"), "--master-addr host: expected HOST:PORT"),
        (Group(nodes=2, address="host:65536"), "--master-addr host:65536: expected HOST:PORT"),
        (Group(nodes=2, node_rank=2, address="host:1"), "--node-rank 2: expected 0 to 1 with --nnodes 2"),
    ],
)
def test_groups_that_cannot_be(tiny, group, message):
    with pytest.raises(UserError, match=message):
        launch_training(config(), group=group)


@pytest.mark.parametrize(
    ("differences", "message"),
    [
        ({"seed": None}, "seed=None .* expected a number with 2 processes"),
        ({"loss": "RMSE"}, "loss='RMSE' .* expected MAE or MSE with 2 processes"),
        ({"train_batch_size": 1}, "train_batch_size=1 .* expected 2 or more with 2 processes"),
    ],
)
def test_settings_that_several_processes_cannot_share(tiny, differences, message):
    with pytest.raises(UserError, match=message):
        launch_training(config(**differences), group=TWO)

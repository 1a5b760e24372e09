"""Several processes end with the numbers of one, and they end together."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from basicts.runners.callback import CurriculumLearning, EarlyStopping, GradientClipping
from cli.commands import SMALL_CONFIG
from refusal import refuses
from tiny import Diverging, DivergingConfig, metrics, ours, record
from training.several import Die, Notes, config, largest_difference, notes, write_uneven

from basicts_elin.data.prepare import prepare_synthetic
from basicts_elin.errors import FailedRunError, NonFinitePredictionError
from basicts_elin.training.launch.launcher import launch_training
from basicts_elin.training.launch.processes import Group, free_port
from basicts_elin.training.protocol.curriculum import HorizonCurriculum
from basicts_elin.training.protocol.losses import HuberLoss
from basicts_elin.training.protocol.schedules import PlateauLR
from basicts_elin.training.runner import batches
from basicts_elin.training.runner.batches import EpochBatches
from basicts_elin.zoo.config_file import load_config

TWO = Group(2)


UNMASKED = {"loss": HuberLoss(20.0), "target_metric": "loss", "optimizer_params": {"lr": 1e-2}}
PLATEAU = {"lr_scheduler": PlateauLR, "lr_scheduler_params": {"patience": 0, "threshold": 0.9}}


@pytest.mark.parametrize(
    ("processes", "more", "fields"),
    [
        (2, [], {}),
        (3, [], {}),
        (2, [CurriculumLearning(12, cl_epochs=1, step_size=4)], {}),
        (2, [], {**UNMASKED, **PLATEAU}),
        # the last process has no window of the last batch, which is one of three
        (2, [HorizonCurriculum(4), GradientClipping(0.1)], {"accumulate": 3}),
    ],
)
def test_two_processes_have_the_numbers_of_one(tiny, processes, more, fields):
    write_uneven()
    one = launch_training(config(ckpt_save_dir="one", callbacks=[*more, Notes()], **fields))
    several = launch_training(
        config(ckpt_save_dir="several", callbacks=[*more, Notes()], **fields), group=Group(processes)
    )
    single, (first, *others) = notes(one), [notes(several, rank) for rank in range(processes)]
    assert len(first["gradients"]) == len(single["gradients"]) == 3 * 9 // fields.get("accumulate", 1)
    for found, expected in zip(first["gradients"], single["gradients"], strict=True):
        assert largest_difference(expected, found) < 1e-10
    assert largest_difference(single["weights"], first["weights"]) < 1e-10
    for other in others:
        assert largest_difference(first["weights"], other["weights"]) == 0
    # a process whose part of the last batch is empty gets a window anyway
    parts = [sum(sizes) for sizes in zip(first["sizes"], *(other["sizes"] for other in others), strict=True)]
    assert parts == 3 * (8 * [9] + [processes])
    assert_same(metrics(several), metrics(one))
    np.testing.assert_allclose(first["meters"], single["meters"], rtol=1e-6)
    rates = [[entry["learning_rate"] for entry in record(folder)["epochs"]] for folder in (one, several)]
    assert rates[0] == rates[1] and len(rates[0]) == 3
    # the others follow the schedule of the first
    states = [torch.load(folder / "Double_3.pt", weights_only=True) for folder in (one, several)]
    assert states[0]["best_metrics"] == pytest.approx(states[1]["best_metrics"])
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


def test_a_run_that_diverges_ends_with_its_own_error(tiny):
    with pytest.raises(NonFinitePredictionError, match=r"Diverging .* training epoch 1\b"):
        launch_training(ours(Diverging, DivergingConfig(), num_epochs=3), group=TWO)


def test_the_others_end_with_one_that_is_killed_and_the_run_resumes(tiny):
    started = time.monotonic()
    with pytest.raises(FailedRunError, match=r"process 1 of 2\b.* SIGKILL"):
        launch_training(config(callbacks=[Die(), Notes()]), group=TWO)
    assert time.monotonic() - started < 60
    folder = launch_training(config(callbacks=[Die(), Notes()]), group=TWO, resume=True)
    # in one process from the start: the same numbers
    whole = launch_training(config(ckpt_save_dir="whole"))
    assert largest_difference(notes(whole)["weights"], notes(folder)["weights"]) < 1e-10


def test_two_machines(workplace):
    """As on two machines: two torchruns, of one process each, that meet at an address."""
    prepared_config()
    expected = launch_training(load_config("config.py"), group=TWO)
    address = ["--master-addr", "127.0.0.1", "--master-port", free_port()]
    meet = [["--nnodes", 2, "--node-rank", rank, "--nproc-per-node", 1, *address] for rank in (0, 1)]
    both = [started(options, "-c", "config.py", "-g", "cpu", "--fresh") for options in meet]
    printed, errors = zip(*(process.communicate(timeout=300) for process in both), strict=True)
    assert [process.returncode for process in both] == [0, 0], errors
    assert [text.count("checkpoint: ") for text in printed] == [1, 0]
    folder = expected.with_name(f"{expected.name}-2")
    assert {path.name for path in expected.parent.iterdir()} == {expected.name, folder.name}
    assert metrics(folder) == metrics(expected)


def prepared_config():
    """A dataset and config.py for other processes."""
    prepare_synthetic(out=Path("datasets"), force=False, num_nodes=5, num_days=7)
    Path("config.py").write_text(SMALL_CONFIG.replace('"SyntheticTraffic")', '"SyntheticTraffic", num_epochs=1)'))


def started(options, *arguments):
    """torchrun with a training, started here."""
    command = [sys.executable, "-m", "torch.distributed.run", *options]
    command += [Path(__file__).parents[3] / "experiments" / "train.py", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [*map(str, command)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def torchrun(*arguments):
    """What a run of two processes that torchrun starts here prints, and its exit code."""
    process = started(["--standalone", "--nproc-per-node", 2], *arguments)
    printed, errors = process.communicate(timeout=300)
    return printed, errors, process.returncode


def test_torchrun(workplace):
    prepared_config()
    expected = launch_training(load_config("config.py"), group=TWO)
    printed, errors, code = torchrun("-c", "config.py", "-g", "cpu", "--fresh")
    assert code == 0, errors
    assert printed.count("2 processes divide each batch of 16") == printed.count("checkpoint: ") == 1
    folder = expected.with_name(f"{expected.name}-2")
    # the second process has made no third folder
    assert {path.name for path in expected.parent.iterdir()} == {expected.name, folder.name}
    assert metrics(folder) == metrics(expected)
    assert record(folder)["processes"] == 2
    _, errors, code = torchrun("-c", "config.py", "-g", "cpu", "--processes", "2")
    assert code == 1 and "error: --processes: 2; expected the 2 processes" in errors


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [("seed", None, "2 processes"), ("loss", "RMSE", "2 processes"), ("train_batch_size", 1, "2 or more")],
)
def test_settings_that_several_processes_cannot_share(tiny, field, value, expected):
    with refuses(field, found=repr(value), expected=expected):
        launch_training(config(**{field: value}), group=TWO)


def test_torchruns_environment(monkeypatch):
    assert Group.of_torchrun() is None
    for name, value in {"WORLD_SIZE": 6, "RANK": 4, "LOCAL_RANK": 1, "LOCAL_WORLD_SIZE": 3}.items():
        monkeypatch.setenv(name, str(value))
    assert Group.of_torchrun() == Group(6, rank=4, local_rank=1, local_size=3)
    assert not Group.of_torchrun().is_first
    monkeypatch.setenv("RANK", "0")
    assert Group.of_torchrun().is_first and Group(2).is_first

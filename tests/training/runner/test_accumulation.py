"""Several batches as one optimizer step: the numbers of one batch that holds them all."""

from pathlib import Path

import numpy as np
import pytest
import torch
from basicts import BasicTSLauncher
from basicts.runners.callback import GradAccumulation, GradientClipping
from refusal import refuses
from tiny import NAME, Recorder, bare, ours, write_dataset
from training.several import Notes, config, largest_difference, notes, write_uneven

from basicts_elin.config.overrides import with_overrides
from basicts_elin.training.launch.config_checks import check_config
from basicts_elin.training.launch.launcher import launch_training
from basicts_elin.training.launch.try_steps import try_steps
from basicts_elin.training.protocol.losses import HuberLoss


def noted(**fields):
    return notes(launch_training(config(eval_after_train=False, **fields)))


@pytest.mark.parametrize("loss", [None, HuberLoss(20.0), HuberLoss(20.0, masked=True)])
@pytest.mark.parametrize("clipping", [[], [GradientClipping(0.1)]])
def test_the_numbers_of_one_batch_with_all_windows(tiny, loss, clipping):
    write_uneven()
    fields = {"callbacks": [*clipping, Notes()]} | ({} if loss is None else {"loss": loss})
    # 73 windows are 10 batches of 8, so 3, 3, 3 and 1 of them
    several = noted(train_batch_size=8, accumulate=3, ckpt_save_dir="several", **fields)
    one = noted(train_batch_size=24, ckpt_save_dir="one", **fields)
    assert len(several["sizes"]) == 3 * 10
    assert len(several["gradients"]) == len(one["gradients"]) == 3 * 4
    for found, expected in zip(several["gradients"], one["gradients"], strict=True):
        assert largest_difference(expected, found) < 1e-10
    assert largest_difference(one["weights"], several["weights"]) < 1e-10
    np.testing.assert_allclose(several["meters"][0][0], one["meters"][0][0], rtol=0.1)


def test_in_float32(tiny):
    write_uneven()
    norms = []
    for fields in ({"train_batch_size": 8, "accumulate": 3}, {"train_batch_size": 24}):
        recorder = Recorder()
        launch_training(ours(callbacks=[recorder], optimizer=torch.optim.SGD, optimizer_params={"lr": 1e-6}, **fields))
        norms.append(recorder.gradient_norms)
    assert len(norms[0]) == 4
    np.testing.assert_allclose(norms[0], norms[1], rtol=1e-6)


def test_a_batch_without_targets_changes_nothing(tiny):
    file = Path("datasets") / NAME / "train_data.npy"
    values = np.load(file)
    # the targets of the first 8 windows, in their order
    values[12:31] = 0
    np.save(file, values)
    fields = {"num_epochs": 1, "train_data_shuffle": False, "callbacks": [Notes()]}
    several = noted(train_batch_size=8, accumulate=2, ckpt_save_dir="several", **fields)
    one = noted(train_batch_size=16, ckpt_save_dir="one", **fields)
    assert largest_difference(one["gradients"][0], several["gradients"][0]) < 1e-10


def test_more_batches_than_an_epoch_has(tiny):
    recorder = Recorder()
    launch_training(ours(num_epochs=2, accumulate=99, callbacks=[recorder]))
    assert (len(recorder.losses), len(recorder.gradient_norms)) == (2 * 5, 2)


def test_the_number_is_in_the_hash_unless_it_is_one(workplace):
    plain = ours()
    assert ours(accumulate=1).md5 == plain.md5 != ours(accumulate=2).md5
    assert with_overrides(plain, {"accumulate": 2}).md5 == ours(accumulate=2).md5
    assert with_overrides(ours(accumulate=2), {"accumulate": 1}).md5 == plain.md5


def test_a_trial_takes_every_step(tiny):
    assert try_steps(ours(accumulate=4), 3).losses == try_steps(ours(), 3).losses


@pytest.mark.parametrize("number", [0, 1.5, "2"])
def test_a_number_of_batches(workplace, number):
    with refuses("accumulate", found=repr(number), expected="1 or more"):
        check_config(ours(accumulate=number))


@pytest.mark.parametrize("loss", ["RMSE", "WAPE", torch.nn.MSELoss(reduction="sum")])
def test_a_loss_whose_gradients_cannot_be_added(workplace, loss):
    check_config(ours(loss=loss, accumulate=1))
    with refuses("loss", found=repr(loss), expected=("MAE", "HUBER", "accumulate")):
        check_config(ours(loss=loss, accumulate=2))


def test_bare_accumulated_gradients_are_summed_and_carried_over(workplace):
    write_dataset(workplace, zeros=False)
    recorders = []
    still = {"num_epochs": 2, "optimizer": torch.optim.SGD, "optimizer_params": {"lr": 0.0}}
    for size, more in ((24, []), (8, [GradAccumulation(3)])):
        recorders.append(Recorder())
        callbacks = [*more, recorders[-1]]
        BasicTSLauncher.launch_training(
            bare(train_data_shuffle=False, train_batch_size=size, callbacks=callbacks, ckpt_save_dir=str(size), **still)
        )
    one, several = recorders
    assert several.gradient_norms[0] == pytest.approx(3 * one.gradient_norms[0], rel=1e-5)
    # 10 batches of an epoch are 3 steps and a third
    assert len(several.gradient_norms) == len(several.losses) // 3 == 6


def test_basicts_s_accumulation_is_refused(workplace):
    with refuses("callbacks", found="GradAccumulation(4)", fix="accumulate=4"):
        check_config(ours(callbacks=[GradAccumulation(4)]))

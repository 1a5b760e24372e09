"""Checkpoints that are missing, damaged, or of another model."""

from pathlib import Path

import pytest
import torch
from refusal import refuses
from tiny import DIMS, NAME, Tiny, TinyConfig, ours

from basicts_elin import ELinFormer, ELinFormerConfig, STAEformer, STAEformerConfig, benchmark_config
from basicts_elin.training.launch.checkpoint_checks import check_checkpoint
from basicts_elin.training.launch.launcher import best_checkpoint, launch_evaluation, launch_training


def test_a_checkpoint_of_the_model_passes(tiny):
    config = ours()
    launch_training(config)
    check_checkpoint(best_checkpoint(config), config)
    check_checkpoint(str(best_checkpoint(config)), config)


@pytest.mark.parametrize("path", ["no/such.pt", "."])
def test_a_missing_checkpoint_is_named(workplace, path):
    with refuses(path, found="missing", expected=".pt"):
        check_checkpoint(path, ours())


def write_bytes(path):
    path.write_bytes(b"not a checkpoint")


@pytest.mark.parametrize(
    ("write", "found"),
    [
        (write_bytes, "BadZipFile"),
        (lambda path: path.write_bytes(b""), "BadZipFile"),
        (lambda path: torch.save({"weights": {}}, path), "no model_state_dict"),
        (lambda path: torch.save([1.0], path), "no model_state_dict"),
        (lambda path: torch.save({"model_state_dict": {"linear.bias": 5}}, path), "no model_state_dict"),
    ],
    ids=["garbage", "empty", "other keys", "list", "numbers"],
)
def test_a_file_that_is_not_a_checkpoint_is_named(workplace, write, found):
    path = workplace / "some.pt"
    write(path)
    with refuses(path, found=found, expected=".pt"):
        check_checkpoint(str(path), ours())


def save_weights(model, config):
    torch.save({"model_state_dict": model(config.model_config).state_dict()}, "some.pt")


def test_a_checkpoint_of_another_model_is_named(workplace):
    save_weights(ELinFormer, ours(ELinFormer, ELinFormerConfig(**DIMS)))
    with refuses("some.pt", found=("2 parameters missing", "linear.bias"), expected="Tiny"):
        check_checkpoint("some.pt", ours())


def test_a_checkpoint_of_another_size_names_both_sizes(workplace):
    save_weights(Tiny, ours(output_len=6))
    with refuses("some.pt", found=("0 parameters missing, 0 unknown, 2 of another shape", "[6] instead of [12]")):
        check_checkpoint("some.pt", ours())


def test_a_checkpoint_with_more_parameters_names_one(workplace):
    save_weights(Tiny, ours())
    with refuses("some.pt", found=("0 parameters missing, 1 unknown, 0 of another shape", "linear.bias")):
        check_checkpoint("some.pt", ours(model_config=TinyConfig(bias=False)))


def test_a_checkpoint_of_a_model_with_the_same_parameters_is_refused(tiny):
    trained = launch_training(benchmark_config(ELinFormer, ELinFormerConfig(**DIMS), NAME, num_epochs=1))
    other = benchmark_config(STAEformer, STAEformerConfig(**DIMS), NAME)
    checkpoint = trained / "ELinFormer_best_val_MAE.pt"
    with refuses(checkpoint, found="ELinFormer", expected="STAEformer"):
        check_checkpoint(str(checkpoint), other)


def test_an_evaluation_checks_before_it_writes(tiny):
    with refuses("no.pt", found="missing"):
        launch_evaluation(ours(), "no.pt", Path("out"))
    assert not Path("out").exists()

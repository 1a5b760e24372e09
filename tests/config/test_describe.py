"""The resolved configuration as text, which the command line takes back line by line."""

from pathlib import Path

import numpy as np
import pytest
from basicts.runners.callback import EarlyStopping, GradientClipping
from tiny import ours, settings

from basicts_elin.config.assignments import assignment
from basicts_elin.config.describe import describe
from basicts_elin.config.overrides import with_overrides
from basicts_elin.training.launch.launcher import launch_training
from basicts_elin.version import __version__
from basicts_elin.zoo.config_file import load_config

ROOT = Path(__file__).resolve().parents[2] / "baselines_cfg"
FILES = ["ELinFormer/PEMS07", "STAEformer_small/PEMS08_tail", "STID/PEMS04", "ELinFormer/METR-LA"]
# arguments of a callback, a list and one of a few values among the model's fields, a recipe of its own
BY_NAME = ["DUET/PEMS08", "FiLM/PEMS-BAY", "TimeMixer/PEMS03", "StemGNN/METR-LA"]
GROUPS = ["model_config", "dataset_params", "optimizer_params", "lr_scheduler_params"]
DERIVED = {"lr", "batch_size", "memmap", "gpu_num"}


def loaded(name):
    return load_config(str(ROOT / f"{name}.py"))


def lines(config):
    """Those that can be given back."""
    return [line for line in describe(config).splitlines() if not line.startswith("#")]


def said(config):
    """What the text says, read as the command line reads it."""
    return dict(assignment(line) for line in lines(config))


def line(config, name):
    """The line of a field, commented or not."""
    (found,) = (line for line in describe(config).splitlines() if line.removeprefix("# ").startswith(f"{name}="))
    return found


def held(config, name):
    """The value of a field as the text should say it."""
    *groups, last = name.split(".")
    value = config
    for part in (*groups, last):
        value = value[part]
    value = list(value) if isinstance(value, tuple) else value
    return f"{value.__module__}.{value.__qualname__}" if isinstance(value, type) else value


@pytest.mark.parametrize("name", [*FILES, *BY_NAME])
def test_every_line_given_back_makes_the_same_configuration(name):
    config = loaded(name)
    again = with_overrides(config, said(config))
    assert again.md5 == config.md5
    assert settings(again) == settings(config)
    assert describe(again) == describe(config)


@pytest.mark.parametrize("name", [*FILES, *BY_NAME])
def test_the_lines_say_what_the_configuration_holds(name):
    config = loaded(name)
    assert all(value == held(config, name) for name, value in said(config).items())


@pytest.mark.parametrize("name", [*FILES, *BY_NAME])
def test_every_field_has_one_line(name):
    config = loaded(name)
    fields = [field for field in config if not field.startswith("_") and field not in DERIVED and field not in GROUPS]
    inner = [f"{group}.{field}" for group in GROUPS for field in config[group] if config.get(field) is None]
    assert {"input_len", "null_val", "callbacks", "taskflow", "gpus", "seed", "eval_after_train"} <= set(fields)
    assert {"optimizer_params.lr", "lr_scheduler_params.gamma"} <= set(inner)
    assert all(line(config, name) for name in (*fields, *inner))


def test_the_lines_turn_another_configuration_into_this_one():
    config = loaded("ELinFormer/PEMS08")
    changes = {
        "num_epochs": 7,
        "optimizer": "torch.optim.SGD",
        "optimizer_params.lr": 0.5,
        "lr_scheduler_params.milestones": [1],
        "dropout": 0.5,
        "metrics": ["RMSE"],
        "eval_horizons": None,
        "null_val": 1.0,
        "best_metric": "max",
    }
    other = with_overrides(config, changes)
    assert other.md5 != config.md5
    assert with_overrides(other, said(config)).md5 == config.md5


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("lr", 0.5, "optimizer_params.lr=0.5"),
        ("optimizer_params.lr", 0.5, "optimizer_params.lr=0.5"),
        ("batch_size", 8, "test_batch_size=8"),
        ("memmap", True, "dataset_params.memmap=True"),
        ("optimizer_params.betas", (0.8, 0.9), "optimizer_params.betas=[0.8,0.9]"),
        ("ckpt_save_strategy", [1, 2], "ckpt_save_strategy=[1,2]"),
        ("optimizer", "torch.optim.SGD", "optimizer=torch.optim.sgd.SGD"),
        ("num_epochs", 7, "num_epochs=7"),
    ],
)
def test_what_is_set_is_said(workplace, name, value, expected):
    changed = with_overrides(ours(), {name: value})
    assert expected in lines(changed)
    assert with_overrides(ours(), said(changed)).md5 == changed.md5


@pytest.mark.parametrize("text", ["0", "None", "True", "[1]", "1e3", "'x'", "a b", "a=b", "checkpoints/0", ""])
def test_a_text_stays_a_text(workplace, text):
    config = ours(ckpt_save_dir=text)
    assert said(config)["ckpt_save_dir"] == text


def test_missing_values_that_are_nan(workplace):
    config = ours(null_val=np.nan)
    assert np.isnan(with_overrides(ours(), said(config)).null_val)


def test_callbacks_are_comments_with_their_arguments(workplace):
    config = ours(callbacks=[GradientClipping(5.0, norm_type=1), EarlyStopping(patience=3)])
    found = line(config, "callbacks")
    assert found.startswith("# callbacks=[FinitePredictions(),GradientClipping(")
    assert "max_norm=5.0, norm_type=1, " in found
    assert "EarlyStopping(patience=3)" in found
    assert line(config, "taskflow") == "# taskflow=OriginalScaleTaskFlow()"


def collate(batch):
    return batch


def test_functions_are_comments(workplace):
    config = ours(train_data_collate_fn=collate, metrics=["MAE", ("mine", collate)])
    assert line(config, "train_data_collate_fn").startswith("# train_data_collate_fn=")
    assert line(config, "metrics").startswith("# metrics=['MAE',")


def test_devices_and_seed_are_comments(workplace):
    config = ours(gpus="0,1", seed=7)
    assert (line(config, "gpus"), line(config, "seed")) == ("# gpus='0,1'", "# seed=7")


def test_the_first_line_names_the_run(workplace):
    assert describe(ours()).splitlines()[0] == f"# Tiny on Tiny, basicts-elin {__version__}"


def test_what_is_private_or_follows_from_the_rest_is_left_out(workplace):
    config = ours(gpus="0,1")
    assert config.md5
    names = {line.removeprefix("# ").partition("=")[0] for line in describe(config).splitlines()[2:]}
    assert not any(name.startswith("_") for name in names)
    assert not names & {"gpu_num", "batch_size", "optimizer_params", "model_config", "model_config.input_len"}


def test_a_run_leaves_what_it_was_made_with(tiny):
    config = with_overrides(ours(), {"bias": False, "optimizer_params.betas": (0.8, 0.9), "test_batch_size": 7})
    expected = describe(config)
    assert {"model_config.bias=False", "optimizer_params.betas=[0.8,0.9]", "test_batch_size=7"} <= {*lines(config)}
    assert (launch_training(config) / "config.txt").read_text() == expected

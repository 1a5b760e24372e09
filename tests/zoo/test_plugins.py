"""Models and attentions of another package, which declares an entry point and is not part of this one."""

import os
import re
import subprocess
import sys

import pytest
from cli.commands import ENVIRONMENT, paths
from tiny import record

PLUGIN = """
from basicts_elin.zoo.attention import register_attention
from basicts_elin.zoo.registry import ModelEntry, register


def load():
    from scratch_package.model import Shift, ShiftConfig

    return Shift, ShiftConfig


def mean(attention, config, num_tokens):
    from scratch_package.model import Mean

    return Mean(attention.hidden_size, attention.n_heads, config.factor)


register(ModelEntry("Shift", load, run_fields={"train_batch_size": 32}))
register_attention("mean", mean, "mean of the values", {"factor": 1.0})
"""
MODEL = """
from dataclasses import dataclass, field

import torch
from basicts.configs import BasicTSModelConfig


@dataclass
class ShiftConfig(BasicTSModelConfig):
    input_len: int = field(default=None)
    output_len: int = field(default=None)
    num_features: int = field(default=None)


class Shift(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.shift = torch.nn.Parameter(torch.zeros(config.num_features))

    def forward(self, inputs):
        return inputs + self.shift


class Mean(torch.nn.Module):
    def __init__(self, hidden_size, n_heads, factor):
        super().__init__()
        self.factor = factor

    def forward(self, hidden_states, *args, **kwargs):
        values = self.v_proj(hidden_states).mean(-2, keepdim=True).expand_as(hidden_states)
        return self.out_proj(values) * self.factor, None, None
"""
SIZES = ("intermediate_size=8", "n_heads=2", "num_layers=1", "adaptive_hidden_size=4")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a little data, and beside it the package."""
    folder = tmp_path_factory.mktemp("plugin")
    package, info = folder / "site" / "scratch_package", folder / "site" / "scratch_package-1.0.dist-info"
    for made in (package, info, folder / "work"):
        made.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "plugin.py").write_text(PLUGIN)
    (package / "model.py").write_text(MODEL)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: scratch-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[basicts_elin.plugins]\nscratch = scratch_package.plugin\n")
    command(folder, "prepare", "SyntheticTraffic", "--nodes", "5", "--days", "7")
    return folder


def command(place, *arguments, code=0, site="site"):
    environment = dict(ENVIRONMENT)
    environment["PYTHONPATH"] = f"{environment['PYTHONPATH']}{os.pathsep}{place / site}"
    done = subprocess.run(
        [sys.executable, "-m", "basicts_elin.cli", *arguments],
        cwd=place / "work",
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def train(place, name, *arguments, overrides=()):
    overrides = ("num_epochs=1", "num_features=5", *overrides)
    printed = command(
        place, "train", "-c", f"{name}/SyntheticTraffic", "--gpus", "cpu", *arguments, "--set", *overrides
    )
    found = paths(printed)
    return found["checkpoint"], record(place / "work" / found["metrics"].parent)


def test_they_are_listed(place):
    printed = command(place, "list")
    assert re.search(r"^  Autoformer, .*\bShift\b", printed, re.MULTILINE)
    assert "  mean: mean of the values\n" in printed


def test_the_model_is_trained_by_its_name(place):
    checkpoint, noted = train(place, "Shift")
    assert checkpoint.name == "Shift_best_val_MAE.pt"
    assert (noted["config"], noted["model"]) == ("Shift/SyntheticTraffic", "Shift")
    printed = command(place, "train", "-c", "Shift/PEMS08", "--print-config")
    assert "\nmodel=scratch_package.model.Shift\n" in printed
    assert "\ntrain_batch_size=32\n" in printed and "\nmodel_config.num_features=170\n" in printed


def test_a_model_with_the_attention_is_trained_by_its_name(place):
    checkpoint, noted = train(place, "ELinFormer_mean_small", overrides=(*SIZES, "factor=0.5"))
    assert checkpoint.name == "ELinFormer_mean_best_val_MAE.pt"
    assert noted["config"] == "ELinFormer_mean_small/SyntheticTraffic"


@pytest.mark.parametrize("name", ["Shift", "ELinFormer_mean"])
def test_other_processes_find_them(place, name):
    overrides = () if name == "Shift" else SIZES
    _, noted = train(place, name, "--processes", "2", "--seed", "2", overrides=overrides)
    assert noted["model"] == name


def test_a_misspelt_name_names_it(place):
    assert "Shift/PEMS08" in command(place, "train", "-c", "Shfit/PEMS08", code=2)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import no_such_package", "no_such_package"),
        ("raise SystemExit('no')", "SystemExit: no"),
        ("from basicts_elin.zoo.registry import ModelEntry, register\nregister(ModelEntry('STID'))", "model STID"),
    ],
)
def test_an_error_names_the_plugin(place, tmp_path, text, found):
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[basicts_elin.plugins]\nbroken = broken_plugin\n")
    (tmp_path / "broken_plugin.py").write_text(text)
    line = command(place, "train", "-c", "DLinear/PEMS08", "--print-config", code=2, site=tmp_path)
    assert line.startswith("error: plugin broken: ") and line.count("\n") == 1
    assert found in line and "broken-package" in line

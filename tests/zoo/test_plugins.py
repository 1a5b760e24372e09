"""Models and attentions of another package, which declares an entry point and is not part of this one."""

import os
import re
import subprocess
import sys

import pytest
from cli.commands import ENVIRONMENT, paths
from refusal import refuses
from tiny import record

from basicts_elin.data import catalog
from basicts_elin.data.dataset import open_dataset
from basicts_elin.plugins import _Plugins
from basicts_elin.zoo import registry

PLUGIN = """
from basicts_elin.zoo.attention import register_attention
from basicts_elin.zoo.registry import ModelEntry, register


def load():
    from scratch_package.model import Shift, ShiftConfig

    return Shift, ShiftConfig


def mean(attention, config, num_tokens):
    from scratch_package.model import Mean

    return Mean(attention.hidden_size, attention.n_heads, config.factor)


register(ModelEntry("Shift", load, run_fields={"train_batch_size": 32}, attention="sdpa"))
register_attention("mean", mean, "mean of the values", {"factor": 1.0})
"""
MODEL = """
from dataclasses import dataclass, field

import torch
from basicts.configs import BasicTSModelConfig

from basicts_elin import SoftmaxAttention


@dataclass
class ShiftConfig(BasicTSModelConfig):
    input_len: int = field(default=None)
    output_len: int = field(default=None)
    num_features: int = field(default=None)


class Shift(torch.nn.Module):
    # attention of each node over the others
    def __init__(self, config):
        super().__init__()
        self.attention = SoftmaxAttention(config.input_len, 2)

    def forward(self, inputs):
        return self.attention(inputs.transpose(1, 2))[0].transpose(1, 2)


class Mean(torch.nn.Module):
    def __init__(self, hidden_size, n_heads, factor):
        super().__init__()
        self.factor = factor

    def forward(self, hidden_states, *args, **kwargs):
        mean = (self.k_proj(hidden_states) * self.v_proj(hidden_states)).mean(-2, keepdim=True)
        return self.out_proj(self.q_proj(hidden_states) * mean) * self.factor, None, None
"""


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


def command(place, *arguments):
    environment = dict(ENVIRONMENT)
    environment["PYTHONPATH"] = f"{environment['PYTHONPATH']}{os.pathsep}{place / 'site'}"
    done = subprocess.run(
        [sys.executable, "-m", "basicts_elin.cli", *arguments],
        cwd=place / "work",
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_they_are_listed(place):
    printed = command(place, "list")
    assert re.search(r"^  Autoformer, .*\bShift\b", printed, re.MULTILINE)
    assert "  mean: mean of the values\n" in printed


def test_the_entry_is_the_recipe_on_any_dataset(place):
    printed = command(place, "train", "-c", "Shift/PEMS08", "--print-config")
    assert "\nmodel=scratch_package.model.Shift\n" in printed
    assert "\ntrain_batch_size=32\n" in printed and "\nmodel_config.num_features=170\n" in printed


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("Shift_mean", "Shift_mean"),
        ("iTransformer_mean", "iTransformer_mean"),
        # ELinFormer with another attention than its own is STAEformer with it
        ("ELinFormer_mean_small", "STAEformer_mean"),
    ],
)
def test_the_attention_is_a_part_of_every_name(place, name, model):
    printed = command(place, "train", "-c", f"{name}/SyntheticTraffic", "--print-config")
    assert f"\nmodel=basicts_elin.zoo.variants.{model}\n" in printed
    assert "\nmodel_config.factor=1.0\n" in printed


def test_two_processes_train_the_model_with_the_attention(place):
    overrides = ("num_epochs=1", "num_features=5", "factor=0.5")
    arguments = ("-c", "Shift_mean/SyntheticTraffic", "--gpus", "cpu", "--processes", "2", "--set", *overrides)
    found = paths(command(place, "train", *arguments))
    assert found["checkpoint"].name == "Shift_mean_best_val_MAE.pt"
    noted = record(place / "work" / found["metrics"].parent)
    assert (noted["config"], noted["model"]) == ("Shift_mean/SyntheticTraffic", "Shift_mean")


def install(folder, monkeypatch, name, text):
    """A package with one plugin, for this process, which has not looked for plugins yet."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[basicts_elin.plugins]\n{name} = {name}_plugin\n")
    (folder / f"{name}_plugin.py").write_text(text)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, f"{name}_plugin", raising=False)
    monkeypatch.setattr(_Plugins, "is_loaded", False)
    monkeypatch.setattr(_Plugins, "error", None)


DATASET = """
from dataclasses import replace

from basicts_elin.data.catalog import dataset_facts, register_dataset

register_dataset(replace(dataset_facts("PEMS08"), name="Theirs", null_value=-1.0))
"""


def test_a_prepared_folder_has_the_facts_of_their_dataset_whatever_was_used_before(tmp_path, monkeypatch):
    monkeypatch.setattr(catalog, "CATALOG", dict(catalog.CATALOG))
    install(tmp_path, monkeypatch, "theirs", DATASET)
    (tmp_path / "datasets" / "Theirs").mkdir(parents=True)
    assert open_dataset(tmp_path / "datasets" / "Theirs").null_value == -1.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import no_such_package", "no_such_package"),
        ("raise SystemExit('no')", "SystemExit: no"),
        ("from basicts_elin.zoo.registry import ModelEntry, register\nregister(ModelEntry('STID'))", "model: STID"),
    ],
)
def test_an_error_names_the_plugin_every_time(tmp_path, monkeypatch, text, found):
    registry.model_names()
    install(tmp_path, monkeypatch, "broken", text)
    for _ in range(2):
        with refuses("plugin broken", found=found, expected="broken_plugin", fix="broken-package") as error:
            registry.resolve("DLinear")
        assert "\n" not in str(error.value)

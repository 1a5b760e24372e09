"""`from basicts_elin import ...`: the operator and the layers with torch alone, the rest with BasicTS."""

import subprocess
import sys
from importlib import metadata

import pytest

import basicts_elin

NAMES = [
    "STAEformer",
    "STAEformerConfig",
    "ELinFormer",
    "ELinFormerConfig",
    "STLAformer",
    "STLAformerConfig",
    "EntropyEqualAttention",
    "SoftmaxAttention",
    "LinformerAttention",
    "InLineAttention",
    "replace_attention",
    "linearize",
    "benchmark_config",
    "HuberLoss",
    "PlateauLR",
    "entropy_equal_attention",
    "attention_entropy",
]

WITHOUT_BASICTS = """
import sys
from importlib import metadata

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("basicts", "easytorch", "easydict"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

found = metadata.version
def version(name):
    if name == "basicts":
        raise metadata.PackageNotFoundError(name)
    return found(name)

sys.meta_path.insert(0, Missing())
metadata.version = version

import torch
from basicts_elin import EntropyEqualAttention, LinformerAttention, SoftmaxAttention
from basicts_elin import attention_entropy, entropy_equal_attention
query, key, value = torch.randn(3, 2, 7, 12)
assert entropy_equal_attention(query, key, value).shape == (2, 7, 12)
assert attention_entropy(query, key).shape == (2, 7)
for layer in (EntropyEqualAttention(12, 3), SoftmaxAttention(12, 3), LinformerAttention(12, 3, 7)):
    assert layer(query)[0].shape == (2, 7, 12)
assert not any(name.split(".")[0] == "basicts" for name in sys.modules)
for name in ("ELinFormer", "ELinFormerConfig", "STAEformer", "STAEformerConfig", "replace_attention"):
    try:
        exec(f"from basicts_elin import {name}")
    except ValueError as error:
        print(name, type(error).__name__, error)
"""
LAYERS_ALONE = """
import sys
from basicts_elin import EntropyEqualAttention, entropy_equal_attention
print([name for name in sys.modules if name.split(".")[0] in ("basicts", "matplotlib")])
"""


def run(script):
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=400)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.splitlines()


def test_without_basicts():
    lines = run(WITHOUT_BASICTS)
    assert [line.split()[:2] for line in lines] == [
        [name, "UserError"]
        for name in ("ELinFormer", "ELinFormerConfig", "STAEformer", "STAEformerConfig", "replace_attention")
    ]
    assert all("UserError basicts: not installed; expected 1.1.x; " in line for line in lines)


def test_layers_do_not_import_basicts():
    assert run(LAYERS_ALONE) == ["[]"]


@pytest.mark.parametrize("name", NAMES)
def test_names(name):
    assert name in basicts_elin.__all__ and name in dir(basicts_elin)
    assert getattr(basicts_elin, name).__name__ == name


def test_unknown_name():
    with pytest.raises(
        AttributeError, match="module 'basicts_elin' has no attribute 'Elinformer'; it has .*ELinFormer"
    ):
        _ = basicts_elin.Elinformer
    assert not hasattr(basicts_elin, "nothing")


def test_version():
    assert basicts_elin.__version__ == metadata.version("basicts-elin")

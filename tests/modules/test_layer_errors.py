"""The layers refuse arguments that they do not support, by name and value."""

import pytest
import torch
from basicts.modules.transformer import RotaryPositionEmbedding
from modules.compose import small_layer
from ops.compare import draw

from basicts_elin.modules import EntropyEqualAttention, SoftmaxAttention

LAYERS = [EntropyEqualAttention, SoftmaxAttention]


@pytest.mark.parametrize("cls", LAYERS)
def test_what_is_missing(cls):
    name = cls.__name__
    with pytest.raises(NotImplementedError, match=f"^kv_heads: 1; .*None or 3.*{name}"):
        cls(12, 3, kv_heads=1)
    with pytest.raises(NotImplementedError, match=f"^rope: .*None.*{name}"):
        cls(12, 3, rope=RotaryPositionEmbedding(4, 16))
    cls(12, 3, kv_heads=3, rope=None)
    (hidden_states,) = draw((2, 7, 12))
    with pytest.raises(NotImplementedError, match=f"^use_cache: True; .*False.*{name}"):
        small_layer(cls)(hidden_states, use_cache=True)


@pytest.mark.parametrize("cls", LAYERS)
@pytest.mark.parametrize(
    "arguments, message",
    [
        ((12, 5), "^hidden_size: 12; .*n_heads=5"),
        ((12, 0), "^hidden_size: 12; .*n_heads=0"),
        ((12, 3, 1.0), r"^dropout: 1.0; .*\[0, 1\)"),
        ((12, 3, -0.1), r"^dropout: -0.1; .*\[0, 1\)"),
    ],
)
def test_sizes(cls, arguments, message):
    with pytest.raises(ValueError, match=message):
        cls(*arguments)


def test_names():
    with pytest.raises(ValueError, match="^entropy: 'shannon'; .*'taylor', 'taylor2', 'gaussian'"):
        EntropyEqualAttention(12, 3, entropy="shannon")
    with pytest.raises(ValueError, match="^path: 'fast'; .*'auto', 'reference', 'quadratic', 'linear', 'gram'"):
        EntropyEqualAttention(12, 3, path="fast")
    with pytest.raises(TypeError, match="heads"):
        EntropyEqualAttention(12, 3, heads=2)


@pytest.mark.parametrize("cls", LAYERS)
def test_shapes(cls):
    layer = small_layer(cls)
    good, narrow = draw((2, 7, 12), (2, 7, 11))
    with pytest.raises(ValueError, match=r"^hidden_states: shape \[2, 7, 11\]; .*12\]"):
        layer(narrow)
    with pytest.raises(ValueError, match=r"^key_value_states: shape \[2, 7, 11\]; .*12\]"):
        layer(good, narrow)
    with pytest.raises(ValueError, match=r"^hidden_states: shape \[12\]; .*12\]"):
        layer(good[0, 0])


@pytest.mark.parametrize("path", ["auto", "quadratic", "linear", "reference"])
def test_mask_of_another_length(path):
    layer = small_layer(EntropyEqualAttention, path=path)
    (hidden_states,) = draw((2, 7, 12))
    with pytest.raises(ValueError, match=r"\[.*6\]"):
        layer(hidden_states, attention_mask=torch.zeros(2, 1, 1, 6))
    with pytest.raises(ValueError, match=r"\[.*6\]"):
        layer(hidden_states, attention_mask=torch.full((7, 6), -torch.inf).triu(1))

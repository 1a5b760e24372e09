"""EntropyEqualAttention: every path equals its projections around brute force, and reaches every parameter."""

import pytest
import torch
from modules.compose import compose, parameter_gradients, small_layer
from ops.compare import assert_close, draw
from ops.memory_meter import MemoryMeter

from basicts_elin.modules import EntropyEqualAttention
from basicts_elin.modules.entropy_equal import LAYER_PATHS as PATHS
from basicts_elin.ops import ESTIMATORS


@pytest.mark.parametrize("n_tokens, n_keys", [(7, None), (3, None), (7, 5), (5, 1)], ids=str)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_equals_its_composition(entropy, path, n_tokens, n_keys):
    layer = small_layer(EntropyEqualAttention, entropy=entropy, path=path)
    (hidden_states,) = draw((2, n_tokens, 12))
    tokens = None if n_keys is None else draw((2, n_keys, 12), seed=1)[0]
    output, weights, _ = layer(hidden_states, tokens)
    expected = compose(layer, hidden_states, tokens, entropy=entropy)
    assert weights is None
    assert_close(output, expected)
    gradients, expected_gradients = (parameter_gradients(layer, o) for o in (output, expected))
    for name, gradient in gradients.items():
        assert gradient is not None, name
        if name == "k_proj.bias":
            assert gradient.abs().max() < 1e-14  # a shift of all keys
        else:
            # q and k have no influence on the only key; what is left there is zero
            assert_close(gradient, expected_gradients[name], what=name)
            assert n_keys == 1 or gradient.abs().max() > 1e-4, name


@pytest.mark.parametrize("path", PATHS)
def test_settings_reach_the_operator(path):
    (hidden_states,) = draw((2, 7, 12))
    plain = small_layer(EntropyEqualAttention, path=path)(hidden_states)[0]
    for settings in ({"eps": 0.5}, {"entropy": "gaussian"}, {"entropy": "taylor2", "eps": 0.1}):
        layer = small_layer(EntropyEqualAttention, path=path, **settings)
        assert_close(layer(hidden_states)[0], compose(layer, hidden_states, **settings), what=str(settings))
        assert_close(
            layer(hidden_states, output_attentions=True)[0], compose(layer, hidden_states, **settings), what="weights"
        )
        assert (layer(hidden_states)[0] - plain).abs().max() > 1e-3


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("n_tokens", [3, 7])
def test_weights(n_tokens, entropy, path):
    layer = small_layer(EntropyEqualAttention, entropy=entropy, path=path)
    (hidden_states,) = draw((2, n_tokens, 12))
    output, weights, _ = layer(hidden_states, output_attentions=True)
    assert weights.shape == (2, 3, n_tokens, n_tokens)
    assert_close(weights.sum(-1), torch.ones(2, 3, n_tokens).double())
    value = layer.v_proj(hidden_states).unflatten(-1, (3, 4)).transpose(1, 2)
    assert_close(layer.out_proj((weights @ value).transpose(1, 2).flatten(2)), output)
    assert_close(output, layer(hidden_states)[0])


def test_one_token():
    """A single key gets all the weight: value and output projection alone."""
    for entropy in ESTIMATORS:
        for path in PATHS:
            layer = small_layer(EntropyEqualAttention, entropy=entropy, path=path)
            (hidden_states,) = draw((2, 1, 12))
            assert_close(layer(hidden_states)[0], layer.out_proj(layer.v_proj(hidden_states)))


@pytest.mark.parametrize("path", ["auto", "linear"])
@pytest.mark.parametrize("entropy", ["taylor", "taylor2", "gaussian"])
def test_memory_is_linear_in_the_tokens(entropy, path):
    layer = small_layer(EntropyEqualAttention, entropy=entropy, path=path, dropout=0.1)
    meters = []
    for n_tokens in (256, 512):
        (hidden_states,) = draw((1, n_tokens, 12))
        with MemoryMeter() as meter:
            layer(hidden_states)[0].sum().backward()
        meters.append(meter)
    assert meters[1].peak_bytes <= 2.05 * meters[0].peak_bytes
    assert meters[1].largest < 512 * 512
    with MemoryMeter() as meter:
        layer(hidden_states, output_attentions=True)
    assert meter.largest >= 512 * 512


def test_settings_are_shown():
    shown = repr(EntropyEqualAttention(12, 3, entropy="gaussian", path="linear", eps=1e-6))
    assert "entropy='gaussian', path='linear', eps=1e-06" in shown

"""The layers as self_attn of BasicTS's EncoderLayer and Encoder."""

import pytest
import torch
from basicts.modules import MLPLayer
from basicts.modules.transformer import Encoder, EncoderLayer, MultiHeadAttention
from modules.compose import compose, small_layer
from ops.compare import assert_close, draw
from torch import nn

from basicts_elin.modules import EntropyEqualAttention, SoftmaxAttention

MASK = torch.zeros(2, 1, 1, 7).double()
MASK[0, ..., 4:] = torch.finfo(torch.float64).min


def build(cls, norm_position="pre", **settings):
    torch.manual_seed(0)
    layers = [
        EncoderLayer(cls(12, 3, **settings), MLPLayer(12, 16), (nn.LayerNorm, 12), norm_position) for _ in range(2)
    ]
    return Encoder(nn.ModuleList(layers), nn.LayerNorm(12)).double()


@pytest.mark.parametrize("mask", [None, MASK], ids=["", "mask"])
@pytest.mark.parametrize("norm_position", ["pre", "post", "sandwich"])
def test_softmax_encoder_is_the_original(norm_position, mask):
    (hidden_states,) = draw((2, 7, 12))
    theirs, ours = build(MultiHeadAttention, norm_position), build(SoftmaxAttention, norm_position)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    for output_attentions in (False, True):
        expected, expected_weights = theirs(hidden_states, mask, output_attentions)
        output, weights = ours(hidden_states, mask, output_attentions)
        assert_close(output, expected)
        if output_attentions:
            for left, right in zip(weights, expected_weights, strict=True):
                assert_close(left, right)


@pytest.mark.parametrize("mask", [None, MASK], ids=["", "mask"])
@pytest.mark.parametrize("path", ["auto", "quadratic", "linear", "reference"])
def test_entropy_equal_encoder(path, mask):
    (hidden_states,) = draw((2, 7, 12))
    encoder = build(EntropyEqualAttention, path=path, entropy="gaussian")
    encoder.load_state_dict(build(MultiHeadAttention).state_dict(), strict=True)
    expected = hidden_states
    for layer in encoder.layers:
        keep = None if mask is None else mask == 0
        expected = expected + compose(layer.self_attn, layer.pre_attn_norm(expected), keep=keep, entropy="gaussian")
        expected = expected + layer.ffn_layer(layer.pre_ffn_norm(expected))
    output, weights = encoder(hidden_states, mask)
    assert weights is None
    assert_close(output, encoder.layer_norm(expected))
    output, weights = encoder(hidden_states, mask, output_attentions=True)
    assert_close(output, encoder.layer_norm(expected))
    assert [w.shape for w in weights] == [(2, 3, 7, 7)] * 2
    output.sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


def test_attention_differs_from_softmax():
    (hidden_states,) = draw((2, 7, 12))
    softmax, linear = small_layer(SoftmaxAttention), small_layer(EntropyEqualAttention)
    assert (softmax(hidden_states)[0] - linear(hidden_states)[0]).abs().max() > 1e-3

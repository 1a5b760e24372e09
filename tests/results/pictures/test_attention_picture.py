"""The weights of a layer and of its counterpart come from the same queries and keys."""

import math

import numpy as np
import pytest
import torch

from basicts_elin import EntropyEqualAttention, LinformerAttention, SoftmaxAttention
from basicts_elin.results.pictures.run_attention import layer_weights

TOKENS, WIDTH, HEADS = 7, 8, 2


def softmax_by_hand(layer, states):
    query, key = (
        projection(states).unflatten(-1, (HEADS, -1)).transpose(0, 1) for projection in (layer.q_proj, layer.k_proj)
    )
    return (query @ key.mT / math.sqrt(WIDTH // HEADS)).softmax(-1).detach().numpy()


@pytest.mark.parametrize("own", [EntropyEqualAttention, SoftmaxAttention])
def test_both_methods_on_the_projections_of_one_layer(own):
    torch.manual_seed(0)
    layer, states = own(WIDTH, HEADS).eval(), torch.randn(TOKENS, WIDTH)
    found = layer_weights(layer, states, {})
    names = ["entropy-equal, taylor", "softmax"]
    assert [*found] == (names if own is EntropyEqualAttention else names[::-1])
    np.testing.assert_allclose(found["softmax"], softmax_by_hand(layer, states), rtol=1e-4)
    reference = EntropyEqualAttention(WIDTH, HEADS, path="reference").eval()
    reference.load_state_dict(layer.state_dict())
    expected = reference(states, output_attentions=True)[1].detach().numpy()
    np.testing.assert_allclose(found["entropy-equal, taylor"], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(expected.sum(-1), 1, rtol=1e-5)


def test_a_layer_without_a_counterpart_is_alone():
    layer = LinformerAttention(WIDTH, HEADS, TOKENS).eval()
    found = layer_weights(layer, torch.randn(TOKENS, WIDTH), {})
    assert [(name, weights.shape) for name, weights in found.items()] == [("Linformer", (HEADS, TOKENS, TOKENS))]

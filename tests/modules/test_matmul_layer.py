"""MatmulAttention is SoftmaxAttention, computed in another way."""

import pytest
import torch

from basicts_elin import SoftmaxAttention
from basicts_elin.modules.matmul import MatmulAttention


@pytest.fixture
def layers():
    torch.manual_seed(0)
    one, other = SoftmaxAttention(12, 3).double(), MatmulAttention(12, 3).double()
    other.load_state_dict(one.state_dict())
    return one, other


def results(layer, states, **options):
    inputs = states.clone().requires_grad_()
    output, weights, _ = layer(inputs, **options)
    output.square().sum().backward()
    gradients = [parameter.grad for parameter in layer.parameters()]
    return [output, inputs.grad, *gradients, *([] if weights is None else [weights])]


@pytest.mark.parametrize("shape", [(2, 7, 12), (2, 3, 7, 12), (7, 12)])
@pytest.mark.parametrize("output_attentions", [False, True])
def test_outputs_and_gradients_are_those_of_the_fused_layer(layers, shape, output_attentions):
    states = torch.randn(shape, dtype=torch.float64)
    one, other = (results(layer, states, output_attentions=output_attentions) for layer in layers)
    assert len(one) == len(other) == 10 + output_attentions
    for expected, found in zip(one, other, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_a_mask_is_heeded(layers):
    states, mask = torch.randn(2, 7, 12, dtype=torch.float64), torch.zeros(1, 7, dtype=torch.float64)
    mask[:, 4:] = -1e9
    expected, found = (layer(states, attention_mask=mask)[0] for layer in layers)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    assert not torch.allclose(found, layers[1](states)[0])


def test_other_tokens_are_attended_to(layers):
    states, tokens = torch.randn(2, 5, 12, dtype=torch.float64), torch.randn(2, 9, 12, dtype=torch.float64)
    expected, found = (layer(states, tokens)[0] for layer in layers)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_the_weights_are_dropped_while_training_only():
    torch.manual_seed(0)
    layer, states = MatmulAttention(8, 2, dropout=0.5), torch.randn(2, 6, 8)
    assert not torch.equal(layer(states)[0], layer(states)[0])
    layer.eval()
    assert torch.equal(layer(states)[0], layer(states)[0])

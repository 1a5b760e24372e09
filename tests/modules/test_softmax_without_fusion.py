"""SoftmaxAttention without the fused kernel has the same outputs, weights and gradients."""

import pytest
import torch

from basicts_elin import LinformerAttention, SoftmaxAttention


@pytest.fixture
def layers():
    torch.manual_seed(0)
    one, other = SoftmaxAttention(12, 3).double(), SoftmaxAttention(12, 3, fused=False).double()
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


def test_a_mask_is_applied(layers):
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
    layer, states = SoftmaxAttention(8, 2, dropout=0.5, fused=False), torch.randn(2, 6, 8)
    assert not torch.equal(layer(states)[0], layer(states)[0])
    layer.eval()
    assert torch.equal(layer(states)[0], layer(states)[0])


def test_the_weights_are_formed_with_the_heads_in_front(monkeypatch):
    """The published memory and times were measured with this order of products."""
    shapes = []
    monkeypatch.setattr(torch, "stack", lambda parts: shapes.append((len(parts), parts[0].shape)) or torch.cat(
        [part[None] for part in parts]))  # fmt: skip
    SoftmaxAttention(8, 2, fused=False)(torch.randn(3, 6, 8))
    assert shapes == [(2, (3, 6, 4))] * 3


@pytest.mark.parametrize(("fused", "calls"), [(True, 1), (False, 0)])
def test_the_switch_is_that_of_the_fused_kernel(monkeypatch, fused, calls):
    found = []
    kernel = torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        torch.nn.functional,
        "scaled_dot_product_attention",
        lambda *args, **options: found.append(1) or kernel(*args, **options),
    )
    SoftmaxAttention(8, 2, fused=fused)(torch.randn(3, 6, 8))
    assert len(found) == calls


def test_linformer_has_no_such_switch():
    with pytest.raises(TypeError, match="fused"):
        LinformerAttention(8, 2, 6, fused=False)

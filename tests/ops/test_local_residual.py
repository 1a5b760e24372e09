"""The local residual added to a layer's output against its plain twin; the twin against torch's convolution."""

import pytest
import torch
from ops.compare import assert_all_close, assert_close, draw, value_and_gradients
from ops.layers import WIDTH, projections
from ops.memory_meter import saved_bytes
from torch.nn import functional as F

from basicts_elin.ops import local_residual as module
from basicts_elin.ops.gram import Projections
from basicts_elin.ops.local_residual import (
    add_local_residual,
    local_residual,
    plain_add_local_residual,
    plain_local_residual,
)

TWINS = {local_residual: plain_local_residual, add_local_residual: plain_add_local_residual}


def inputs(*leading, n_tokens=7):
    output, states, taps = draw((*leading, n_tokens, WIDTH), (*leading, n_tokens, WIDTH), (*leading, WIDTH, 3))
    return output, states, taps, *projections()[4:7]


def on(function):
    if function in (local_residual, plain_local_residual):
        return lambda output, states, taps, *others: (
            function(states, taps) + 0 * sum(t.sum() for t in (output, *others))
        )

    def call(output, states, taps, value_weight, value_bias, out_weight):
        unused = None, None, None, None
        return function(output, states, Projections(*unused, value_weight, value_bias, out_weight, None), taps)

    return call


@pytest.mark.parametrize("n_tokens", [1, 2, 3, 8])
def test_is_a_depthwise_convolution(n_tokens):
    value, taps = draw((2, n_tokens, WIDTH), (2, WIDTH, 3))
    # groups of one channel each, sequence by sequence
    channels = value.transpose(-2, -1).reshape(1, -1, n_tokens)
    expected = F.conv1d(channels, taps.reshape(-1, 1, 3), padding=1, groups=2 * WIDTH)
    for function in (local_residual, plain_local_residual):
        assert_close(function(value, taps), expected.view(2, WIDTH, n_tokens).transpose(-2, -1))


@pytest.mark.parametrize("function", TWINS)
@pytest.mark.parametrize("n_tokens", [1, 2, 3, 8])
@pytest.mark.parametrize("leading", [(), (5,), (2, 3), (0,)], ids=str)
def test_values_and_gradients(leading, n_tokens, function, monkeypatch):
    # two leading indices at a time, and at last one
    monkeypatch.setattr(module, "_PART_BYTES", 2 * n_tokens * WIDTH * 8)
    found, expected = (
        value_and_gradients(on(one), *inputs(*leading, n_tokens=n_tokens)) for one in (function, TWINS[function])
    )
    if 0 in leading:
        assert all(one.shape == other.shape and not one.any() for one, other in zip(found, expected, strict=True))
    else:
        assert_all_close(found, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_dtypes(dtype):
    double = [tensor.detach().to(dtype).double() for tensor in inputs(5)]
    found = value_and_gradients(on(add_local_residual), *(tensor.to(dtype) for tensor in double))
    assert all(tensor.dtype == dtype for tensor in found)
    assert_all_close(found, value_and_gradients(on(plain_add_local_residual), *double))


def test_gradients_of_float32_weights_under_autocast():
    tensors = [tensor.detach().float() for tensor in inputs(5)]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, *found = value_and_gradients(on(add_local_residual), tensors[0].bfloat16(), *tensors[1:])
    assert output.dtype == torch.bfloat16
    expected = value_and_gradients(on(plain_add_local_residual), *(tensor.double() for tensor in tensors))
    assert [gradient.dtype for gradient in found] == [torch.bfloat16] + 5 * [torch.float32]
    assert_all_close([output, *found], expected, 4e-2)


@pytest.mark.parametrize("function", TWINS)
def test_second_derivatives(function):
    tensors = [tensor.detach().requires_grad_() for tensor in inputs(2, n_tokens=3)]
    assert torch.autograd.gradgradcheck(on(function), tensors, atol=1e-6)


@pytest.mark.parametrize("function", TWINS)
@pytest.mark.parametrize("frozen", range(6))
def test_frozen_inputs(frozen, function):
    tensors = [tensor.detach().requires_grad_(i != frozen) for i, tensor in enumerate(inputs(2))]
    total = on(function)(*tensors).sum()
    others = [tensor for tensor in tensors if tensor.requires_grad]
    for retain in (True, False):
        gradients = torch.autograd.grad(total, others, create_graph=retain)
        assert all(gradient.isfinite().all() for gradient in gradients)


def test_only_the_tokens_are_kept():
    output, states, *others = (tensor.float() for tensor in inputs(2, n_tokens=400))
    kept = saved_bytes(lambda x: on(add_local_residual)(output, x, *others), states.requires_grad_())
    assert kept < 1.1 * states.numel() * states.element_size()

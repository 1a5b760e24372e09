"""The quadratic path without gradients, against its plain twin; and where it is not taken."""

import pytest
import torch
from ops.layers import HEADS, WIDTH, projections, relative_error, tokens

from basicts_elin.ops import inference
from basicts_elin.ops.fused_quadratic import fused_quadratic_attention, plain_quadratic_attention
from basicts_elin.ops.gram import Projections


@pytest.fixture
def calls(monkeypatch):
    """The number of leading indices of each call of the path."""
    seen = []

    def count(states, *arguments):
        seen.append(len(states))
        return inference.quadratic_inference(states, *arguments)

    monkeypatch.setattr("basicts_elin.ops.fused_quadratic.quadratic_inference", count)
    return seen


@pytest.mark.parametrize("entropy", ["taylor", "taylor2"])
@pytest.mark.parametrize("shape", [(2, 5, 12, WIDTH), (7, 3, WIDTH), (12, WIDTH), (2, 1, WIDTH), (0, 12, WIDTH)])
@torch.inference_mode()
def test_it_is_its_plain_twin(calls, entropy, shape):
    states, weights = tokens(*shape), projections()
    found = fused_quadratic_attention(states, weights, HEADS, entropy=entropy, eps=0.3)
    expected = plain_quadratic_attention(states, weights, HEADS, entropy=entropy, eps=0.3)
    assert calls and found.shape == states.shape
    assert relative_error(found, expected) < 1e-12


@torch.no_grad()
def test_the_last_part_may_be_smaller(monkeypatch):
    monkeypatch.setattr(inference, "_PART_BYTES", 3 * 12 * 3 * WIDTH * 8)
    states, weights = tokens(7, 12, WIDTH), projections()
    found = fused_quadratic_attention(states, weights, HEADS)
    assert relative_error(found, plain_quadratic_attention(states, weights, HEADS)) < 1e-12


@torch.no_grad()
def test_a_transposed_view_is_not_changed():
    kept = tokens(12, 5, WIDTH).detach()
    states, weights = kept.clone().transpose(0, 1), projections()
    found = fused_quadratic_attention(states, weights, HEADS)
    assert relative_error(found, plain_quadratic_attention(states, weights, HEADS)) < 1e-12
    assert torch.equal(states.transpose(0, 1), kept)


def test_in_float32_it_is_the_path_with_gradients(calls):
    states, weights = tokens(50, 12, 152, dtype=torch.float32), projections(152, dtype=torch.float32)
    with_gradients = fused_quadratic_attention(states, weights, 4).detach()
    assert not calls
    with torch.inference_mode():
        assert relative_error(fused_quadratic_attention(states, weights, 4), with_gradients) < 1e-6
    assert calls == [50]


def test_a_frozen_layer_needs_no_gradient_but_its_input_may(calls):
    states, weights = tokens(2, 12, WIDTH), Projections(*(weight.detach() for weight in projections()))
    fused_quadratic_attention(states, weights, HEADS).sum().backward()
    assert not calls and states.grad is not None
    assert not fused_quadratic_attention(states.detach(), weights, HEADS).requires_grad
    assert calls == [2]


@torch.no_grad()
def test_other_numbers_than_the_weights_take_the_other_path(calls):
    weights = projections(dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (
            fused_quadratic_attention(tokens(2, 12, WIDTH, dtype=torch.float32), weights, HEADS).dtype is torch.bfloat16
        )
    half = Projections(*(weight.bfloat16() for weight in weights))
    assert fused_quadratic_attention(tokens(2, 12, WIDTH).bfloat16(), half, HEADS).dtype is torch.bfloat16
    assert not calls


def test_transformations_and_tracing_take_the_other_path(calls):
    states, weights = tokens(2, 12, WIDTH).detach(), Projections(*(weight.detach() for weight in projections()))

    def attend(rows):
        return fused_quadratic_attention(rows, weights, HEADS)

    attend(states)
    assert calls
    calls.clear()
    torch.func.vmap(attend)(states)
    torch.func.jvp(attend, (states,), (states,))
    torch.jit.trace(attend, states, check_trace=False)
    with torch.autograd.forward_ad.dual_level():
        attend(torch.autograd.forward_ad.make_dual(states, states))
    assert not calls

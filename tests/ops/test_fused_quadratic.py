"""The fused quadratic path of a whole layer, against its plain twin."""

import pytest
import torch
from ops.layers import HEADS, WIDTH, output_and_gradients, projections, relative_error, tokens

from basicts_elin.ops.fused_quadratic import fused_quadratic_attention, plain_quadratic_attention
from basicts_elin.ops.gram import Projections


def both(inputs, **settings):
    return [
        output_and_gradients(lambda x, *w, of=of: of(x, Projections(*w), HEADS, **settings), *inputs)
        for of in (fused_quadratic_attention, plain_quadratic_attention)
    ]


@pytest.mark.parametrize("entropy", ["taylor", "taylor2"])
@pytest.mark.parametrize("shape", [(2, 5, 12, WIDTH), (7, 3, WIDTH), (12, WIDTH), (2, 1, WIDTH), (2, 30, WIDTH)])
def test_it_is_its_plain_twin(entropy, shape):
    (found, gradients), (expected, expected_gradients) = both((tokens(*shape), *projections()), entropy=entropy)
    assert relative_error(found, expected) < 1e-12
    for place, (one, other) in enumerate(zip(gradients, expected_gradients, strict=True)):
        if place == 4 or other.norm() < 1e-12:
            assert one is not None and one.norm() < 1e-12
        else:
            assert relative_error(one, other) < 1e-12


def test_float32_is_close():
    states, weights = tokens(4, 12, WIDTH), projections()
    (_, _), (expected, expected_gradients) = both((states, *weights))
    single = [tensor.detach().float().requires_grad_() for tensor in (states, *weights)]
    (found, gradients), _ = both(single)
    assert relative_error(found.double(), expected) < 1e-5
    for place, (one, other) in enumerate(zip(gradients, expected_gradients, strict=True)):
        if place != 4:
            assert relative_error(one.double(), other) < 1e-4


@pytest.mark.parametrize("eps", [1e-8, 0.3])
def test_the_constant_is_added_to_the_sharpness(eps):
    (found, _), (expected, _) = both((tokens(4, 12, WIDTH), *projections()), eps=eps)
    assert relative_error(found, expected) < 1e-12


def test_gradients_are_those_of_differences():
    inputs = (tokens(2, 4, 6), *projections(6))
    assert torch.autograd.gradcheck(lambda x, *w: fused_quadratic_attention(x, Projections(*w), 2), inputs)


def test_second_gradients_are_those_of_differences():
    inputs = (tokens(1, 3, 4), *projections(4))
    assert torch.autograd.gradgradcheck(lambda x, *w: fused_quadratic_attention(x, Projections(*w), 2), inputs)


def test_autocast_decides_the_dtype():
    states, weights = tokens(4, 12, WIDTH, dtype=torch.float32), projections(dtype=torch.float32)
    expected = fused_quadratic_attention(states, weights, HEADS).detach()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, gradients = output_and_gradients(
            lambda x, *w: fused_quadratic_attention(x, Projections(*w), HEADS), states, *weights
        )
    assert output.dtype == torch.bfloat16 and {gradient.dtype for gradient in gradients} == {torch.float32}
    assert relative_error(output.float(), expected) < 0.02

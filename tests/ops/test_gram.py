"""The Gram path of a whole layer, against separate projections and the reference path."""

import pytest
import torch
from ops.layers import HEADS, WIDTH, output_and_gradients, projections, relative_error, tokens
from torch.nn.functional import linear

from basicts_elin.ops import entropy_equal_attention
from basicts_elin.ops.gram import Projections, gram_attention, plain_gram_attention

ESTIMATORS = ("taylor", "taylor2", "gaussian")


def reference(states, weights, n_heads, *, tokens=None, **settings):
    """Each projection by itself, then the reference path."""
    others = states if tokens is None else tokens
    query, key, value = (
        linear(of, weight, bias).unflatten(-1, (n_heads, -1)).transpose(-3, -2)
        for of, weight, bias in ((states, *weights[:2]), (others, *weights[2:4]), (others, *weights[4:6]))
    )
    mask = settings.pop("key_mask", None)
    mask = None if mask is None else mask.unsqueeze(-2)
    context = entropy_equal_attention(query, key, value, path="reference", key_mask=mask, **settings)
    return linear(context.transpose(-3, -2).flatten(-2), weights.out_weight, weights.out_bias)


def assert_agrees(function, states, weights, tolerance=1e-10, **settings):
    others = settings.pop("tokens", None)
    inputs = (states, *weights) if others is None else (states, others, *weights)

    def call(of):
        def run(states, *rest):
            extra = {} if others is None else {"tokens": rest[0]}
            return of(states, Projections(*rest[len(extra) :]), HEADS, **extra, **settings)

        return run

    found, gradients = output_and_gradients(call(function), *inputs)
    expected, expected_gradients = output_and_gradients(call(reference), *inputs)
    assert relative_error(found, expected) < tolerance
    key_bias = len(inputs) - 5
    for place, (one, other) in enumerate(zip(gradients, expected_gradients, strict=True)):
        if place == key_bias:
            assert one is not None and not one.any()
        else:
            assert relative_error(one, other) < tolerance


@pytest.mark.parametrize("function", [gram_attention, plain_gram_attention])
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("shape", [(2, 3, 50, WIDTH), (5, 7, WIDTH), (40, WIDTH), (1, 1, WIDTH)])
def test_self_attention_is_that_of_the_reference(function, entropy, shape):
    assert_agrees(function, tokens(*shape), projections(), entropy=entropy)


@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("shape", [(2, 3, 9, WIDTH), (9, WIDTH), (3, 9, WIDTH)])
def test_cross_attention_is_that_of_the_reference(entropy, shape):
    others = tokens(*shape[:-2], 30, WIDTH, seed=2)
    assert_agrees(gram_attention, tokens(*shape), projections(), tokens=others, entropy=entropy)


def test_leading_dimensions_broadcast():
    assert_agrees(gram_attention, tokens(4, 2, 9, WIDTH), projections(), tokens=tokens(2, 30, WIDTH))
    assert_agrees(gram_attention, tokens(4, 9, WIDTH), projections(), tokens=tokens(30, WIDTH))


@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("leading", [(2, 3), (3,), ()])
def test_masked_keys_are_left_out(entropy, leading):
    mask = torch.rand(*leading, 40, generator=torch.Generator().manual_seed(0)) < 0.6
    assert_agrees(gram_attention, tokens(2, 3, 40, WIDTH), projections(), key_mask=mask, entropy=entropy)


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_what_a_masked_key_holds_does_not_matter(entropy):
    states, mask = tokens(2, 40, WIDTH).detach(), torch.arange(40) < 30
    spoilt = states.clone()
    spoilt[:, 30:] = torch.nan
    expected = gram_attention(states, projections(), HEADS, tokens=states, key_mask=mask, entropy=entropy)
    found = gram_attention(states, projections(), HEADS, tokens=spoilt, key_mask=mask, entropy=entropy)
    assert torch.equal(found, expected)


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_without_a_key_the_output_is_its_bias(entropy):
    weights = projections()
    mask = torch.zeros(2, 40, dtype=torch.bool)
    mask[1] = True
    output = gram_attention(tokens(2, 40, WIDTH), weights, HEADS, key_mask=mask, entropy=entropy)
    assert torch.equal(output[0], weights.out_bias.expand(40, -1))
    assert not torch.allclose(output[1], weights.out_bias.expand(40, -1))


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_equal_tokens_have_finite_gradients(entropy):
    states = torch.ones(2, 40, WIDTH, dtype=torch.float64, requires_grad=True)
    output, gradients = output_and_gradients(
        lambda states, *weights: gram_attention(states, Projections(*weights), HEADS, entropy=entropy),
        states,
        *projections(),
    )
    assert output.isfinite().all() and all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("mean", [0.0, 5.0])
def test_float32_is_close(entropy, mean):
    states = (tokens(4, 300, WIDTH).detach() + mean).requires_grad_()
    weights = projections()
    expected, expected_gradients = output_and_gradients(
        lambda states, *weights: reference(states, Projections(*weights), HEADS, entropy=entropy), states, *weights
    )
    single = [tensor.detach().float().requires_grad_() for tensor in (states, *weights)]
    found, gradients = output_and_gradients(
        lambda states, *weights: gram_attention(states, Projections(*weights), HEADS, entropy=entropy), *single
    )
    assert relative_error(found.double(), expected) < 1e-5
    for place, (one, other) in enumerate(zip(gradients, expected_gradients, strict=True)):
        if place != 4:
            assert relative_error(one.double(), other) < 1e-4


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_gradients_are_those_of_differences(entropy):
    inputs = (tokens(2, 5, 6), *projections(6))
    assert torch.autograd.gradcheck(lambda x, *w: gram_attention(x, Projections(*w), 2, entropy=entropy), inputs)


@pytest.mark.parametrize("entropy", ["taylor", "gaussian"])
def test_second_gradients_are_those_of_differences(entropy):
    inputs = (tokens(1, 4, 4), *projections(4))
    assert torch.autograd.gradgradcheck(lambda x, *w: gram_attention(x, Projections(*w), 2, entropy=entropy), inputs)


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_under_autocast_sums_over_tokens_stay_in_float32(entropy):
    # in bfloat16, tokens near 100 would have two digits
    states, weights = tokens(2, 300, WIDTH, dtype=torch.float32).detach(), projections(dtype=torch.float32)
    double = Projections(*(weight.double() for weight in weights))
    expected = reference(states.double(), double, HEADS, tokens=states.double() + 100, entropy=entropy)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = gram_attention(states, weights, HEADS, tokens=states + 100, entropy=entropy)
    assert output.dtype == torch.bfloat16
    assert relative_error(output.double(), expected) < 0.02


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_goes_in_and_out(dtype):
    states, weights = tokens(2, 60, WIDTH), projections()
    expected = gram_attention(states, weights, HEADS).detach()
    half = Projections(*(tensor.detach().to(dtype).requires_grad_() for tensor in weights))
    output, gradients = output_and_gradients(
        lambda x, *w: gram_attention(x, Projections(*w), HEADS), states.detach().to(dtype).requires_grad_(), *half
    )
    assert output.dtype == dtype and {gradient.dtype for gradient in gradients} == {dtype}
    assert relative_error(output.double(), expected) < 0.02


@pytest.mark.parametrize(
    ("entropy", "message"), [("exact", "^entropy: 'exact'; .*'quadratic'"), ("best", "^entropy: 'best'; ")]
)
def test_an_estimator_without_a_gram_path_is_refused(entropy, message):
    with pytest.raises(ValueError, match=message):
        gram_attention(tokens(5, WIDTH), projections(), HEADS, entropy=entropy)

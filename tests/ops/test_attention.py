"""entropy_equal_attention: every path and estimator, values and gradients, against brute force."""

import itertools

import pytest
import torch
from ops import brute_force
from ops.compare import TOLERANCE, assert_all_close, assert_close, draw, value_and_gradients
from ops.vectors import CASES, read_vectors

from basicts_elin.ops import ESTIMATORS, PATHS, entropy_equal_attention

SHAPES = {
    "one key": ((2, 3, 4), (2, 1, 4), (2, 1, 4)),
    "one query, one key, width one": ((1, 1), (1, 1), (1, 1)),
    "N < d": ((2, 3, 5), (2, 3, 5), (2, 3, 5)),
    "N = d": ((2, 5, 5), (2, 5, 5), (2, 5, 5)),
    "N > d": ((2, 11, 3), (2, 11, 3), (2, 11, 3)),
    "more queries than keys": ((2, 9, 5), (2, 4, 5), (2, 4, 5)),
    "fewer queries than keys": ((2, 4, 5), (2, 9, 5), (2, 9, 5)),
    "wider values": ((2, 7, 3), (2, 7, 3), (2, 7, 8)),
    "narrower values": ((2, 7, 4), (2, 7, 4), (2, 7, 1)),
    "one head, no leading dimension": ((7, 4), (7, 4), (7, 4)),
    "batch, steps, heads": ((2, 2, 3, 7, 4), (2, 2, 3, 7, 4), (2, 2, 3, 7, 4)),
    "queries broadcast": ((7, 4), (3, 2, 6, 4), (3, 2, 6, 4)),
    "keys broadcast": ((3, 2, 7, 4), (6, 4), (2, 6, 3)),
    "all broadcast": ((3, 1, 5, 3), (1, 2, 6, 3), (2, 1, 1, 6, 3)),
}


@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("case", CASES)
def test_reference_vectors(case, entropy):
    vectors = read_vectors(case)
    query, key, value = (vectors[name] for name in ("query", "key", "value"))
    expected = value_and_gradients(lambda *t: brute_force.attend(*t, entropy=entropy), query, key, value)
    expected[0] = vectors[f"out_{entropy}"]
    for path in PATHS:
        got = value_and_gradients(
            lambda *t, path=path: entropy_equal_attention(*t, entropy=entropy, path=path), query, key, value
        )
        assert_all_close(got, expected, what=path)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
def test_shapes(shapes, entropy, path):
    tensors = draw(*shapes)
    expected = value_and_gradients(lambda *t: brute_force.attend(*t, entropy=entropy), *tensors)
    got = value_and_gradients(lambda *t: entropy_equal_attention(*t, entropy=entropy, path=path), *tensors)
    assert_all_close(got, expected)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_one_key_gives_its_value(entropy, path):
    query, key, value = draw((2, 3, 4), (2, 1, 4), (2, 1, 5))
    output = entropy_equal_attention(query, key, value, entropy=entropy, path=path)
    assert torch.equal(output, value.expand(2, 3, 5))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_gradients_by_finite_differences(entropy, path):
    tensors = [t.requires_grad_() for t in draw((2, 3), (4, 3), (4, 2))]
    key_mask = torch.tensor([True, True, False, True])
    assert torch.autograd.gradcheck(
        lambda *t: entropy_equal_attention(*t, key_mask=key_mask, entropy=entropy, path=path), tensors
    )


@pytest.mark.parametrize("setting", [{"scale": 0.3}, {"scale": -2.0}, {"eps": 0.5}, {"eps": 0.0}], ids=str)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_settings(entropy, path, setting):
    tensors = draw((5, 4), (7, 4), (7, 4))
    expected = value_and_gradients(lambda *t: brute_force.attend(*t, entropy=entropy, **setting), *tensors)
    got = value_and_gradients(lambda *t: entropy_equal_attention(*t, entropy=entropy, path=path, **setting), *tensors)
    assert_all_close(got, expected)
    plain = entropy_equal_attention(*tensors, entropy=entropy, path=path)
    # eps = 0 is told from the default 1e-8 in float64, but only just
    assert (plain - got[0]).abs().max() > (1e-10 if setting == {"eps": 0.0} else 1e-2)


def test_defaults():
    tensors = draw((5, 4), (7, 4), (7, 4))
    explicit = entropy_equal_attention(*tensors, scale=0.5, entropy="taylor", path="auto", eps=1e-8)
    assert torch.equal(entropy_equal_attention(*tensors), explicit)


def test_published_operator():
    """With the paper's estimator theta is the constant 1/sqrt(2): mean value plus sqrt(2)/N q KᵀV."""
    query, key, value = draw((5, 4), (7, 4), (7, 4))
    centred = key - key.mean(0)
    expected = value.mean(0) + query / 2 @ (centred.T @ value) / 7 / (0.5**0.5 + 1e-8)
    for path in PATHS:
        assert_close(entropy_equal_attention(query, key, value, path=path), expected, what=path)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("n_keys", [5, 40])
def test_dtypes(n_keys, dtype, entropy, path):
    tensors = draw((2, 9, 8), (2, n_keys, 8), (2, n_keys, 8), dtype=dtype)
    expected = value_and_gradients(lambda *t: brute_force.attend(*t, entropy=entropy), *(t.double() for t in tensors))
    got = value_and_gradients(lambda *t: entropy_equal_attention(*t, entropy=entropy, path=path), *tensors)
    assert {t.dtype for t in got} == {dtype}
    assert_all_close(got, expected)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("n_keys", [5, 40])
def test_non_contiguous_inputs(n_keys, entropy, path):
    # as a layer gives them: heads split off the last dimension and moved forward; and every other token of a tensor
    query, key, value = draw((9, 2, 8), (n_keys, 2, 8), (2 * n_keys, 2, 8))
    views = [query.transpose(0, 1), key.transpose(0, 1), value[::2].transpose(0, 1)]
    assert not any(view.is_contiguous() for view in views)
    expected = brute_force.attend(*(view.contiguous() for view in views), entropy=entropy)
    assert_close(entropy_equal_attention(*views, entropy=entropy, path=path), expected)


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_auto_is_quadratic_below_d_and_linear_from_there(entropy):
    for n_keys in (7, 8, 9):
        # the paths round differently, so that equality to the last bit tells them apart
        tensors = draw((2, 50, 8), (2, n_keys, 8), (2, n_keys, 8), dtype=torch.float32)
        outputs = {path: entropy_equal_attention(*tensors, entropy=entropy, path=path) for path in PATHS}
        assert not torch.equal(outputs["linear"], outputs["quadratic"])
        taken = "quadratic" if n_keys < 8 or entropy == "exact" else "linear"
        assert torch.equal(outputs["auto"], outputs[taken]), n_keys


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_shift_of_the_keys_changes_nothing(entropy, path):
    query, key, value, shift = draw((2, 6, 4), (2, 9, 4), (2, 9, 4), (2, 1, 4))
    plain = value_and_gradients(lambda *t: entropy_equal_attention(*t, entropy=entropy, path=path), query, key, value)
    shifted = value_and_gradients(
        lambda *t: entropy_equal_attention(*t, entropy=entropy, path=path), query, key + 100 * shift, value
    )
    # keys a hundred times larger keep two digits fewer
    assert_all_close(shifted, plain, 100 * TOLERANCE[torch.float64])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_gradient_of_a_key_shift_is_zero(entropy, path):
    query, key, value, shift = draw((2, 6, 4), (2, 9, 4), (2, 9, 4), (2, 1, 4))
    _, gradient = value_and_gradients(
        lambda s: entropy_equal_attention(query, key + s, value, entropy=entropy, path=path), shift
    )
    _, of_keys = value_and_gradients(
        lambda k: entropy_equal_attention(query, k, value, entropy=entropy, path=path), key
    )
    assert of_keys.abs().max() > 1e-2
    assert gradient.abs().max() < 1e-14 * 9  # a sum of nine numbers of order one that cancel


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_values_pass_linearly_and_constants_unchanged(entropy, path):
    query, key, value, other = draw((6, 4), (9, 4), (9, 4), (9, 4))

    def attend(v):
        return entropy_equal_attention(query, key, v, entropy=entropy, path=path)

    assert_close(attend(2 * value - 3 * other), 2 * attend(value) - 3 * attend(other))
    assert_close(attend(torch.full_like(value, 7.0)), torch.full((6, 4), 7.0, dtype=value.dtype))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("n_keys", [3, 9])
def test_equal_keys_give_the_mean_value(n_keys, dtype, entropy, path):
    query, key, value = draw((2, 6, 4), (2, 1, 4), (2, n_keys, 4), dtype=dtype)
    key = key.expand(2, n_keys, 4)
    expected = value_and_gradients(lambda *t: brute_force.attend(*t, entropy=entropy), query, key, value)
    got = value_and_gradients(lambda *t: entropy_equal_attention(*t, entropy=entropy, path=path), query, key, value)
    assert_close(got[0], value.double().mean(-2, keepdim=True).expand(2, 6, 4))
    assert all(gradient.isfinite().all() for gradient in got)
    assert got[1].abs().max() < 10 * torch.finfo(dtype).eps  # truly zero; keys of order one minus their rounded mean
    for i in (2, 3):
        assert_close(got[i], expected[i].double(), what=f"gradient {i}")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_cuda():
    tensors = draw((2, 9, 8), (2, 40, 8), (2, 40, 8))
    for entropy, path in itertools.product(ESTIMATORS, PATHS):
        expected = value_and_gradients(lambda *t, e=entropy: brute_force.attend(*t, entropy=e), *tensors)
        got = value_and_gradients(
            lambda *t, e=entropy, p=path: entropy_equal_attention(*t, entropy=e, path=p), *(t.cuda() for t in tensors)
        )
        assert_all_close([t.cpu() for t in got], expected, what=f"{entropy} {path}")

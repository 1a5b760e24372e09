"""attention_entropy: the statistics of algorithm.md, section 2, and brute force."""

import math

import pytest
import torch
from ops import brute_force
from ops.compare import assert_all_close, assert_close, draw, value_and_gradients

from basicts_elin.ops import ESTIMATORS, attention_entropy
from basicts_elin.ops.entropy import entropy_deficit

# (N, logit deviation): mean deficit of random Gaussian queries and keys, measured once by numpy
KNOWN = {
    (60, 0.5): {"taylor": 0.240, "taylor2": 0.120, "gaussian": 0.118, "exact": 0.119},
    (400, 2.5): {"taylor": 6.35, "taylor2": 3.18, "gaussian": 2.42, "exact": 2.49},
    (60, 2.5): {"taylor": 6.23, "taylor2": 3.12, "gaussian": 2.10, "exact": 1.90},
}


@pytest.mark.parametrize("size", KNOWN, ids=str)
def test_known_statistics(size):
    n_keys, deviation = size
    query, key = draw((16, n_keys, 32), (16, n_keys, 32))
    for entropy, expected in KNOWN[size].items():
        deficit = math.log(n_keys) - attention_entropy(deviation * query, key, entropy=entropy).mean().item()
        # two draws differ by about 3 % (mean of q² k² over some thousand products)
        assert deficit == pytest.approx(expected, rel=0.06), entropy


def test_gaussian_is_good_from_medium_sizes_on():
    """Within 4 % at N = 400, 10 % at N = 60; too much by about a third at N = 12; and taylor off by factors."""
    for n_keys, low, high in ((400, 0.93, 1.01), (60, 1.0, 1.15), (12, 1.2, 1.5)):
        query, key = draw((32, n_keys, 32), (32, n_keys, 32))
        deficit = {
            name: math.log(n_keys) - attention_entropy(2.5 * query, key, entropy=name).mean() for name in ESTIMATORS
        }
        assert low < deficit["gaussian"] / deficit["exact"] < high, n_keys
        assert deficit["taylor"] / deficit["exact"] > 2


@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize(
    "shapes",
    [((5, 4), (3, 4)), ((2, 5, 4), (2, 9, 4)), ((5, 4), (3, 2, 6, 4)), ((3, 1, 5, 4), (2, 6, 4)), ((1, 1), (1, 1))],
)
def test_values_and_gradients(shapes, entropy):
    tensors = draw(*shapes)
    expected = value_and_gradients(lambda *t: brute_force.attention_entropy(*t, entropy=entropy), *tensors)
    assert_all_close(value_and_gradients(lambda *t: attention_entropy(*t, entropy=entropy), *tensors), expected)


@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_dtypes(dtype, entropy):
    query, key = draw((2, 5, 4), (2, 9, 4), dtype=dtype)
    got = attention_entropy(query, key, entropy=entropy)
    assert got.dtype == dtype
    assert_close(got, brute_force.attention_entropy(query, key, entropy=entropy))


def test_exact_is_the_softmax_entropy():
    query, key = draw((2, 5, 4), (2, 9, 4))
    attention = torch.distributions.Categorical(logits=0.7 * query @ key.transpose(-2, -1))
    assert_close(attention_entropy(query, key, scale=0.7, entropy="exact"), attention.entropy())


def test_default_is_gaussian():
    query, key = draw((5, 4), (9, 4))
    assert torch.equal(attention_entropy(query, key), attention_entropy(query, key, scale=0.5, entropy="gaussian"))


def test_bounds():
    """taylor leaves [0, log N] and is returned as it is; gaussian and exact stay inside."""
    query, key = draw((50, 32), (400, 32))
    entropies = {name: attention_entropy(10 * query, key, entropy=name) for name in ESTIMATORS}
    assert entropies["taylor"].max() < -10 and entropies["taylor2"].min() < -10
    for name in ("gaussian", "exact"):
        assert entropies[name].min() >= -1e-12 and entropies[name].max() <= math.log(400)


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_queries_that_meet_no_key_attend_uniformly(entropy):
    """Orthogonal to all keys but for rounding, which must not lift the entropy above log N."""
    query, direction, sizes = draw((500, 8), (1, 8), (9, 1), dtype=torch.float32)
    direction = direction / direction.norm()
    query = 100 * (query - query @ direction.T * direction)
    got = attention_entropy(query, sizes * direction, entropy=entropy)
    assert got.max() <= torch.tensor(math.log(9))
    assert got.min() > math.log(9) - 1e-2


def test_shift_of_the_keys_changes_nothing():
    query, key, shift = draw((5, 4), (9, 4), (1, 4))
    for entropy in ESTIMATORS:
        assert_close(
            attention_entropy(query, key + 100 * shift, entropy=entropy),
            attention_entropy(query, key, entropy=entropy),
            1e-10,  # keys a hundred times larger keep two digits fewer
            entropy,
        )


def test_equal_keys_give_log_n():
    query, key = draw((5, 4), (1, 4))
    for entropy in ESTIMATORS:
        assert_close(
            attention_entropy(query, key.expand(9, 4), entropy=entropy), torch.full((5,), math.log(9), dtype=key.dtype)
        )


def test_exact_needs_logits():
    with pytest.raises(ValueError, match="^logits: None; .*'exact'"):
        entropy_deficit("exact", torch.ones(3), torch.ones(()))

"""entropy_equal_weights: the signed weights, with masks that may differ from query to query."""

import pytest
import torch
from ops import brute_force
from ops.compare import assert_all_close, assert_close, draw, value_and_gradients

from basicts_elin.ops import ESTIMATORS, entropy_equal_attention, entropy_equal_weights

N_QUERIES, N_KEYS = 5, 9
CAUSAL = torch.ones(N_QUERIES, N_KEYS, dtype=torch.bool).tril()
KEEPS = {
    "causal": CAUSAL,
    "per head": torch.stack([CAUSAL, CAUSAL.flip(-1)]),
    "key mask": CAUSAL[2:3],
    "some queries without keys": CAUSAL & (torch.arange(N_QUERIES) != 1).unsqueeze(-1),
    # a last dimension of one broadcasts too: every key of a query, or none
    "whole queries": (torch.arange(N_QUERIES) % 2 == 0).unsqueeze(-1),
    "everything": torch.ones(1, 1, dtype=torch.bool),
}


@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("keep", KEEPS.values(), ids=KEEPS)
def test_masks_per_query(keep, entropy):
    tensors = draw((2, N_QUERIES, 4), (2, N_KEYS, 4), (2, N_KEYS, 3))
    expected = value_and_gradients(lambda *t: brute_force.attend(*t, keep=keep, entropy=entropy), *tensors)
    got = value_and_gradients(lambda q, k, v: entropy_equal_weights(q, k, keep=keep, entropy=entropy) @ v, *tensors)
    assert_all_close(got, expected)


@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("keep", [None, *KEEPS.values()], ids=["none", *KEEPS])
def test_rows_sum_to_one_or_are_zero(keep, entropy):
    query, key = draw((2, N_QUERIES, 4), (2, N_KEYS, 4))
    weights = entropy_equal_weights(query, key, keep=keep, entropy=entropy)
    full = (torch.tensor(True) if keep is None else keep).expand(2, N_QUERIES, N_KEYS)
    assert_close(weights.sum(-1), full.any(-1).double())
    assert (weights[~full] == 0).all()


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_weights_reproduce_the_output(entropy):
    query, key, value = draw((2, N_QUERIES, 4), (2, N_KEYS, 4), (2, N_KEYS, 3))
    for settings in ({}, {"scale": 2.0}, {"eps": 0.3}):
        output = entropy_equal_weights(query, key, entropy=entropy, **settings) @ value
        assert_close(output, entropy_equal_attention(query, key, value, entropy=entropy, path="linear", **settings))


def test_weights_are_signed():
    query, key = draw((1, 4), (N_KEYS, 4))
    weights = entropy_equal_weights(10 * query, key)
    x = brute_force.logits_of(10 * query, key)
    assert torch.equal(weights < 0, x < -(0.5**0.5)) and (weights < 0).any() and (weights > 0).any()


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_garbage_in_a_key_that_no_query_keeps(entropy):
    query, key = draw((N_QUERIES, 4), (N_KEYS, 4))
    assert not CAUSAL[:, N_QUERIES:].any()
    spoilt = key.clone()
    spoilt[N_QUERIES:] = float("nan")

    def weights(*tensors):
        return entropy_equal_weights(*tensors, keep=CAUSAL, entropy=entropy)

    clean = value_and_gradients(weights, query, key)
    for left, right in zip(value_and_gradients(weights, query, spoilt), clean, strict=True):
        assert torch.equal(left, right)


@pytest.mark.parametrize(
    "keep, message",
    [
        (torch.ones(N_QUERIES, N_KEYS), "^keep: dtype torch.float32.*torch.bool"),
        (torch.ones(N_QUERIES, N_KEYS - 1, dtype=torch.bool), r"^keep: shape \[5, 8\]"),
        (torch.ones(3, N_QUERIES, N_KEYS, dtype=torch.bool), r"\[3, 5, 9\]|\[3\]"),
    ],
    ids=["dtype", "keys", "leading"],
)
def test_unfit_keep(keep, message):
    query, key = draw((2, N_QUERIES, 4), (2, N_KEYS, 4))
    with pytest.raises(ValueError, match=message):
        entropy_equal_weights(query, key, keep=keep)

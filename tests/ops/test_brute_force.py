"""The tests' own brute force is checked too: by finite differences, and against the reference vectors."""

import pytest
import torch
from ops import brute_force
from ops.compare import assert_close, draw
from ops.vectors import CASES, read_vectors


@pytest.mark.parametrize("entropy", brute_force.ESTIMATORS)
@pytest.mark.parametrize("scale", [0.1, 1.0])  # either side of the switch of the exact deficit
def test_gradients_by_finite_differences(entropy, scale):
    query, key, value = (t.requires_grad_() for t in draw((2, 3), (4, 3), (4, 2)))
    assert torch.autograd.gradcheck(
        lambda *tensors: brute_force.attend(*tensors, entropy=entropy, scale=scale), (query, key, value)
    )


@pytest.mark.parametrize("entropy", brute_force.ESTIMATORS)
def test_theta_reaches_its_limit_smoothly(entropy):
    x = brute_force.logits_of(*draw((6, 3), (8, 3)))
    limit = brute_force.LIMIT_OF_THETA[entropy]
    for scale in (1e-6, 1e-20, 1e-100, 0.0):
        # the first correction is of the order of the logits, at most 5 here
        assert_close(
            brute_force.theta_of(scale * x, entropy), torch.full((6,), limit, dtype=x.dtype), 1e-12 + 5 * scale
        )


def test_exact_deficit_is_continuous_at_its_switch():
    row = draw((9,))[0]
    row = (row - row.mean()) / (row - row.mean()).abs().max()
    below, above = (brute_force.deficit_of((0.5 + side) * row[None], "exact") for side in (-1e-12, 1e-12))
    # the deficit grows by some 1e-12 in between; naive evaluation is good to 1e-15 / 0.1
    assert_close(below, above, 1e-11)


@pytest.mark.parametrize("case", CASES)
def test_reference_vectors(case):
    vectors = read_vectors(case)
    query, key, value = (vectors[name] for name in ("query", "key", "value"))
    assert_close(brute_force.softmax_attend(query, key, value), vectors["softmax"])
    assert_close(brute_force.attention_entropy(query, key, entropy="exact"), vectors["entropy_softmax"])
    x = torch.stack([brute_force.logits_of(q, k) for q, k in zip(query, key, strict=True)])
    for entropy in brute_force.ESTIMATORS:
        assert_close(
            torch.stack([brute_force.deficit_of(rows, entropy) for rows in x]), vectors[f"deficit_{entropy}"], 1e-10
        )
        theta = torch.stack([brute_force.theta_of(rows, entropy) for rows in x]) + 1e-8
        assert_close(theta, vectors[f"theta_{entropy}"], 1e-10)
        assert_close(brute_force.attend(query, key, value, entropy=entropy), vectors[f"out_{entropy}"], what=entropy)

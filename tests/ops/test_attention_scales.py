"""Logits from 1e-40 to 1e3: finite values and gradients, and agreement with brute force, on every path."""

import pytest
import torch
from ops import brute_force
from ops.compare import TOLERANCE, assert_all_close, assert_close, draw, value_and_gradients

from basicts_elin.ops import ESTIMATORS, PATHS, attention_entropy, entropy_equal_attention

SCALES = [1e-40, 1e-20, 1e-8, 1e-4, 1e-3, 1.0, 30.0, 1e3]
SHAPES = {"N < d": ((2, 4, 5), (2, 3, 5), (2, 3, 5)), "N > d": ((2, 12, 4), (2, 12, 4), (2, 12, 4))}


def tolerance_of(dtype, entropy, scale):
    if dtype == torch.float64:
        # the package documents 2e-9 where its series for the exact deficit takes over
        return 1e-8 if entropy == "exact" else 1e-10
    # logits of size s are rounded to s times the unit roundoff, and the softmax multiplies by the exponential of that
    return TOLERANCE[dtype] + (scale * torch.finfo(dtype).eps * 10 if entropy == "exact" else 0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("scaled", ["query", "key"])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
def test_scales(shapes, scale, scaled, entropy, dtype):
    query, key, value = draw(*shapes)
    if scaled == "query":
        query = query * scale
    else:
        key = key * scale
    tensors = [t.to(dtype) for t in (query, key, value)]
    expected = value_and_gradients(lambda *t: brute_force.attend(*t, entropy=entropy), *(t.double() for t in tensors))
    for path in PATHS:
        got = value_and_gradients(
            lambda *t, path=path: entropy_equal_attention(*t, entropy=entropy, path=path), *tensors
        )
        assert all(t.isfinite().all() for t in got), path
        assert_all_close(got, expected, tolerance_of(dtype, entropy, scale), path)


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_squared_logits_do_not_overflow_in_float16(entropy):
    query, key, value = draw((20, 4), (12, 4), (12, 4), dtype=torch.float16)
    query = 200 * query
    logits = brute_force.logits_of(query.double(), key.double())
    assert logits.abs().max() > 300 and logits.square().mean(-1).max() > torch.finfo(torch.float16).max
    expected = brute_force.attend(query, key, value, entropy=entropy)
    for path in PATHS:
        got = entropy_equal_attention(query, key, value, entropy=entropy, path=path)
        assert_close(got, expected, 1e-2, path)  # unit roundoff 5e-4
    if entropy not in ("taylor", "taylor2"):  # theirs is log N - m2 (or half of it), which float16 cannot hold
        assert attention_entropy(query, key, entropy=entropy).isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("scale", SCALES)
def test_entropy_at_scales(scale, entropy, dtype):
    query, key = (t.to(dtype) for t in draw((6, 4), (12, 4)))
    query = query * scale
    got = value_and_gradients(lambda *t: attention_entropy(*t, entropy=entropy), query, key)
    assert all(t.isfinite().all() for t in got)
    expected = brute_force.attention_entropy(query, key, entropy=entropy)
    # an entropy is log N minus a deficit as large as the squared logits, known to the rounding of the larger of both
    larger = expected.abs().max().clamp(min=torch.tensor(12.0).log())
    difference = (got[0].double() - expected).abs().max()
    assert difference <= tolerance_of(dtype, entropy, scale) * larger

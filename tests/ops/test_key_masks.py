"""Masked keys count as removed, whatever they hold."""

import pytest
import torch
from ops import brute_force
from ops.compare import assert_all_close, draw, value_and_gradients

from basicts_elin.ops import ESTIMATORS, PATHS, attention_entropy, entropy_equal_attention

DTYPES = [torch.float64, torch.float32, torch.bfloat16]
# query, key, value and mask; brute force takes the mask with a dimension for the queries
MASKED = {
    "N < d": ((2, 3, 6), (2, 5, 6), (2, 5, 6), (2, 5)),
    "N > d": ((2, 3, 4), (2, 9, 4), (2, 9, 4), (2, 9)),
    "one mask for all": ((2, 3, 4), (2, 9, 4), (2, 9, 4), (9,)),
    "mask per batch, shared by heads": ((3, 2, 5, 4), (3, 2, 9, 4), (3, 2, 9, 2), (3, 1, 9)),
    "mask with more leading dimensions": ((5, 4), (9, 4), (9, 3), (3, 2, 9)),
}


def draw_mask(shape, seed=1):
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(seed)) > 0.5
    mask[..., 0] = True
    assert not mask.all()
    return mask


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("shapes", MASKED.values(), ids=MASKED)
def test_masked_keys_are_as_removed(shapes, entropy, dtype):
    *shapes, mask_shape = shapes
    tensors, mask = draw(*shapes, dtype=dtype), draw_mask(mask_shape)
    expected = value_and_gradients(
        lambda *t: brute_force.attend(*t, keep=mask.unsqueeze(-2), entropy=entropy), *(t.double() for t in tensors)
    )
    for path in PATHS:
        got = value_and_gradients(
            lambda *t, path=path: entropy_equal_attention(*t, key_mask=mask, entropy=entropy, path=path), *tensors
        )
        assert_all_close(got, expected, what=path)


@pytest.mark.parametrize("garbage", [float("nan"), float("inf"), -float("inf"), 1e30])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_garbage_under_the_mask_does_not_leak(entropy, path, garbage):
    query, key, value = draw((2, 6, 4), (2, 9, 4), (2, 9, 4), dtype=torch.float32)
    mask = draw_mask((2, 9))
    mask[1] = False

    def attend(*tensors):
        return entropy_equal_attention(*tensors, key_mask=mask, entropy=entropy, path=path)

    clean = value_and_gradients(attend, query, key, value)
    spoilt = [t.masked_fill(~mask.unsqueeze(-1), garbage) for t in (key, value)]
    got = value_and_gradients(attend, query, *spoilt)
    for left, right in zip(got, clean, strict=True):
        assert torch.equal(left, right)
    for gradient in got[2:]:
        assert (gradient[~mask] == 0).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_no_key_left_gives_zero(entropy, path, dtype):
    tensors = draw((2, 6, 4), (2, 9, 4), (2, 9, 4), dtype=dtype)
    mask = torch.stack([torch.zeros(9, dtype=torch.bool), torch.ones(9, dtype=torch.bool)])
    output, *gradients = value_and_gradients(
        lambda *t: entropy_equal_attention(*t, key_mask=mask, entropy=entropy, path=path), *tensors
    )
    assert (output[0] == 0).all() and (output[1] != 0).any()
    for gradient in gradients:
        assert gradient.isfinite().all()
        assert (gradient[0] == 0).all() and (gradient[1] != 0).any()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_one_key_left_gives_its_value(entropy, path):
    query, key, value = draw((2, 6, 4), (2, 9, 4), (2, 9, 4))
    mask = torch.zeros(9, dtype=torch.bool)
    mask[5] = True
    output, *gradients = value_and_gradients(
        lambda *t: entropy_equal_attention(*t, key_mask=mask, entropy=entropy, path=path), query, key, value
    )
    assert torch.equal(output, value[:, 5:6].expand(2, 6, 4))
    assert (gradients[0] == 0).all() and (gradients[1] == 0).all()


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_mask_that_keeps_all_changes_nothing(entropy):
    tensors = draw((2, 6, 4), (2, 9, 4), (2, 9, 4))
    for path in PATHS:
        plain = value_and_gradients(
            lambda *t, path=path: entropy_equal_attention(*t, entropy=entropy, path=path), *tensors
        )
        masked = value_and_gradients(
            lambda *t, path=path: entropy_equal_attention(
                *t, key_mask=torch.ones(9, dtype=torch.bool), entropy=entropy, path=path
            ),
            *tensors,
        )
        assert_all_close(masked, plain, what=path)


@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("shapes", MASKED.values(), ids=MASKED)
def test_entropy_of_masked_attention(shapes, entropy):
    query_shape, key_shape, _, mask_shape = shapes
    (query, key), mask = draw(query_shape, key_shape), draw_mask(mask_shape)
    expected = value_and_gradients(
        lambda *t: brute_force.attention_entropy(*t, keep=mask.unsqueeze(-2), entropy=entropy), query, key
    )

    def estimate(*tensors):
        return attention_entropy(*tensors, key_mask=mask, entropy=entropy)

    assert_all_close(value_and_gradients(estimate, query, key), expected)
    spoilt = key.expand(*mask.shape, key.shape[-1]) if mask.dim() > key.dim() - 1 else key
    spoilt = spoilt.masked_fill(~mask.unsqueeze(-1), float("nan"))
    for got in value_and_gradients(estimate, query, spoilt):
        assert got.isfinite().all()


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_entropy_without_a_key_is_zero(entropy):
    output, *gradients = value_and_gradients(
        lambda *t: attention_entropy(*t, key_mask=torch.zeros(9, dtype=torch.bool), entropy=entropy),
        *draw((6, 4), (9, 4)),
    )
    assert (output == 0).all() and all((gradient == 0).all() for gradient in gradients)

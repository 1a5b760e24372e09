"""BasicTS's additive masks in EntropyEqualAttention: a dropped key is as removed."""

import pytest
import torch
from basicts.modules.transformer import prepare_causal_attention_mask
from modules.compose import compose, parameter_gradients, small_layer
from ops.compare import assert_close, draw

from basicts_elin.modules import EntropyEqualAttention, SoftmaxAttention, heads
from basicts_elin.modules.entropy_equal import LAYER_PATHS as PATHS
from basicts_elin.ops import ESTIMATORS

B, H, N = 2, 3, 7
DROPS = {"-inf": -torch.inf, "finfo.min": torch.finfo(torch.float64).min, "-1e9": -1e9}
KEEP = torch.ones(B, 1, 1, N, dtype=torch.bool)
KEEP[0, ..., 4:] = False
KEEP[1, ..., [0, 3]] = False
SAME_FOR_ALL_QUERIES = {
    "[B, 1, 1, N]": KEEP,
    "[B, 1, L, N]": KEEP.expand(B, 1, N, N),
    "[B, H, L, N]": torch.stack([KEEP[:, 0], KEEP.flip(0)[:, 0], KEEP.flip(-1)[:, 0]], dim=1).expand(B, H, N, N),
    "[L, N]": KEEP[1, 0].expand(N, N),
    "[1, N]": KEEP[1, 0],
}
CAUSAL = torch.ones(N, N, dtype=torch.bool).tril()
PER_QUERY = {
    "[L, N]": CAUSAL,
    "[B, 1, L, N]": CAUSAL & KEEP.flip(-1),  # some queries have no key
    "[B, H, L, N]": torch.stack([CAUSAL, CAUSAL.flip(-1), CAUSAL.T]).expand(B, H, N, N),
    "[B, 1, L, 1]": KEEP.transpose(-1, -2),  # all keys or none
}


def additive(keep, drop=-torch.inf):
    return torch.zeros(keep.shape, dtype=torch.float64).masked_fill(~keep, drop)


def check(layer, mask, keep, **settings):
    """Values and gradients of every parameter against the composition."""
    (hidden_states,) = draw((B, N, 12))
    output = layer(hidden_states, attention_mask=mask)[0]
    expected = compose(layer, hidden_states, keep=keep, **settings)
    assert_close(output, expected)
    gradients, expected = (parameter_gradients(layer, o) for o in (output, expected))
    for name, gradient in gradients.items():
        if name == "k_proj.bias":
            assert gradient.abs().max() < 1e-14
        else:
            assert_close(gradient, expected[name], what=name)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("keep", SAME_FOR_ALL_QUERIES.values(), ids=SAME_FOR_ALL_QUERIES)
def test_same_for_every_query(keep, entropy, path):
    check(small_layer(EntropyEqualAttention, entropy=entropy, path=path), additive(keep), keep, entropy=entropy)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("keep", PER_QUERY.values(), ids=PER_QUERY)
def test_different_per_query(keep, entropy, path):
    check(small_layer(EntropyEqualAttention, entropy=entropy, path=path), additive(keep), keep, entropy=entropy)


def test_masked_keys_equal_removed_tokens():
    """Without the brute force: the layer on the tokens that are left."""
    layer = small_layer(EntropyEqualAttention)
    (hidden_states,) = draw((B, N, 12))
    output = layer(hidden_states, attention_mask=additive(KEEP))[0]
    for i in range(B):
        assert_close(output[i : i + 1], layer(hidden_states[i : i + 1], hidden_states[i : i + 1, KEEP[i, 0, 0]])[0])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("drop", DROPS.values(), ids=DROPS)
def test_every_very_negative_number_drops(drop, path):
    layer = small_layer(EntropyEqualAttention, path=path)
    (hidden_states,) = draw((B, N, 12))
    for keep in (KEEP, CAUSAL):
        expected = layer(hidden_states, attention_mask=additive(keep))[0]
        assert torch.equal(layer(hidden_states, attention_mask=additive(keep, drop))[0], expected)
        if drop >= torch.finfo(torch.float32).min:
            mask = additive(keep, drop).float()
            assert torch.equal(layer(hidden_states, attention_mask=mask)[0], expected)


@pytest.mark.parametrize("padding", [None, KEEP[:, 0, 0]], ids=["", "padding"])
def test_causal_mask_of_basicts(padding):
    (hidden_states,) = draw((B, N, 12))
    keep = CAUSAL if padding is None else CAUSAL & padding[:, None, None]
    for entropy in ESTIMATORS:
        layer = small_layer(EntropyEqualAttention, entropy=entropy)
        mask = prepare_causal_attention_mask((B, N), hidden_states, padding)
        check(layer, mask, keep, entropy=entropy)


@pytest.mark.parametrize("mask", SAME_FOR_ALL_QUERIES.values(), ids=SAME_FOR_ALL_QUERIES)
def test_mask_same_for_every_query_forms_no_weights(mask, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("weights were formed")

    monkeypatch.setattr(heads, "entropy_equal_weights", refuse)
    layer = small_layer(EntropyEqualAttention, path="linear")
    (hidden_states,) = draw((B, N, 12))
    layer(hidden_states, attention_mask=additive(mask))
    with pytest.raises(AssertionError, match="weights were formed"):
        layer(hidden_states, attention_mask=additive(CAUSAL))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("output_attentions", [False, True])
def test_no_key_left_gives_the_output_bias(output_attentions, path):
    layer = small_layer(EntropyEqualAttention, path=path)
    (hidden_states,) = draw((B, N, 12))
    for mask in (torch.full((B, 1, 1, N), -torch.inf), torch.full((N, N), -torch.inf)):
        output, weights, _ = layer(hidden_states, attention_mask=mask, output_attentions=output_attentions)
        assert torch.equal(output, layer.out_proj.bias.expand_as(output))
        assert not output_attentions or (weights == 0).all()
        for name, gradient in parameter_gradients(layer, output).items():
            assert gradient.isfinite().all(), name


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("output_attentions", [False, True])
@pytest.mark.parametrize("keep", [KEEP, KEEP & CAUSAL], ids=["key mask", "per query"])
def test_garbage_in_tokens_that_no_query_keeps(keep, output_attentions, path):
    """Padding of any content, in cross-attention: the queries are sound."""
    layer = small_layer(EntropyEqualAttention, path=path, dropout=0.1).eval()
    hidden_states, tokens = draw((B, N, 12), (B, N, 12))
    expected = layer(hidden_states, tokens, attention_mask=additive(keep), output_attentions=output_attentions)[0]
    tokens[~KEEP[:, 0, 0]] = torch.nan
    output = layer(hidden_states, tokens, attention_mask=additive(keep), output_attentions=output_attentions)[0]
    assert torch.equal(output, expected)


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_masked_weights(entropy):
    layer = small_layer(EntropyEqualAttention, entropy=entropy)
    (hidden_states,) = draw((B, N, 12))
    for keep in (KEEP, CAUSAL):
        output, weights, _ = layer(hidden_states, attention_mask=additive(keep), output_attentions=True)
        assert weights.shape == (B, H, N, N)
        assert (weights[~keep.expand(B, H, N, N)] == 0).all()
        assert_close(weights.sum(-1), torch.ones(B, H, N).double())
        assert_close(output, layer(hidden_states, attention_mask=additive(keep))[0])


@pytest.mark.parametrize("value", [1.0, -1.0, -5e3, torch.inf, torch.nan, 1e-30], ids=str)
def test_other_numbers_are_refused(value):
    layer = small_layer(EntropyEqualAttention)
    (hidden_states,) = draw((B, N, 12))
    mask = additive(KEEP)
    mask[0, 0, 0, 0] = value
    with pytest.raises(ValueError, match=f"^attention_mask: value {value:g}; .*0.*-1e4"):
        layer(hidden_states, attention_mask=mask)


@pytest.mark.parametrize("kind", [EntropyEqualAttention, SoftmaxAttention])
@pytest.mark.parametrize("mask", [KEEP, KEEP.long()], ids=["bool", "integers"])
def test_masks_of_another_kind_are_refused(mask, kind):
    layer = small_layer(kind)
    (hidden_states,) = draw((B, N, 12))
    with pytest.raises(
        ValueError, match=rf"^attention_mask: dtype {mask.dtype}, shape \[{', '.join(map(str, mask.shape))}\]"
    ):
        layer(hidden_states, attention_mask=mask)


def test_a_mask_of_one_dimension_is_for_the_keys():
    layer = small_layer(EntropyEqualAttention)
    (hidden_states,) = draw((B, N, 12))
    mask = torch.zeros(N)
    mask[2] = -torch.inf
    others = [token for token in range(N) if token != 2]
    expected = layer(hidden_states, key_value_states=hidden_states[:, others])[0]
    assert_close(layer(hidden_states, attention_mask=mask)[0], expected)

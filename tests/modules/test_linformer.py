"""LinformerAttention: softmax attention over proj_len mixtures of the key tokens, written out here."""

import math

import pytest
import torch
from basicts.modules.transformer import MultiHeadAttention, RotaryPositionEmbedding, prepare_causal_attention_mask
from modules.compose import identity_output, parameter_gradients, small_layer, split_heads
from ops.compare import assert_close, draw
from ops.memory_meter import MemoryMeter

from basicts_elin.modules import LinformerAttention

B, N, K = 2, 7, 5
KEEP = torch.ones(B, 1, 1, N, dtype=torch.bool)
KEEP[0, ..., 4:] = False
KEEP[1, ..., [0, 3]] = False
SAME_FOR_ALL_QUERIES = {
    "[B, 1, 1, N]": KEEP,
    "[B, 1, L, N]": KEEP.expand(B, 1, N, N),
    "[B, H, 1, N]": torch.cat([KEEP, KEEP.flip(0), KEEP.flip(-1)], dim=1),
    "[L, N]": KEEP[1, 0].expand(N, N),
    "[N]": KEEP[1, 0, 0],
}


def small(**settings):
    return small_layer(LinformerAttention, **{"seq_len": N, "proj_len": K, **settings})


def additive(keep, drop=-torch.inf):
    return torch.zeros(keep.shape, dtype=torch.float64).masked_fill(~keep, drop)


def brute_force(layer, hidden_states, key_value_states=None, keep=None):
    """Output [B, L, D] and weights [B, H, L, K], one batch entry, head, query and mixture after the other."""
    tokens = hidden_states if key_value_states is None else key_value_states
    query = split_heads(layer, layer.q_proj(hidden_states))
    key, value = (split_heads(layer, project(tokens)) for project in (layer.k_proj, layer.v_proj))
    batch, heads, n_queries, width = query.shape
    keep = torch.ones(()).bool() if keep is None else keep
    keep = keep.expand(batch, heads, n_queries, tokens.shape[1])[:, :, 0]
    all_weights, contexts = [], []
    for b in range(batch):
        for h in range(heads):
            kept = [j for j in range(tokens.shape[1]) if keep[b, h, j]]
            mixed_keys, mixed_values = [], []
            for m in range(layer.proj_len):
                none = torch.zeros(width).double()
                mixed_keys.append(sum((layer.compress_k[m, j] * key[b, h, j] for j in kept), none))
                mixed_values.append(sum((layer.compress_v[m, j] * value[b, h, j] for j in kept), none))
            for i in range(n_queries):
                scores = [torch.exp((query[b, h, i] * mixed).sum() / math.sqrt(width)) for mixed in mixed_keys]
                weights = torch.stack(scores) / sum(scores)
                all_weights.append(weights)
                contexts.append(sum(w * mixed for w, mixed in zip(weights, mixed_values, strict=True)))
    context = torch.stack(contexts).reshape(batch, heads, n_queries, width)
    output = layer.out_proj(context.permute(0, 2, 1, 3).reshape(hidden_states.shape))
    return output, torch.stack(all_weights).reshape(batch, heads, n_queries, layer.proj_len)


@pytest.mark.parametrize("output_attentions", [False, True])
@pytest.mark.parametrize("n_queries", [None, 4], ids=["self", "cross"])
@pytest.mark.parametrize("proj_len", [1, K, 9])
def test_equals_brute_force(proj_len, n_queries, output_attentions):
    layer = small(proj_len=proj_len)
    hidden_states, tokens = draw((B, n_queries or N, 12), (B, N, 12))
    tokens = tokens if n_queries else None
    output, weights, _ = layer(hidden_states, tokens, output_attentions=output_attentions)
    expected, expected_weights = brute_force(layer, hidden_states, tokens)
    assert_close(output, expected)
    assert (weights is None) == (not output_attentions)
    if output_attentions:
        assert_close(weights, expected_weights)
    gradients, expected_gradients = (parameter_gradients(layer, o) for o in (output, expected))
    for name, gradient in gradients.items():
        assert gradient is not None, name
        if proj_len == 1 and name.startswith(("q_proj", "k_proj", "compress_k")):
            assert gradient.abs().max() < 1e-14  # the only mixture has all the weight
        else:
            assert_close(gradient, expected_gradients[name], what=name)
            assert gradient.abs().max() > 1e-4, name


def test_gradients_by_finite_differences():
    torch.manual_seed(0)
    layer = LinformerAttention(4, 2, seq_len=3, proj_len=2).double()
    names = [name for name, _ in layer.named_parameters()]
    (hidden_states,) = draw((1, 3, 4))

    def function(hidden_states, *parameters):
        call = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(layer, call, hidden_states)[0]

    assert torch.autograd.gradcheck(function, (hidden_states.requires_grad_(), *layer.parameters()))


@pytest.mark.parametrize("output_attentions", [False, True])
@pytest.mark.parametrize("masked", [False, True], ids=["", "masked"])
@pytest.mark.parametrize("cross", [False, True], ids=["self", "cross"])
def test_more_dimensions_equal_a_loop(cross, masked, output_attentions):
    layer = small()
    hidden_states, tokens = draw((2, 3, 2, N, 12), (2, 3, 2, N, 12))
    mask = additive(KEEP[1, 0]) if masked else None
    for leading in (slice(None), 0, (0, 0, 0)):  # 5, 4 and 2 dimensions
        states, keys = hidden_states[leading], tokens[leading] if cross else None
        output, weights, _ = layer(states, keys, attention_mask=mask, output_attentions=output_attentions)
        looped = [
            layer(one[None], other[None] if cross else None, attention_mask=mask)[0][0]
            for one, other in zip(states.reshape(-1, N, 12), tokens[leading].reshape(-1, N, 12), strict=True)
        ]
        assert_close(output, torch.stack(looped).reshape(states.shape))
        assert weights is None or weights.shape == (*states.shape[:-2], 3, N, K)


@pytest.mark.parametrize("output_attentions", [False, True])
@pytest.mark.parametrize("keep", SAME_FOR_ALL_QUERIES.values(), ids=SAME_FOR_ALL_QUERIES)
def test_a_mask_takes_tokens_out_of_the_mixtures(keep, output_attentions):
    layer = small()
    (hidden_states,) = draw((B, N, 12))
    output, weights, _ = layer(hidden_states, attention_mask=additive(keep), output_attentions=output_attentions)
    expected, expected_weights = brute_force(layer, hidden_states, keep=keep)
    assert_close(output, expected)
    assert (output - layer(hidden_states)[0]).abs().max() > 1e-3
    if output_attentions:
        assert_close(weights, expected_weights)
    gradients, expected = (parameter_gradients(layer, o) for o in (output, expected))
    for name, gradient in gradients.items():
        assert_close(gradient, expected[name], what=name)


def test_a_dropped_token_is_as_a_missing_column():
    layer = small()
    (hidden_states,) = draw((B, N, 12))
    output = layer(hidden_states, attention_mask=additive(KEEP))[0]
    for i in range(B):
        kept = KEEP[i, 0, 0]
        shorter = small(seq_len=int(kept.sum()))
        columns = {name: getattr(layer, name)[:, kept] for name in ("compress_k", "compress_v")}
        shorter.load_state_dict({**layer.state_dict(), **columns})
        expected = shorter(hidden_states[i : i + 1], hidden_states[i : i + 1, kept])[0]
        assert_close(output[i : i + 1], expected)


@pytest.mark.parametrize("drop", [-torch.inf, torch.finfo(torch.float64).min, -1e9], ids=str)
def test_garbage_in_tokens_that_are_dropped(drop):
    layer = small()
    hidden_states, tokens = draw((B, N, 12), (B, N, 12))
    expected = layer(hidden_states, tokens, attention_mask=additive(KEEP))[0]
    tokens[~KEEP[:, 0, 0]] = torch.nan
    assert torch.equal(layer(hidden_states, tokens, attention_mask=additive(KEEP, drop))[0], expected)


@pytest.mark.parametrize("output_attentions", [False, True])
def test_no_token_left_gives_the_output_bias(output_attentions):
    layer = small()
    (hidden_states,) = draw((B, N, 12))
    mask = torch.full((B, 1, 1, N), -torch.inf)
    output = layer(hidden_states, attention_mask=mask, output_attentions=output_attentions)[0]
    assert torch.equal(output, layer.out_proj.bias.expand_as(output))


@pytest.mark.parametrize("output_attentions", [False, True])
def test_a_mask_of_its_own_for_each_query_is_refused(output_attentions):
    layer = small()
    (hidden_states,) = draw((B, N, 12))
    mask = prepare_causal_attention_mask((B, N), hidden_states)
    with pytest.raises(ValueError, match=r"^attention_mask: shape \[2, 1, 7, 7\].*EntropyEqualAttention"):
        layer(hidden_states, attention_mask=mask, output_attentions=output_attentions)


@pytest.mark.parametrize("value", [1.0, -5e3, torch.nan], ids=str)
def test_a_bias_on_the_logits_is_refused(value):
    (hidden_states,) = draw((B, N, 12))
    with pytest.raises(ValueError, match=f"^attention_mask: value {value:g}; .*0.*-1e4"):
        small()(hidden_states, attention_mask=torch.full((1, N), value))


@pytest.mark.parametrize("output_attentions", [False, True])
def test_dropout_is_on_the_weights_while_training(output_attentions):
    layer = identity_output(small(dropout=0.4, proj_len=30))
    (hidden_states,) = draw((4, N, 12))
    output, weights, _ = layer(hidden_states, output_attentions=output_attentions)
    layer.eval()
    expected, expected_weights, _ = layer(hidden_states, output_attentions=output_attentions)
    assert (output - expected).abs().max() > 1e-2
    assert (output == 0).sum() == 0  # dropped outputs would be
    assert torch.equal(layer(hidden_states, output_attentions=output_attentions)[0], expected)
    assert_close(expected, brute_force(layer, hidden_states)[0])
    if output_attentions:
        dropped = weights == 0
        assert dropped.double().mean().item() == pytest.approx(0.4, abs=0.06)  # 2520 draws: 6 deviations
        assert_close(weights[~dropped], expected_weights[~dropped] / 0.6)


@pytest.mark.parametrize("leading", [(2,), (2, 3)], ids=str)
def test_memory_is_linear_in_the_tokens(leading):
    meters = []
    for n_tokens in (256, 512):
        layer = small(seq_len=n_tokens, dropout=0.1)
        (hidden_states,) = draw((*leading, n_tokens, 12))
        with MemoryMeter() as meter:
            layer(hidden_states)[0].sum().backward()
        meters.append(meter)
    assert meters[1].peak_bytes <= 2.2 * meters[0].peak_bytes
    assert meters[1].largest < 512 * 512


@pytest.mark.parametrize("leading", [(2,), (2, 3)], ids=str)
def test_no_weights_are_formed_unless_asked(leading):
    layer = small_layer(LinformerAttention, seq_len=100, proj_len=50, dtype=torch.float32)
    (hidden_states,) = draw((*leading, 100, 12), dtype=torch.float32)
    for output_attentions in (False, True):
        with MemoryMeter() as meter:
            layer(hidden_states, output_attentions=output_attentions)[0].sum().backward()
        weights = math.prod(leading) * 3 * 100 * 50
        assert (meter.largest >= weights) == output_attentions


def test_matrices_are_shared_by_the_heads_and_not_by_keys_and_values():
    layer = LinformerAttention(12, 3, seq_len=400, proj_len=100)
    others = {name: list(value.shape) for name, value in layer.state_dict().items() if "proj" not in name}
    assert others == {"compress_k": [100, 400], "compress_v": [100, 400]}
    assert not torch.equal(layer.compress_k, layer.compress_v)
    # Xavier uniform with gain 1/sqrt(2)
    bound = math.sqrt(3 / (100 + 400))
    for matrix in (layer.compress_k, layer.compress_v):
        assert 0.99 * bound < matrix.abs().max() <= bound
        assert matrix.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)


@pytest.mark.parametrize("output_attentions", [False, True])
def test_tied_positions_are_equal_columns(output_attentions):
    tied, layer = small(tied_positions=True), small()
    assert "tied_positions=True" in repr(tied)
    for name in ("compress_k", "compress_v"):
        # drawn alike, so that only the tie differs
        assert torch.equal(getattr(tied, name), getattr(layer, name)[:, :1])
        with torch.no_grad():
            getattr(layer, name).copy_(getattr(tied, name).expand(K, N))
    (hidden_states,) = draw((B, N, 12))
    for mask in (None, additive(KEEP)):
        output, weights, _ = tied(hidden_states, attention_mask=mask, output_attentions=output_attentions)
        expected, expected_weights, _ = layer(hidden_states, attention_mask=mask, output_attentions=output_attentions)
        assert_close(output, expected)
        assert weights is expected_weights is None or torch.allclose(weights, expected_weights)
    # the order of the tokens says nothing
    shuffled = hidden_states[:, torch.arange(N).roll(3)]
    assert_close(tied(shuffled)[0], tied(hidden_states)[0][:, torch.arange(N).roll(3)])


def test_state_dict_of_multi_head_attention():
    theirs, ours = small_layer(MultiHeadAttention, seed=1), small()
    missing, unexpected = ours.load_state_dict(theirs.state_dict(), strict=False)
    assert (sorted(missing), unexpected) == (["compress_k", "compress_v"], [])
    assert torch.equal(ours.q_proj.weight, theirs.q_proj.weight)


def test_the_only_number_of_tokens_is_checked():
    layer = small()
    hidden_states, tokens = draw((B, N, 12), (B, N - 1, 12))
    message = "^key tokens: 6; .*seq_len=7.*seq_len=6"
    with pytest.raises(ValueError, match=message):
        layer(tokens)
    with pytest.raises(ValueError, match=message):
        layer(hidden_states, tokens)
    assert layer(tokens, hidden_states)[0].shape == (B, N - 1, 12)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"seq_len": 0}, "^seq_len: 0; .*1"),
        ({"proj_len": 0}, "^proj_len: 0; .*1"),
        ({"n_heads": 5}, "^hidden_size: 12; .*n_heads=5"),
        ({"dropout": 1.0}, r"^dropout: 1.0; .*\[0, 1\)"),
    ],
)
def test_sizes(settings, message):
    with pytest.raises(ValueError, match=message):
        small(**settings)


def test_what_is_missing():
    with pytest.raises(NotImplementedError, match="^kv_heads: 1; .*LinformerAttention"):
        small(kv_heads=1)
    with pytest.raises(NotImplementedError, match="^rope: .*LinformerAttention"):
        small(rope=RotaryPositionEmbedding(4, 16))
    (hidden_states,) = draw((B, N, 12))
    with pytest.raises(NotImplementedError, match="^use_cache: True; .*LinformerAttention"):
        small()(hidden_states, use_cache=True)


def test_arguments_by_position():
    layer = LinformerAttention(12, 3, 7, 5, 0.25)
    assert (layer.seq_len, layer.proj_len, layer.dropout) == (7, 5, 0.25)
    assert LinformerAttention(12, 3, 7).proj_len == 64
    assert "seq_len=7, proj_len=5" in repr(layer)

"""EntropyEqualMultiheadAttention is called like torch's layer, and computes our attention wherever torch puts it."""

import pytest
import torch
from modules.compose import compose, small_layer
from ops.compare import assert_close, draw
from torch import nn

from basicts_elin import EntropyEqualAttention, EntropyEqualMultiheadAttention

E, H = 12, 4


def pair(bias=True, dtype=torch.float64, **settings):
    """A layer, and EntropyEqualAttention with the same numbers."""
    torch.manual_seed(0)
    layer = EntropyEqualMultiheadAttention(E, H, bias=bias, batch_first=True, dtype=dtype, **settings)
    with torch.no_grad():
        for parameter in layer.parameters():
            nn.init.normal_(parameter, std=0.5)
    other = small_layer(EntropyEqualAttention, E, H, dtype=dtype, **settings)
    biases = layer.in_proj_bias.chunk(3) if bias else [torch.zeros(E)] * 3
    for name, weight, vector in zip(("q_proj", "k_proj", "v_proj"), layer.in_proj_weight.chunk(3), biases, strict=True):
        getattr(other, name).load_state_dict({"weight": weight, "bias": vector})
    out_bias = layer.out_proj.bias if bias else torch.zeros(E)
    other.out_proj.load_state_dict({"weight": layer.out_proj.weight, "bias": out_bias})
    return layer, other


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("n_tokens", [3, 40])
@pytest.mark.parametrize("entropy", ["taylor", "gaussian"])
def test_it_is_our_attention(entropy, n_tokens, need_weights, bias):
    layer, other = pair(bias, entropy=entropy)
    (tokens,) = draw((2, n_tokens, E))
    mask = torch.zeros(2, n_tokens, dtype=torch.bool)
    mask[1, -1] = True
    keep = ~mask[:, None, None]
    for given in (mask, torch.zeros(2, n_tokens).masked_fill(mask, -torch.inf)):
        output, weights = layer(tokens, tokens, tokens, given, need_weights=need_weights)
        assert_close(output, compose(other, tokens, keep=keep, entropy=entropy))
        assert (weights is not None) == need_weights
    causal = torch.ones(n_tokens, n_tokens, dtype=torch.bool).triu(1)
    both = ~causal & keep
    for given in (causal, causal.expand(2 * H, -1, -1)):
        output, _ = layer(tokens, tokens, tokens, mask, need_weights, given, is_causal=True)
        assert_close(output, compose(other, tokens, keep=both, entropy=entropy))
    cross = draw((2, 9, E), seed=3)[0]
    assert_close(layer(tokens, cross, cross)[0], compose(other, tokens, cross, entropy=entropy))


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("average", [True, False])
def test_shapes_and_state_are_those_of_torch(batch_first, average):
    torch_layer = nn.MultiheadAttention(E, H, batch_first=batch_first)
    layer = EntropyEqualMultiheadAttention(E, H, batch_first=batch_first)
    state = torch_layer.state_dict()
    assert {name: value.shape for name, value in layer.state_dict().items()} == {n: v.shape for n, v in state.items()}
    layer.load_state_dict(state)
    for query, key in (((5, 2, E), (9, 2, E)), ((5, E), (9, E))):
        query, key = (torch.randn(shape) for shape in (query, key))
        if query.dim() == 3 and batch_first:
            query, key = query.transpose(0, 1), key.transpose(0, 1)
        found, expected = (each(query, key, key, average_attn_weights=average) for each in (layer, torch_layer))
        assert [tensor.shape for tensor in found] == [tensor.shape for tensor in expected]
        torch.testing.assert_close(found[1].sum(-1), torch.ones(found[1].shape[:-1]))
        assert layer(query, key, key, need_weights=False)[1] is None


def test_from_torch_shares_the_parameters():
    other = nn.MultiheadAttention(E, H, dropout=0.2, batch_first=True).eval()
    layer = EntropyEqualMultiheadAttention.from_torch(other, entropy="gaussian")
    assert all(one is two for one, two in zip(layer.parameters(), other.parameters(), strict=True))
    assert (layer.dropout, layer.training, layer.batch_first, layer.entropy) == (0.2, False, True, "gaussian")


@pytest.mark.filterwarnings("ignore:enable_nested_tensor", "ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("n_tokens", [3, 40])
@pytest.mark.parametrize("before", [True, False])
def test_an_encoder_computes_our_attention_in_every_mode(before, n_tokens):
    """before: the layer is replaced before the encoder copies it, else in a finished encoder."""
    torch.manual_seed(0)
    block = nn.TransformerEncoderLayer(E, H, 16, dropout=0.0, batch_first=True)
    if before:
        block.self_attn = EntropyEqualMultiheadAttention.from_torch(block.self_attn)
    encoder = nn.TransformerEncoder(block, 2)
    if not before:
        for each in encoder.layers:
            each.self_attn = EntropyEqualMultiheadAttention.from_torch(each.self_attn)
    tokens, mask = torch.randn(2, n_tokens, E), torch.zeros(2, n_tokens, dtype=torch.bool)
    mask[1, -1] = True
    for padding in (None, mask):
        expected = encoder.train()(tokens, src_key_padding_mask=padding)
        with torch.no_grad():
            found = encoder.eval()(tokens, src_key_padding_mask=padding)
        real = torch.ones_like(mask) if padding is None else ~padding
        assert_close(found[real], expected[real].detach())
        softmax = nn.TransformerEncoder(nn.TransformerEncoderLayer(E, H, 16, dropout=0.0, batch_first=True), 2)
        softmax.load_state_dict(encoder.state_dict())
        assert (softmax(tokens, src_key_padding_mask=padding)[real] - expected[real]).abs().max() > 1e-3


@pytest.mark.parametrize(
    "settings", [{"add_bias_kv": True}, {"add_zero_attn": True}, {"kdim": 5, "vdim": 12}, {"vdim": 5}]
)
def test_what_the_layer_does_not_have(settings):
    name = next(iter(settings))
    with pytest.raises(NotImplementedError, match=f"^{name}; "):
        EntropyEqualMultiheadAttention(E, H, **settings)
    with pytest.raises(NotImplementedError, match=f"^{name}; "):
        EntropyEqualMultiheadAttention.from_torch(nn.MultiheadAttention(E, H, **settings))


def test_wrong_calls():
    layer, tokens = EntropyEqualMultiheadAttention(E, H, batch_first=True), torch.randn(2, 5, E)
    with pytest.raises(ValueError, match="value 0.5; expected 0"):
        layer(tokens, tokens, tokens, attn_mask=torch.full((5, 5), 0.5))
    with pytest.raises(ValueError, match="^attn_mask: None"):
        layer(tokens, tokens, tokens, is_causal=True)
    with pytest.raises(ValueError, match="^key_padding_mask: shape"):
        layer(tokens, tokens, tokens, torch.zeros(2, 4, dtype=torch.bool))
    with pytest.raises(ValueError, match="^attn_mask: shape"):
        layer(tokens, tokens, tokens, attn_mask=torch.zeros(5, 4))

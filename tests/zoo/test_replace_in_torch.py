"""linearize on plain models of torch, and what a replaced layer keeps: its hooks and a replaced forward."""

import pytest
import torch
from basicts.modules.transformer import MultiHeadAttention
from ops.compare import assert_close, draw
from torch import nn
from zoo.encoders import encoder

from basicts_elin import EntropyEqualAttention, EntropyEqualMultiheadAttention, linearize, replace_attention


def transformer():
    torch.manual_seed(0)
    return nn.Transformer(12, 2, 2, 1, 16, dropout=0.0, batch_first=True)


def test_encoders_and_decoders_of_torch():
    model = transformer()
    state, parameters = model.state_dict(), list(model.parameters())
    done = linearize(model, "gaussian")
    assert list(done.replaced) == [
        "encoder.layers.0.self_attn",
        "encoder.layers.1.self_attn",
        "decoder.layers.0.multihead_attn",
    ]
    assert done.left == {"decoder.layers.0.self_attn": "causal: self-attention of a TransformerDecoderLayer"}
    assert list(model.state_dict()) == list(state)
    assert all(one is two for one, two in zip(model.parameters(), parameters, strict=True))
    source, target = draw((2, 5, 12), (2, 4, 12), dtype=torch.float32)
    expected = model(source, target)
    with torch.no_grad():
        assert_close(model.eval()(source, target), expected.detach())
    assert (transformer()(source, target) - expected).abs().max() > 1e-4


def test_a_factory_for_layers_of_torch():
    model = transformer().encoder
    before = model.layers[0].self_attn.in_proj_weight
    model.layers[0].self_attn.dropout = 0.3
    replace_attention(
        model, lambda layer, name: EntropyEqualMultiheadAttention(layer.embed_dim, layer.num_heads, batch_first=True)
    )
    new = model.layers[0].self_attn
    assert new.in_proj_weight is before and new.dropout == 0.3


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"kdim": 5, "vdim": 6}, "kdim=5, vdim=6, embed_dim=12"),
        ({"add_bias_kv": True}, "add_bias_kv or add_zero_attn"),
        ({"add_zero_attn": True}, "add_bias_kv or add_zero_attn"),
    ],
)
def test_layers_of_torch_that_are_left(settings, reason):
    assert linearize(nn.ModuleList([nn.MultiheadAttention(12, 2, **settings)])).left == {"0": reason}


def test_hooks_are_kept_and_their_handles_remove_them():
    model, calls = encoder(MultiHeadAttention(12, 3)), []
    old = model.layers[0].self_attn
    handles = [
        old.register_forward_hook(lambda module, args, kwargs, output: calls.append("after"), with_kwargs=True),
        old.register_forward_pre_hook(lambda module, args: calls.append("before")),
        old.register_full_backward_hook(lambda module, inward, outward: calls.append("backward")),
    ]
    linearize(model)
    assert type(model.layers[0].self_attn) is EntropyEqualAttention
    tokens = draw((2, 7, 12))[0].requires_grad_()
    model(tokens)[0].sum().backward()
    assert calls == ["before", "after", "backward"]
    for handle in handles:
        handle.remove()
    model(tokens)[0].sum().backward()
    assert len(calls) == 3


def test_a_replaced_forward_is_left():
    model = encoder(MultiHeadAttention(12, 3))
    layer = model.layers[0].self_attn
    layer.forward = layer.forward
    assert linearize(model).left == {"layers.0.self_attn": "its forward was replaced"}

"""attention_maps records weights that explain the outputs, and changes nothing."""

import pytest
import torch
from basicts.models.iTransformer import iTransformerConfig, iTransformerForForecasting
from basicts.modules.transformer import MultiHeadAttention
from modules.compose import small_layer, split_heads
from ops.compare import assert_close, draw
from tiny import DIMS, NODES, STEPS
from torch import nn

from basicts_elin import (
    ELinFormer,
    ELinFormerConfig,
    EntropyEqualAttention,
    LinformerAttention,
    SoftmaxAttention,
    STAEformer,
    STAEformerConfig,
    linearize,
)
from basicts_elin.modules.attention_maps import attention_maps

N = 40
CONFIG = {"input_len": STEPS, "output_len": STEPS, "num_features": NODES, **DIMS}
LAYERS = {
    "linear": lambda: small_layer(EntropyEqualAttention, dropout=0.4, entropy="gaussian"),
    "softmax": lambda: small_layer(SoftmaxAttention, dropout=0.4),
    "softmax of BasicTS": lambda: small_layer(MultiHeadAttention, dropout=0.4),
    "Linformer": lambda: small_layer(LinformerAttention, seq_len=N, proj_len=7, dropout=0.4),
    "Linformer, tied": lambda: small_layer(LinformerAttention, seq_len=N, proj_len=7, tied_positions=True),
}


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", LAYERS)
def test_weights_times_values_are_the_output(kind, masked):
    layer = LAYERS[kind]().eval()
    (tokens,) = draw((2, N, 12))
    mask = torch.zeros(N, dtype=tokens.dtype)
    mask[30:] = -1e9
    with attention_maps(layer) as maps:
        output = layer(tokens, attention_mask=mask if masked else None)[0]
    (weights,) = maps[""]
    assert weights.shape == (2, 3, N, N) and not weights.requires_grad
    assert (weights[..., 30:] == 0).all() == masked
    context = weights @ split_heads(layer, layer.v_proj(tokens))
    assert_close(layer.out_proj(context.transpose(1, 2).flatten(2)), output)


@pytest.mark.parametrize("kind", LAYERS)
def test_cross_attention_and_training(kind):
    layer = LAYERS[kind]()
    query, tokens = draw((2, 5, 12), (2, N, 12))
    torch.manual_seed(0)
    expected = layer(query, tokens)[0], torch.rand(3)
    torch.manual_seed(0)
    with attention_maps(layer) as maps:
        found = layer(query, key_value_states=tokens)[0], torch.rand(3)
        layer(query, tokens)
    assert all(map(torch.equal, found, expected))
    assert [weights.shape for weights in maps[""]] == [(2, 3, 5, N)] * 2
    # dropout plays no part in them
    assert torch.equal(*maps[""])
    assert all(module.training for module in layer.modules())
    assert not layer._forward_hooks


def test_torch_layers():
    layer = nn.MultiheadAttention(12, 3, batch_first=True)
    (tokens,) = draw((2, 5, 12), dtype=torch.float32)
    with attention_maps(nn.Sequential(layer)) as maps:
        layer(tokens, tokens, tokens, need_weights=False)
    expected = layer(tokens, tokens, tokens, average_attn_weights=False)[1]
    assert torch.equal(maps["0"][0], expected.detach())


@pytest.mark.parametrize("model", [(STAEformer, STAEformerConfig), (ELinFormer, ELinFormerConfig)])
def test_models_of_this_package(model):
    cls, config = model
    torch.manual_seed(0)
    model = cls(config(**CONFIG)).eval()
    inputs, times = torch.randn(2, STEPS, NODES), torch.zeros(2, STEPS, 2)
    expected = model(inputs, times)
    with attention_maps(model) as maps:
        assert torch.equal(model(inputs, times), expected)
    shapes = {name: [tuple(weights.shape) for weights in recorded] for name, recorded in maps.items()}
    assert shapes == {
        "temporal_layers.0.attention": [(2, NODES, 2, STEPS, STEPS)],
        "spatial_layers.0.attention": [(2, STEPS, 2, NODES, NODES)],
    }
    for (weights,) in maps.values():
        torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
    with attention_maps(model, ["spatial_layers.0.attention"]) as maps:
        assert list(maps) == ["spatial_layers.0.attention"] and maps["spatial_layers.0.attention"] == []


def test_models_of_basicts():
    sizes = {"hidden_size": 8, "intermediate_size": 8, "n_heads": 2}
    model = iTransformerForForecasting(iTransformerConfig(input_len=12, output_len=12, num_features=NODES, **sizes))
    with attention_maps(model.eval()) as maps:
        model(torch.randn(2, 12, NODES), torch.zeros(2, 12, 2))
    ((name, (weights,)),) = maps.items()
    assert name == "backbone.encoder.layers.0.self_attn" and weights.shape[:2] == (2, 2)


def test_hooks_are_gone_after_an_error():
    layer = small_layer(EntropyEqualAttention)
    with pytest.raises(RuntimeError, match="stop"), attention_maps(layer):
        raise RuntimeError("stop")
    assert not layer._forward_hooks


def test_wrong_names():
    model = nn.Sequential(small_layer(EntropyEqualAttention))
    with pytest.raises(ValueError, match="^names: '1'; expected .*: '0'$"), attention_maps(model, ["1"]):
        pass
    with pytest.raises(ValueError, match="^names: none; .* it has none$"), attention_maps(nn.Linear(2, 2)):
        pass


def test_our_layer_in_an_encoder_of_torch():
    torch.manual_seed(0)
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(12, 2, 16, batch_first=True), 1).eval()
    linearize(encoder)
    (tokens,) = draw((2, 5, 12), dtype=torch.float32)
    expected = encoder(tokens)
    with attention_maps(encoder) as maps:
        assert torch.equal(encoder(tokens), expected)
    (weights,) = maps["layers.0.self_attn"]
    assert weights.shape == (2, 2, 5, 5) and (weights < 0).any()
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2, 5))

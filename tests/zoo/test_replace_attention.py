"""replace_attention with a factory of the user's own, also on the models of this package."""

import pytest
import torch
from basicts.modules.transformer import MultiHeadAttention
from ops.compare import assert_close, draw
from tiny import DIMS, NODES, STEPS
from torch import nn
from zoo.encoders import encoder

from basicts_elin import (
    ELinFormer,
    ELinFormerConfig,
    EntropyEqualAttention,
    SoftmaxAttention,
    STAEformer,
    STAEformerConfig,
    replace_attention,
)

CONFIG = {"input_len": STEPS, "output_len": STEPS, "num_features": NODES, **DIMS}
LAYERS = ["temporal_layers.0.attention", "spatial_layers.0.attention"]


class Scaled(nn.Module):
    """A layer of another package: the mean of all values, times a parameter; dropout as a module."""

    def __init__(self, hidden_size, n_heads):
        super().__init__()
        self.dropout = nn.Dropout(0.9)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, hidden_states, *args, **kwargs):
        values = self.v_proj(hidden_states).mean(-2, keepdim=True).expand_as(hidden_states)
        return self.dropout(self.out_proj(values)) * self.scale, None, None


def scaled(attention, name):
    return Scaled(attention.hidden_size, attention.n_heads)


def test_a_layer_takes_over_projections_dropout_and_mode():
    model = encoder(*(MultiHeadAttention(12, 3, dropout=rate) for rate in (0.1, 0.25)))
    model.layers[1].eval()
    before = [layer.self_attn for layer in model.layers]
    done = replace_attention(model, scaled)
    assert (done.replaced, done.left) == (("layers.0.self_attn", "layers.1.self_attn"), {})
    for old, layer, mode in zip(before, model.layers, (True, False), strict=True):
        new = layer.self_attn
        assert type(new) is Scaled
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            assert getattr(new, name) is getattr(old, name)
        assert (new.dropout.p, new.training, new.dropout.training) == (old.dropout.p, mode, mode)
    model(draw((2, 7, 12))[0])[0].sum().backward()
    assert all(layer.self_attn.scale.grad is not None for layer in model.layers)


def test_the_models_of_this_package_are_served():
    torch.manual_seed(0)
    model, elinformer = STAEformer(STAEformerConfig(**CONFIG)), ELinFormer(ELinFormerConfig(**CONFIG))
    elinformer.load_state_dict(model.state_dict())
    done = replace_attention(model, lambda attention, name: EntropyEqualAttention(attention.hidden_size, 2))
    assert list(done.replaced) == LAYERS
    inputs, times = torch.randn(2, STEPS, NODES), torch.zeros(2, STEPS, 2)
    assert_close(model.eval()(inputs, times), elinformer.eval()(inputs, times))
    replace_attention(model, lambda attention, name: SoftmaxAttention(attention.hidden_size, 2))
    replace_attention(elinformer, lambda attention, name: SoftmaxAttention(attention.hidden_size, 2, fused=False))
    torch.testing.assert_close(model(inputs, times), elinformer(inputs, times))


def test_the_factory_is_told_the_name_and_may_leave_a_layer():
    model = STAEformer(STAEformerConfig(**CONFIG))
    names = []

    def factory(attention, name):
        names.append(name)
        return scaled(attention, name) if "spatial" in name else None

    done = replace_attention(model, factory)
    assert names == LAYERS
    assert done.replaced == (LAYERS[1],) and list(done.left) == [LAYERS[0]]
    assert type(model.temporal_layers[0].attention) is SoftmaxAttention


def test_the_layer_itself_may_be_changed_and_returned():
    model = STAEformer(STAEformerConfig(**CONFIG))

    def factory(attention, name):
        attention.fused = False
        return attention

    before = model.temporal_layers[0].attention
    assert list(replace_attention(model, factory).replaced) == LAYERS
    assert model.temporal_layers[0].attention is before and not before.fused


def test_only_chosen_layers_reach_the_factory():
    names = []
    done = replace_attention(STAEformer(STAEformerConfig(**CONFIG)), lambda _, name: names.append(name), "spatial*")
    assert names == [LAYERS[1]]
    assert set(done.left) == set(LAYERS) and len(set(done.left.values())) == 2


def test_an_error_of_the_factory_leaves_the_model_as_it_was():
    model = encoder(MultiHeadAttention(12, 3), MultiHeadAttention(12, 3))
    before = [layer.self_attn for layer in model.layers]

    def factory(attention, name):
        if "1" in name:
            raise RuntimeError(name)
        return scaled(attention, name)

    with pytest.raises(RuntimeError, match="layers.1.self_attn"):
        replace_attention(model, factory)
    assert [layer.self_attn for layer in model.layers] == before


def test_a_layer_in_two_places_stays_one_layer():
    shared, calls = MultiHeadAttention(12, 3), []
    model = encoder(shared, shared)
    replace_attention(model, lambda attention, name: calls.append(name) or scaled(attention, name))
    assert calls == ["layers.0.self_attn"]
    assert type(model.layers[0].self_attn) is Scaled and model.layers[0].self_attn is model.layers[1].self_attn


@pytest.mark.parametrize("layer", [MultiHeadAttention, SoftmaxAttention, EntropyEqualAttention])
def test_a_model_that_is_nothing_but_the_attention(layer):
    with pytest.raises(ValueError, match=layer.__name__):
        replace_attention(layer(12, 3), scaled)


def test_a_model_without_attention():
    assert str(replace_attention(nn.Linear(2, 2), scaled)) == "no attention found"

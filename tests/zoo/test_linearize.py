"""linearize on the models of BasicTS: what it replaces, what it leaves, and that nothing else changes."""

import inspect

import pytest
import torch
from basicts.models.Informer import Informer, InformerConfig
from basicts.models.Timer import Timer, TimerConfig
from basicts.modules import MLPLayer
from basicts.modules.transformer import (
    MultiHeadAttention,
    RotaryPositionEmbedding,
    Seq2SeqDecoder,
    Seq2SeqDecoderLayer,
    prepare_causal_attention_mask,
)
from modules.compose import compose
from ops.compare import assert_close, draw
from tiny import NODES, STEPS
from torch import nn
from zoo.encoders import encoder

from basicts_elin import EntropyEqualAttention, linearize
from basicts_elin.config.overrides import with_overrides
from basicts_elin.modules.entropy_equal import LAYER_PATHS
from basicts_elin.zoo.entries.basicts_models import basicts_names
from basicts_elin.zoo.registry import config_for, entry

pytestmark = [
    pytest.mark.filterwarnings("ignore:Complex modules are a new feature"),
    pytest.mark.filterwarnings("ignore:Initializing zero-element tensors"),
]

SMALL = {"hidden_size": 8, "intermediate_size": 8, "n_heads": 2}
INFORMER = {"input_len": STEPS, "output_len": STEPS, "label_len": 6, "num_features": NODES, **SMALL}
# models without a recipe
BY_HAND = {
    "Informer": lambda: Informer(InformerConfig(**INFORMER)),
    "Informer without ProbAttention": lambda: Informer(InformerConfig(prob_attn=False, **INFORMER)),
    "Timer": lambda: Timer(TimerConfig(output_len=STEPS, patch_len=3, num_layers=2, **SMALL)),
}

CAUSAL = "causal: self-attention of a {}"
OTHER = "not a MultiHeadAttention but {}"
TWO_STAGE = ("time_attention", "dim_sender", "dim_receiver")
# what is replaced, what is left
EXPECTED = {
    "Autoformer": (
        [],
        dict.fromkeys(
            [
                "encoder.layers.0.self_attn",
                "encoder.layers.1.self_attn",
                "decoder.decoder_layers.0.self_attn",
                "decoder.decoder_layers.0.cross_attn",
            ],
            OTHER.format("AutoCorrelation"),
        ),
    ),
    "Crossformer": (
        [f"encoder.encoder_layers.{i}.{name}" for i in range(2) for name in TWO_STAGE]
        + [
            f"decoder.decoder_layers.{i}.{name}"
            for i in range(3)
            for name in (*(f"self_attn.{inner}" for inner in TWO_STAGE), "cross_attn")
        ],
        {},
    ),
    "DUET": (
        [],
        {f"channel_transformer.layers.{i}.self_attn": "masks that differ per query: MahalanobisMask" for i in range(2)},
    ),
    "Informer": (
        ["decoder.layers.0.cross_attn"],
        dict.fromkeys(
            ["encoder.encoder_layers.0.self_attn", "encoder.encoder_layers.1.self_attn", "decoder.layers.0.self_attn"],
            OTHER.format("ProbAttention"),
        ),
    ),
    "Informer without ProbAttention": (
        ["encoder.encoder_layers.0.self_attn", "encoder.encoder_layers.1.self_attn", "decoder.layers.0.cross_attn"],
        {"decoder.layers.0.self_attn": CAUSAL.format("Seq2SeqDecoderLayer")},
    ),
    "iTransformer": (["backbone.encoder.layers.0.self_attn"], {}),
    "Leddam": (
        ["channel_encoder.layers.0.self_attn"],
        {"auto_encoder.layers.0.self_attn": OTHER.format("AutoAttention")},
    ),
    "NonstationaryTransformer": (
        [],
        dict.fromkeys(
            [
                "backbone.encoder.layers.0.self_attn",
                "backbone.encoder.layers.1.self_attn",
                "decoder.layers.0.self_attn",
                "decoder.layers.0.cross_attn",
            ],
            OTHER.format("DSAttention"),
        ),
    ),
    "PatchTST": (["backbone.encoder.layers.0.self_attn"], {}),
    "Timer": ([], {f"decoder.layers.{i}.self_attn": CAUSAL.format("DecoderOnlyLayer") for i in range(2)}),
    "TimeXer": (["encoder.layers.0.self_attn", "encoder.layers.0.cross_attn"], {}),
}
REPLACED = [name for name, (replaced, _) in EXPECTED.items() if replaced]
WITHOUT_ATTENTION = [name for name in basicts_names() if name not in EXPECTED and not entry(name).unfit]


def build(name):
    torch.manual_seed(0)
    if name in BY_HAND:
        return BY_HAND[name]().double()
    config = config_for(name, "SyntheticTraffic")
    # FiLM has a list of sizes, Leddam rolls its hidden size by a period
    sizes = {"num_features": NODES, "period": 4, **SMALL} if name != "FiLM" else {"num_features": NODES}
    sizes = {f"model_config.{key}": size for key, size in sizes.items() if key in config.model_config}
    config = with_overrides(config, sizes)
    model = config.model(config.model_config)
    if name == "Leddam":
        # its head starts as a mean over features that a LayerNorm has centred, so that nothing would come through
        nn.init.normal_(model.linear_res.weight)
    # DUET makes tensors of its own, in float32
    return model if name == "DUET" else model.double()


def forecast(model):
    generator = torch.Generator().manual_seed(0)
    dtype = next(model.parameters()).dtype
    # Timer forecasts a single node only
    nodes = 1 if isinstance(model, Timer) else NODES
    inputs, targets = torch.randn(2, 2 * STEPS, nodes, generator=generator).to(dtype).split(STEPS, dim=1)
    times = torch.rand(2, 2 * STEPS, 2, generator=generator).to(dtype)
    data = {
        "inputs": inputs,
        "targets": targets,
        "inputs_timestamps": times[:, :STEPS],
        "targets_timestamps": times[:, STEPS:],
    }
    torch.manual_seed(0)
    returned = model(**{name: data[name] for name in inspect.signature(model.forward).parameters if name in data})
    return returned if isinstance(returned, torch.Tensor) else returned["prediction"]


def reached(model):
    """The parameters that a backward pass reaches."""
    model.zero_grad()
    forecast(model.train()).square().mean().backward()
    return {name for name, parameter in model.named_parameters() if parameter.grad is not None}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_replaced_and_what_is_left(name):
    model = build(name)
    replaced, left = EXPECTED[name]
    report = linearize(model, "gaussian", "linear")
    assert (list(report.replaced), report.left) == (replaced, left)
    for layer in map(model.get_submodule, replaced):
        assert type(layer) is EntropyEqualAttention
        assert (layer.entropy, layer.path) == ("gaussian", "linear")
    assert not any(isinstance(model.get_submodule(other), EntropyEqualAttention) for other in left)
    assert [*map(type, model.modules())].count(EntropyEqualAttention) == len(replaced)
    lines = [f"replaced: {other}" for other in replaced] + [f"left: {other} ({why})" for other, why in left.items()]
    assert str(report).splitlines() == lines


@pytest.mark.parametrize("name", WITHOUT_ATTENTION)
def test_models_without_attention(name):
    report = linearize(build(name))
    assert (report.replaced, report.left, str(report)) == ((), {}, "no attention found")


@pytest.mark.parametrize("name", REPLACED)
def test_the_parameters_stay_the_same_tensors(name):
    model = build(name)
    parameters, state = dict(model.named_parameters()), model.state_dict()
    kept = {key: value.clone() for key, value in state.items()}
    linearize(model)
    after = model.state_dict()
    assert list(after) == list(state)
    assert all(torch.equal(after[key], kept[key]) for key in kept)
    assert list(dict(model.named_parameters())) == list(parameters)
    assert all(parameter is parameters[key] for key, parameter in model.named_parameters())


@pytest.mark.parametrize("name", EXPECTED)
def test_the_forecast_has_the_same_shape_and_reaches_the_same_parameters(name):
    model = build(name)
    before, parameters = forecast(model.eval()).detach(), reached(model)
    linearize(model)
    after = forecast(model.eval()).detach()
    assert after.shape == before.shape
    assert before.isfinite().all() and after.isfinite().all()
    assert ((after - before).abs().max() > 1e-6) == (name in REPLACED)
    assert reached(model) == parameters


@pytest.mark.parametrize("name", [name for name in REPLACED if name != "Informer"])  # ProbAttention draws its keys
def test_near_uniform_attention_is_that_of_the_softmax_to_first_order(name):
    def nearly_uniform(factor, entropy=None):
        model = build(name).eval()
        for layer in map(model.get_submodule, EXPECTED[name][0]):
            for parameter in layer.q_proj.parameters():
                parameter.data *= factor
        if entropy:
            linearize(model, entropy)
        with torch.no_grad():
            return forecast(model)

    softmax = nearly_uniform(1e-3)
    first_order = (softmax - nearly_uniform(0.0)).abs().max()
    assert first_order > 1e-9
    assert (nearly_uniform(1e-3, "taylor2") - softmax).abs().max() < 1e-2 * first_order
    # a sharpness of 1/sqrt(2) makes the first order that much larger
    assert (nearly_uniform(1e-3, "taylor") - softmax).abs().max() > 0.2 * first_order


def test_every_path_of_the_layer():
    for path in LAYER_PATHS:
        model = encoder(MultiHeadAttention(12, 3))
        linearize(model, "gaussian", path)
        layer = model.layers[0].self_attn
        (hidden_states,) = draw((2, 7, 12))
        assert layer.path == path
        assert_close(layer(hidden_states)[0], compose(layer, hidden_states, entropy="gaussian"))


def test_optimizer_dropout_mode_and_random_numbers_are_kept():
    model = encoder(*(MultiHeadAttention(12, 3, dropout=rate) for rate in (0.1, 0.25)))
    model.layers[1].eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    numbers = torch.get_rng_state()
    linearize(model)
    assert torch.equal(torch.get_rng_state(), numbers)
    attentions = [layer.self_attn for layer in model.layers]
    assert [(layer.dropout, layer.training) for layer in attentions] == [(0.1, True), (0.25, False)]
    before = attentions[0].v_proj.weight.detach().clone()
    model(draw((2, 7, 12))[0])[0].sum().backward()
    optimizer.step()
    assert not torch.equal(attentions[0].v_proj.weight, before)


def test_attention_that_has_more_than_ours():
    class Variant(MultiHeadAttention):
        pass

    class TorchVariant(nn.MultiheadAttention):
        pass

    model = encoder(
        MultiHeadAttention(12, 4, kv_heads=2),
        MultiHeadAttention(12, 3, rope=RotaryPositionEmbedding(4, 16)),
        Variant(12, 3),
        TorchVariant(12, 3),
        EntropyEqualAttention(12, 3),
        MultiHeadAttention(12, 3, kv_heads=3),
    )
    before = [layer.self_attn for layer in model.layers]
    report = linearize(model)
    assert report.replaced == ("layers.5.self_attn",)
    assert report.left == {
        "layers.0.self_attn": "grouped heads: kv_heads=2, n_heads=4",
        "layers.1.self_attn": "rotary position embedding",
        "layers.2.self_attn": OTHER.format("Variant"),
        "layers.3.self_attn": OTHER.format("TorchVariant"),
        "layers.4.self_attn": OTHER.format("EntropyEqualAttention"),
    }
    assert [layer.self_attn for layer in model.layers][:5] == before[:5]


def test_a_layer_in_two_places_stays_one_layer():
    shared = MultiHeadAttention(12, 3)
    model = encoder(shared, shared)
    assert linearize(model).replaced == ("layers.0.self_attn", "layers.1.self_attn")
    assert isinstance(model.layers[0].self_attn, EntropyEqualAttention)
    assert model.layers[0].self_attn is model.layers[1].self_attn


def test_a_causal_mask_where_none_was_expected():
    """The name of the layer does not tell; the mask, once there, is obeyed on the quadratic path."""
    model = encoder(MultiHeadAttention(12, 3))
    linearize(model, path="linear")
    layer = model.layers[0]
    (hidden_states,) = draw((2, 7, 12))
    mask = prepare_causal_attention_mask((2, 7), hidden_states)
    keep = torch.ones(7, 7, dtype=torch.bool).tril()
    expected = compose(layer.self_attn, layer.pre_attn_norm(hidden_states), keep=keep)
    assert_close(layer.self_attn_forward(hidden_states, attention_mask=mask)[0], hidden_states + expected)


def test_a_decoder_layer_that_takes_no_mask_is_not_causal():
    class Unmasked(Seq2SeqDecoderLayer):
        def forward(self, hidden_states, key_value_states=None, **kwargs):
            return super().forward(hidden_states, key_value_states=key_value_states)

    def decoder(cls):
        layer = cls(*(MultiHeadAttention(12, 3) for _ in range(2)), MLPLayer(12, 16), (nn.LayerNorm, 12))
        return Seq2SeqDecoder(nn.ModuleList([layer]))

    cross, own = "layers.0.cross_attn", "layers.0.self_attn"
    assert linearize(decoder(Unmasked)).replaced == (own, cross)
    report = linearize(decoder(Seq2SeqDecoderLayer))
    assert (report.replaced, report.left) == ((cross,), {own: CAUSAL.format("Seq2SeqDecoderLayer")})


@pytest.mark.parametrize(
    "where, chosen",
    [
        (None, ["layers.0.self_attn", "layers.1.self_attn", "layers.2.self_attn"]),
        ("layers.1.self_attn", ["layers.1.self_attn"]),
        ("layers.[12].*", ["layers.1.self_attn", "layers.2.self_attn"]),
        (["layers.2.*", "layers.0.*"], ["layers.0.self_attn", "layers.2.self_attn"]),
        (("*.0.*", "layers.0.self_attn"), ["layers.0.self_attn"]),
        (lambda name: "1" in name, ["layers.1.self_attn"]),
    ],
    ids=["None", "name", "pattern", "list", "tuple", "predicate"],
)
def test_where(where, chosen):
    model = encoder(*(MultiHeadAttention(12, 3) for _ in range(3)))
    report = linearize(model, where=where)
    others = [f"layers.{i}.self_attn" for i in range(3) if f"layers.{i}.self_attn" not in chosen]
    assert (list(report.replaced), report.left) == (chosen, dict.fromkeys(others, "not chosen by where"))
    for i, layer in enumerate(model.layers):
        assert isinstance(layer.self_attn, EntropyEqualAttention) == (f"layers.{i}.self_attn" in chosen)


@pytest.mark.parametrize(
    "where, named",
    [
        ("encoder.*", "where='encoder.*'"),
        ("LAYERS.*", "where='LAYERS.*'"),
        ("layers", "where='layers'"),
        (["layers.0.*", "layers.9.*", "x"], "where='layers.9.*', where='x'"),
        ("layers.1.*", "where='layers.1.*'"),  # it is left
        ([], r"where=[]"),
        (lambda name: False, "where"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_where_nothing_is_found(where, named):
    model = encoder(MultiHeadAttention(12, 3), MultiHeadAttention(12, 3, rope=RotaryPositionEmbedding(4, 16)))
    with pytest.raises(ValueError) as error:
        linearize(model, where=where)
    assert str(error.value) == (
        f"{named}: no attention that can be replaced has such a name; expected some of layers.0.self_attn; "
        "left as they are: layers.1.self_attn (rotary position embedding)"
    )
    assert not any(isinstance(module, EntropyEqualAttention) for module in model.modules())


def test_where_there_is_nothing_to_find():
    with pytest.raises(ValueError, match=r"where='\*': no attention .* expected some of none$"):
        linearize(nn.Linear(2, 2), where="*")


@pytest.mark.parametrize("model", [nn.Linear(2, 2), MultiHeadAttention(12, 3)], ids=["nothing", "attention"])
def test_unknown_names(model):
    with pytest.raises(ValueError, match="entropy: 'shannon'.*'taylor'"):
        linearize(model, "shannon")
    with pytest.raises(ValueError, match="path: 'fast'.*'auto'"):
        linearize(model, path="fast")


def test_a_model_that_is_nothing_but_the_attention():
    with pytest.raises(ValueError, match="model is a MultiHeadAttention itself, .* load its state_dict"):
        linearize(MultiHeadAttention(12, 3))

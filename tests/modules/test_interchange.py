"""The layers stand in for BasicTS's MultiHeadAttention: same call, same parameters; SoftmaxAttention: same numbers."""

import inspect

import pytest
import torch
from basicts.modules.transformer import MultiHeadAttention, prepare_causal_attention_mask
from modules.compose import parameter_gradients, small_layer
from ops.compare import assert_close, draw
from ops.memory_meter import MemoryMeter

from basicts_elin.modules import EntropyEqualAttention, SoftmaxAttention
from basicts_elin.modules.entropy_equal import LAYER_PATHS as PATHS
from basicts_elin.ops import ESTIMATORS

LAYERS = [MultiHeadAttention, SoftmaxAttention, EntropyEqualAttention]
OURS = LAYERS[1:]
PADDING = torch.zeros(2, 1, 1, 7).double()
PADDING[0, ..., 4:] = torch.finfo(torch.float64).min
PADDING[1, ..., :2] = -torch.inf
MASKS = {
    "none": None,
    "padding": PADDING,
    "causal": prepare_causal_attention_mask((2, 7), torch.zeros((), dtype=torch.float64)),
    "bias on the logits": draw((2, 3, 7, 7), seed=5)[0],
    "float32 mask": PADDING.float(),
}


@pytest.mark.parametrize("cls", OURS)
def test_call(cls):
    def arguments(function):
        return [(p.name, p.default) for p in inspect.signature(function).parameters.values()]

    assert arguments(cls.forward) == arguments(MultiHeadAttention.forward)
    assert arguments(cls.__init__)[:4] == arguments(MultiHeadAttention.__init__)[:4]


@pytest.mark.parametrize("source", LAYERS)
@pytest.mark.parametrize("target", LAYERS)
def test_state_dict_moves(source, target):
    state = small_layer(source, seed=1).state_dict()
    layer = small_layer(target, seed=2)
    assert not torch.equal(layer.state_dict()["q_proj.weight"], state["q_proj.weight"])
    layer.load_state_dict(state, strict=True)
    moved = layer.state_dict()
    assert list(moved) == list(state)
    assert all(torch.equal(moved[name], state[name]) for name in state)


@pytest.mark.parametrize("output_attentions", [False, True])
@pytest.mark.parametrize("cross", [False, True], ids=["self", "cross"])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_softmax_equals_multi_head_attention(mask, cross, output_attentions):
    theirs, ours = small_layer(MultiHeadAttention), small_layer(SoftmaxAttention, seed=1)
    ours.load_state_dict(theirs.state_dict())
    hidden_states, tokens = draw((2, 7 if not cross else 5, 12), (2, 7, 12))
    if cross and mask is not None and mask.shape[-2] > 1:
        mask = mask[..., :5, :]
    results = []
    for layer in (theirs, ours):
        leaf = hidden_states.clone().requires_grad_()
        output, weights, _ = layer(
            leaf, tokens if cross else None, attention_mask=mask, output_attentions=output_attentions
        )
        gradients = parameter_gradients(layer, output)
        output.sum().backward()
        results.append((output, weights, gradients, leaf.grad))
    (expected, expected_weights, expected_gradients, expected_grad), (output, weights, gradients, grad) = results
    assert_close(output, expected)
    assert_close(grad, expected_grad)
    for name, gradient in expected_gradients.items():
        if name == "k_proj.bias":  # zero but for rounding: a shift of all keys changes no softmax
            assert gradients[name].abs().max() < 1e-14
        else:
            assert_close(gradients[name], gradient, what=name)
    assert (weights is None) == (not output_attentions)
    if output_attentions:
        assert_close(weights, expected_weights)


@pytest.mark.parametrize("output_attentions", [False, True])
def test_softmax_dropout_is_on_the_weights(output_attentions):
    layer = small_layer(SoftmaxAttention, dropout=0.4)
    (hidden_states,) = draw((4, 30, 12))
    output, weights, _ = layer(hidden_states, output_attentions=output_attentions)
    layer.eval()
    expected, expected_weights, _ = layer(hidden_states, output_attentions=output_attentions)
    assert (output - expected).abs().max() > 1e-2
    assert torch.equal(layer(hidden_states, output_attentions=output_attentions)[0], expected)
    if output_attentions:
        dropped = weights == 0
        assert dropped.double().mean().item() == pytest.approx(0.4, abs=0.03)  # 10800 draws: 6 deviations
        assert_close(weights[~dropped], expected_weights[~dropped] / 0.6)


@pytest.mark.parametrize("cls", OURS)
@pytest.mark.parametrize("output_attentions", [False, True])
@pytest.mark.parametrize("mask", ["none", "padding", "causal"])
def test_more_dimensions_equal_a_loop(cls, mask, output_attentions):
    layer = small_layer(cls)
    hidden_states, tokens = draw((2, 3, 2, 7, 12), (2, 3, 2, 7, 12))
    mask = None if mask == "none" else MASKS[mask][0, 0]
    for leading in (slice(None), 0):  # 5 dimensions, 4 dimensions
        states, keys = hidden_states[leading], tokens[leading]
        for key_value_states in (None, keys):
            output, weights, _ = layer(
                states, key_value_states, attention_mask=mask, output_attentions=output_attentions
            )
            looped = [
                layer(one[None], other[None] if key_value_states is not None else None, attention_mask=mask)[0][0]
                for one, other in zip(states.flatten(0, -3), keys.flatten(0, -3), strict=True)
            ]
            assert_close(output, torch.stack(looped).reshape(states.shape))
            if output_attentions:
                assert weights.shape == (*states.shape[:-2], 3, 7, 7)


@pytest.mark.parametrize("leading", [(2,), (2, 3)], ids=str)
def test_softmax_forms_no_weights_unless_asked(leading):
    """torch's fused kernels take [B, H, N, d] alone; more dimensions reach them too."""
    layer = small_layer(SoftmaxAttention, dtype=torch.float32)
    (hidden_states,) = draw((*leading, 100, 12), dtype=torch.float32)
    for output_attentions in (False, True):
        with MemoryMeter() as meter:
            layer(hidden_states, output_attentions=output_attentions)[0].sum().backward()
        assert (meter.largest >= 100 * 100) == output_attentions


@pytest.mark.parametrize("cls", OURS)
def test_two_dimensions(cls):
    layer = small_layer(cls)
    (hidden_states,) = draw((7, 12))
    assert_close(layer(hidden_states)[0], layer(hidden_states[None])[0][0])


@pytest.mark.parametrize("cls", OURS)
def test_past_key_value_is_handed_back_and_positions_have_no_effect(cls):
    layer, cache = small_layer(cls), object()
    (hidden_states,) = draw((2, 7, 12))
    output, weights, past = layer(hidden_states, position_ids=torch.arange(7)[None], past_key_value=cache, layer_idx=3)
    assert past is cache and weights is None
    assert torch.equal(output, layer(hidden_states)[0])


@pytest.mark.parametrize("cls", OURS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_dtypes(cls, dtype):
    layer = small_layer(cls, dtype=dtype)
    hidden_states, *_ = draw((2, 7, 12), dtype=dtype)
    for mask in (None, PADDING.to(dtype), MASKS["causal"].to(dtype)):
        output = layer(hidden_states, attention_mask=mask)[0]
        assert output.dtype == dtype
        exact = small_layer(cls)
        exact.load_state_dict(layer.state_dict())
        assert_close(output, exact(hidden_states.double(), attention_mask=mask)[0])


@pytest.mark.parametrize("settings", [{"entropy": e, "path": p} for e in ESTIMATORS for p in PATHS], ids=str)
def test_autocast(settings):
    """Layers of float32 under autocast to bfloat16, masks left in float32."""
    (hidden_states,) = draw((2, 7, 12), dtype=torch.float32)
    for layer in (
        small_layer(SoftmaxAttention, dtype=torch.float32),
        small_layer(EntropyEqualAttention, dtype=torch.float32, **settings),
    ):
        for mask in (None, PADDING.float(), MASKS["causal"].clamp(min=-1e9).float()):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                output = layer(hidden_states, attention_mask=mask)[0]
            assert_close(output.bfloat16(), layer(hidden_states, attention_mask=mask)[0])
            assert all(gradient.isfinite().all() for gradient in parameter_gradients(layer, output).values())

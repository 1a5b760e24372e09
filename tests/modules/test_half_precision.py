"""In half precision every path is about as close to its own value in float64 as softmax attention is to its own."""

import copy

import pytest
import torch
from ops.compare import draw
from torch.nn.functional import scaled_dot_product_attention

from basicts_elin import (
    EntropyEqualAttention,
    InLineAttention,
    LinformerAttention,
    SoftmaxAttention,
    entropy_equal_attention,
)
from basicts_elin.modules.entropy_equal import LAYER_PATHS
from basicts_elin.ops import ESTIMATORS, PATHS, attention_entropy

WIDTH, HEADS, MANY = 32, 4, 8600
HALF = (torch.float16, torch.bfloat16)
# "reference" has float64 inside, as the expected values do
LINEAR = [(path, entropy) for path in LAYER_PATHS for entropy in ("taylor", "gaussian") if path != "reference"]
LAYERS = {
    **{f"{path}, {entropy}": (EntropyEqualAttention, {"path": path, "entropy": entropy}) for path, entropy in LINEAR},
    "InLine": (InLineAttention, {}),
    "InLine, linear": (InLineAttention, {"path": "linear"}),
    "softmax": (SoftmaxAttention, {}),
    "softmax without fusion": (SoftmaxAttention, {"fused": False}),
    "Linformer": (LinformerAttention, {"seq_len": MANY, "proj_len": 16}),
}


def relative(found, expected):
    """Error relative to how much the output differs between queries."""
    signal = expected - expected.mean(-2, keepdim=True)
    return float((found.double() - expected).norm() / signal.norm())


def layer_error(layer, dtype, *tokens, **settings):
    """Error of a layer in `dtype`, against the layer with the same numbers in float64."""
    half = copy.deepcopy(layer).to(dtype)
    tokens = [states.to(dtype) for states in tokens]
    with torch.no_grad():
        found = half(*tokens, **settings)[0]
        expected = copy.deepcopy(half).double()(*(states.double() for states in tokens), **settings)[0]
    assert found.dtype == dtype and found.isfinite().all()
    return relative(found, expected)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("entropy", ESTIMATORS)
@pytest.mark.parametrize("path", PATHS)
def test_sums_over_many_tokens_do_not_overflow(path, entropy, masked):
    query, key, value = (tensor.half() for tensor in draw((2, 5, 8), (2, MANY, 8), (2, MANY, 8)))
    key, value = key + 20, value + 20
    mask = torch.arange(MANY) < MANY - 100 if masked else None

    def error(attend):
        found, expected = (
            attend(*inputs) for inputs in zip(*((t, t.double()) for t in (query, key, value)), strict=True)
        )
        assert found.dtype == torch.float16 and found.isfinite().all()
        return (found - expected).abs().max()

    softmax = error(lambda q, k, v: scaled_dot_product_attention(q, k, v, attn_mask=mask))
    ours = error(lambda q, k, v: entropy_equal_attention(q, k, v, key_mask=mask, path=path, entropy=entropy))
    # values near 20 are 2^-6 apart in float16
    assert ours <= 2 * softmax + 2**-6
    assert attention_entropy(query, key, key_mask=mask, entropy=entropy).isfinite().all()


def test_autocast_of_the_function_does_not_overflow():
    query, key, value = draw((2, 5, 8), (2, MANY, 8), (2, MANY, 8), dtype=torch.float32)
    expected = entropy_equal_attention(query, key, value + 20)
    with torch.autocast("cpu", dtype=torch.float16):
        assert torch.equal(entropy_equal_attention(query, key, value + 20), expected)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("kind", LAYERS)
def test_layers_do_not_overflow(kind, training):
    torch.manual_seed(0)
    cls, settings = LAYERS[kind]
    layer = cls(WIDTH, HEADS, dropout=0.1 if training else 0.0, **settings).train(training)
    with torch.no_grad():
        layer.v_proj.bias += 20
        layer.k_proj.bias += 20
    queries, tokens = draw((5, WIDTH), (MANY, WIDTH), dtype=torch.float16)
    mask = torch.zeros(MANY, dtype=torch.float16)
    mask[-5:] = -torch.inf
    layer.half()
    for attention_mask in (None, mask):
        assert layer(queries, tokens, attention_mask)[0].isfinite().all()
        with torch.autocast("cpu", dtype=torch.float16):
            assert copy.deepcopy(layer).float()(queries.float(), tokens.float(), attention_mask)[0].isfinite().all()


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize(("path", "entropy"), LINEAR)
@pytest.mark.parametrize("n_tokens", [8, 12, 60])
def test_a_shared_offset_of_the_tokens_costs_no_more_than_with_softmax(n_tokens, path, entropy, dtype):
    torch.manual_seed(0)
    offset, tokens = 10 * torch.randn(WIDTH), torch.randn(64, n_tokens, WIDTH)
    softmax = layer_error(SoftmaxAttention(WIDTH, HEADS), dtype, tokens + offset)
    torch.manual_seed(0)
    ours = layer_error(EntropyEqualAttention(WIDTH, HEADS, path=path, entropy=entropy), dtype, tokens + offset)
    assert ours < 2 * softmax


@pytest.mark.parametrize("entropy", ["taylor", "gaussian"])
def test_a_mask_per_query_costs_no_more_than_with_softmax(entropy):
    torch.manual_seed(0)
    offset, tokens = 10 * torch.randn(WIDTH), torch.randn(64, 12, WIDTH)
    causal = torch.full((12, 12), -torch.inf).triu(1)
    errors = [
        layer_error(layer, torch.bfloat16, tokens + offset, attention_mask=causal)
        for layer in (SoftmaxAttention(WIDTH, HEADS), EntropyEqualAttention(WIDTH, HEADS, entropy=entropy))
    ]
    assert errors[1] < 2 * errors[0]


@pytest.mark.parametrize("n_tokens", [8, 60])
def test_gradients_under_autocast_are_those_of_float32(n_tokens):
    torch.manual_seed(0)
    layer, tokens = EntropyEqualAttention(WIDTH, HEADS), torch.randn(16, n_tokens, WIDTH) + 10 * torch.randn(WIDTH)
    cotangent = torch.randn(16, n_tokens, WIDTH)

    def gradients(dtype):
        with torch.autocast("cpu", dtype=dtype or torch.bfloat16, enabled=dtype is not None):
            output = layer(tokens)[0]
        found = torch.autograd.grad(output, list(layer.parameters()), cotangent.to(output.dtype))
        return dict(zip(dict(layer.named_parameters()), found, strict=True))

    expected = gradients(None)
    for name, found in gradients(torch.bfloat16).items():
        if name != "k_proj.bias":
            # what tokens with an offset cost in bfloat16, whose step there is 2^-4 deviations
            assert (found - expected[name]).norm() < 0.1 * expected[name].norm(), name

"""The layers under the transforms of torch.func, in forward mode, in torch.jit, and with no window at all."""

import copy

import pytest
import torch
from modules.compose import small_layer
from ops.compare import assert_close, draw
from tiny import DIMS, NODES, STEPS
from torch.autograd import forward_ad
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, stack_module_state, vmap

from basicts_elin import (
    ELinFormer,
    ELinFormerConfig,
    EntropyEqualAttention,
    InLineAttention,
    LinformerAttention,
    SoftmaxAttention,
)

FEW, MANY = 6, 30
CASES = {
    "fused quadratic": (EntropyEqualAttention, {}, FEW, False),
    "quadratic, masked": (EntropyEqualAttention, {}, FEW, True),
    "gram": (EntropyEqualAttention, {}, MANY, False),
    "gram, masked": (EntropyEqualAttention, {}, MANY, True),
    "gram, gaussian": (EntropyEqualAttention, {"entropy": "gaussian"}, MANY, False),
    "exact": (EntropyEqualAttention, {"entropy": "exact"}, MANY, False),
    "linear": (EntropyEqualAttention, {"path": "linear"}, FEW, False),
    "InLine": (InLineAttention, {}, FEW, True),
    "InLine, gram": (InLineAttention, {}, MANY, False),
    "softmax": (SoftmaxAttention, {}, FEW, False),
    "Linformer": (LinformerAttention, {"seq_len": MANY, "proj_len": 5}, MANY, True),
}


@pytest.fixture(params=CASES)
def case(request):
    """A layer, its output as a function of the tokens, and tokens [2, N, 12]."""
    cls, settings, n_tokens, masked = CASES[request.param]
    layer = small_layer(cls, **settings)
    mask = torch.zeros(n_tokens, dtype=torch.float64)
    mask[-2:] = -1e9
    return layer, lambda x: layer(x, attention_mask=mask if masked else None)[0], draw((2, n_tokens, 12))[0]


class Wrapped(torch.nn.Module):
    """A function of a layer as a module with one output."""

    def __init__(self, layer, function):
        super().__init__()
        self.layer, self.function = layer, function

    def forward(self, tokens):
        return self.function(tokens)


def loss(output):
    return output.sin().sum()


def reverse_gradient(function, tokens):
    tokens = tokens.clone().requires_grad_()
    return torch.autograd.grad(loss(function(tokens)), tokens)[0]


def test_grad_vmap_and_both_together(case):
    _, function, tokens = case
    assert_close(grad(lambda x: loss(function(x)))(tokens), reverse_gradient(function, tokens))
    assert_close(vmap(function)(tokens), function(tokens).detach())
    assert_close(vmap(grad(lambda x: loss(function(x))))(tokens), reverse_gradient(function, tokens))


def test_forward_mode_is_that_of_differences(case):
    _, function, tokens = case
    (direction,) = draw(tokens.shape, seed=5)
    step = 1e-6
    expected = (function(tokens + step * direction) - function(tokens - step * direction)).detach() / (2 * step)
    output, tangent = jvp(function, (tokens,), (direction,))
    assert_close(output, function(tokens).detach())
    assert_close(tangent, expected, 1e-8)
    with forward_ad.dual_level():
        found = forward_ad.unpack_dual(function(forward_ad.make_dual(tokens, direction))).tangent
    assert_close(found.detach(), tangent)


def test_jacobians_and_hessians(case):
    _, function, tokens = case
    tokens = tokens[:1]
    by_rows = jacrev(function)(tokens)
    assert_close(jacfwd(function)(tokens), by_rows)
    second = hessian(lambda x: loss(function(x)))(tokens)
    assert_close(second, jacrev(jacrev(lambda x: loss(function(x))))(tokens), 1e-10)


def test_gradients_of_single_windows(case):
    layer, _, tokens = case
    parameters = dict(layer.named_parameters())

    def one(parameters, window):
        return loss(functional_call(layer, parameters, (window,))[0])

    found = vmap(grad(one), (None, 0))(parameters, tokens)
    for row, window in enumerate(tokens):
        expected = torch.autograd.grad(loss(layer(window)[0]), list(parameters.values()), allow_unused=True)
        for (name, gradient), other in zip(found.items(), expected, strict=True):
            if name != "k_proj.bias":
                assert_close(gradient[row], other)


def test_an_ensemble_in_one_call(case):
    cls, settings = type(case[0]), {}
    if cls is LinformerAttention:
        settings = {"seq_len": MANY, "proj_len": 5}
    layers, tokens = [small_layer(cls, seed=seed, **settings) for seed in range(3)], case[2]
    parameters, buffers = stack_module_state(layers)
    skeleton = copy.deepcopy(layers[0]).to("meta")
    found = vmap(lambda p, b: functional_call(skeleton, (p, b), (tokens,))[0])(parameters, buffers)
    for output, layer in zip(found, layers, strict=True):
        assert_close(output.detach(), layer(tokens)[0].detach())


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3)])
def test_no_window_gives_no_output_and_zero_gradients(case, shape):
    layer, function, tokens = case
    empty = tokens.new_zeros((*shape, *tokens.shape[1:]), requires_grad=True)
    output = function(empty)
    assert output.shape == empty.shape
    output.sum().backward()
    assert empty.grad.shape == empty.shape
    assert not any(parameter.grad.any() for parameter in layer.parameters() if parameter.grad is not None)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_a_traced_layer_takes_any_batch(case):
    layer, function, tokens = case
    traced = torch.jit.trace(Wrapped(layer, function), (tokens,))
    larger = torch.cat([tokens, tokens + 1, tokens])
    assert_close(traced(larger).detach(), function(larger).detach())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scripting_is_refused(case):
    with pytest.raises(NotImplementedError, match="^torch.jit.script: .*; expected torch.jit.trace, torch.export"):
        torch.jit.script(torch.nn.Sequential(case[0]))


def test_the_model_as_a_function():
    config = {"input_len": STEPS, "output_len": STEPS, "num_features": NODES, **DIMS}
    torch.manual_seed(0)
    model = ELinFormer(ELinFormerConfig(**config)).double().eval()
    inputs, times = draw((3, STEPS, NODES), seed=1)[0], torch.zeros(3, STEPS, 2, dtype=torch.float64)
    assert_close(grad(lambda x: loss(model(x, times)))(inputs), reverse_gradient(lambda x: model(x, times), inputs))
    assert model(inputs[:0], times[:0]).shape == (0, STEPS, NODES)

"""Whatever is attached to a projection acts, at sizes where the layer would otherwise take a fused path."""

import contextlib

import pytest
import torch
from modules.compose import compose, small_layer
from ops.compare import assert_close, draw
from tiny import DIMS, NODES, STEPS
from torch import nn
from torch.nn.utils import parametrizations, prune

from basicts_elin import ELinFormer, ELinFormerConfig, EntropyEqualAttention, STAEformer, STAEformerConfig
from basicts_elin.modules import entropy_equal

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "out_proj")
FEW, MANY = 3, 40


class Doubled(nn.Linear):
    def forward(self, tokens):
        return 2 * super().forward(tokens)


class DoublingWeight(torch.Tensor):
    """A tensor that doubles what F.linear makes of it."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function is not nn.functional.linear:
            return super().__torch_function__(function, types, args, kwargs or {})
        plain = [arg.as_subclass(torch.Tensor) if isinstance(arg, cls) else arg for arg in args]
        return 2 * function(*plain)


def subclassed(layer, name):
    linear = Doubled(12, 12).double()
    linear.load_state_dict(getattr(layer, name).state_dict())
    setattr(layer, name, linear)


def forward_replaced(layer, name):
    linear = getattr(layer, name)
    plain = linear.forward
    linear.forward = lambda tokens: 2 * plain(tokens)


def weight_subclassed(layer, name):
    linear = getattr(layer, name)
    linear.weight = nn.Parameter(linear.weight.detach().as_subclass(DoublingWeight))


def without_bias(layer, name):
    linear = getattr(layer, name)
    linear.bias = None


def on(attach):
    return lambda layer, name: attach(getattr(layer, name))


ATTACHMENTS = {
    "forward hook": on(lambda linear: linear.register_forward_hook(lambda module, args, output: 2 * output)),
    "forward pre-hook": on(lambda linear: linear.register_forward_pre_hook(lambda module, args: (2 * args[0],))),
    "backward hook": on(
        lambda linear: linear.register_full_backward_hook(lambda module, inward, outward: (2 * inward[0],))
    ),
    "backward pre-hook": on(
        lambda linear: linear.register_full_backward_pre_hook(lambda module, outward: (2 * outward[0],))
    ),
    "spectral_norm": on(nn.utils.spectral_norm),
    "weight_norm": on(nn.utils.weight_norm),
    "parametrized spectral_norm": on(parametrizations.spectral_norm),
    "parametrized weight_norm": on(parametrizations.weight_norm),
    "pruned": on(lambda linear: prune.l1_unstructured(linear, "weight", amount=0.5)),
    "subclass": subclassed,
    "forward replaced": forward_replaced,
    "weight of a subclass": weight_subclassed,
    "without bias": without_bias,
}


@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated")
@pytest.mark.parametrize("n_tokens", [FEW, MANY])
@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("attachment", ATTACHMENTS)
def test_what_is_attached_acts(attachment, projection, n_tokens):
    layer = small_layer(EntropyEqualAttention)
    with torch.no_grad():
        # a norm of the weight that spectral_norm would change
        getattr(layer, projection).weight.mul_(3)
    ATTACHMENTS[attachment](layer, projection)
    layer.eval()
    tokens = draw((2, n_tokens, 12))[0].requires_grad_()
    found, expected = layer(tokens)[0], compose(layer, tokens)
    assert_close(found.detach(), expected.detach())
    gradients, expected_gradients = gradients_of(layer, tokens, found), gradients_of(layer, tokens, expected)
    largest = max(gradient.abs().max() for gradient in expected_gradients)
    for gradient, other in zip(gradients, expected_gradients, strict=True):
        assert (gradient - other).abs().max() <= 1e-11 * largest


def gradients_of(layer, tokens, output):
    cotangent = draw(output.shape, seed=99)[0]
    return torch.autograd.grad(output, [tokens, *layer.parameters()], cotangent)


@contextlib.contextmanager
def hook_on_all_modules(calls):
    handle = nn.modules.module.register_module_forward_hook(lambda module, args, output: calls.append(module))
    try:
        yield
    finally:
        handle.remove()


@pytest.mark.parametrize("n_tokens", [FEW, MANY])
def test_hooks_on_all_modules_see_the_projections(n_tokens):
    layer = small_layer(EntropyEqualAttention)
    calls = []
    with hook_on_all_modules(calls):
        layer(*draw((2, n_tokens, 12)))
    assert {id(module) for module in calls} == {id(module) for module in layer.modules()}


@pytest.mark.parametrize("n_tokens", [FEW, MANY])
def test_hooks_on_the_layer_do_not_cost_the_fused_path(n_tokens, monkeypatch):
    layer, calls, fused = small_layer(EntropyEqualAttention), [], []
    for name in ("gram_attention", "fused_quadratic_attention"):
        plain = getattr(entropy_equal, name)
        monkeypatch.setattr(
            entropy_equal, name, lambda *args, of=plain, **kwargs: fused.append(of) or of(*args, **kwargs)
        )
    layer.register_forward_hook(lambda module, args, output: calls.append(output))
    (tokens,) = draw((2, n_tokens, 12))
    output = layer(tokens)
    assert len(calls) == len(fused) == 1 and calls[0][0] is output[0]
    # once a hook is gone, nothing is left of it
    layer.q_proj.register_forward_hook(lambda module, args, output: None).remove()
    layer(tokens)
    assert len(fused) == 2
    layer.q_proj.register_forward_hook(lambda module, args, output: None)
    layer(tokens)
    assert len(fused) == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("n_tokens", [FEW, MANY])
def test_dynamic_quantisation(n_tokens):
    layer = small_layer(EntropyEqualAttention, dtype=torch.float32)
    (tokens,) = draw((2, n_tokens, 12), dtype=torch.float32)
    quantised = torch.ao.quantization.quantize_dynamic(layer, {nn.Linear})
    assert type(quantised.q_proj) is not nn.Linear
    error = (quantised(tokens)[0] - layer(tokens)[0]).norm() / layer(tokens)[0].norm()
    assert 0 < error < 0.05


@pytest.mark.parametrize("model", [(STAEformer, STAEformerConfig), (ELinFormer, ELinFormerConfig)])
def test_lora_adapters_act_and_are_trained(model):
    peft = pytest.importorskip("peft", reason="needs peft")
    torch.manual_seed(0)
    cls, config = model
    base = cls(config(input_len=STEPS, output_len=STEPS, num_features=NODES, **DIMS))
    adapted = peft.get_peft_model(
        base, peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    )
    inputs, times = torch.randn(2, STEPS, NODES), torch.rand(2, STEPS, 2) * 0.9
    adapted.eval()
    output = adapted(inputs, times)
    with adapted.disable_adapter():
        assert (adapted(inputs, times) - output).abs().max() > 0.01
    adapted.train()(inputs, times).abs().mean().backward()
    trained = [parameter.grad for parameter in adapted.parameters() if parameter.requires_grad]
    # two matrices on two projections of two layers
    assert len(trained) == 8 and all(gradient is not None and gradient.any() for gradient in trained)
    merged = adapted.merge_and_unload().eval()
    assert_close(merged(inputs, times), output.detach(), 1e-4)

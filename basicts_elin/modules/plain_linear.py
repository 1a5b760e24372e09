"""Which linear maps a fused path may read instead of calling.

A fused path computes with `weight` and `bias` and never calls the layer. Whatever a user attaches to a layer (hooks,
adapters, parametrizations, quantised weights, another class) only acts when the layer is called.
"""

from typing import List, Optional

from torch import Tensor, nn
from torch.nn.modules import module as torch_module

from ..ops.gram import Projections

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_GLOBAL_HOOKS = tuple(f"_global{name}" for name in _HOOKS)


def is_plain_linear(layer: nn.Module) -> bool:
    """Whether calling `layer` does nothing but `F.linear(tokens, layer.weight, layer.bias)`.

    The classes of the layer and of its parameters must be torch's own, because a subclass of `Linear` or of `Tensor`
    (quantised or distributed weights) may compute anything. There must be no hooks, also none for all modules.
    """
    if type(layer) is not nn.Linear or "forward" in layer.__dict__:
        return False
    weight, bias = layer._parameters.get("weight"), layer._parameters.get("bias")
    if type(weight) is not nn.Parameter or (bias is not None and type(bias) is not nn.Parameter):
        return False
    hooks = (getattr(layer, name) for name in _HOOKS)
    return not any(hooks) and not any(getattr(torch_module, name) for name in _GLOBAL_HOOKS)


def plain_projections(query: nn.Module, key: nn.Module, value: nn.Module, out: nn.Module) -> Optional[Projections]:
    """Weights and biases of four layers, zeros for no bias; None unless all are plain."""
    layers = (query, key, value, out)
    if not all(map(is_plain_linear, layers)):
        return None
    tensors: List[Tensor] = []
    for layer in layers:
        weight, bias = layer._parameters["weight"], layer._parameters["bias"]
        assert weight is not None
        tensors += [weight, weight.new_zeros(len(weight)) if bias is None else bias]
    return Projections(*tensors)

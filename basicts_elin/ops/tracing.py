"""Whether a call is recorded or transformed by torch, instead of being computed."""

from typing import Any

import torch
from torch.autograd import forward_ad


def is_exporting() -> bool:
    """Whether `torch.export` or `torch.onnx` records a program, whose sizes may be symbols."""
    # torch 2.4 and 2.5 have only is_compiling
    return getattr(torch.compiler, "is_exporting", torch.compiler.is_compiling)()


def is_differentiated_as_function() -> bool:
    """Whether a transform of `torch.func` is active, or forward mode carries tangents along."""
    return forward_ad._current_level >= 0 or torch._C._are_functorch_transforms_active()


def is_transformed() -> bool:
    """Whether the operations must be torch's own, and must not depend on the numbers in a tensor.

    So it is while a program is exported or traced, under transforms of `torch.func`, and in forward mode. Our autograd
    functions define the reverse mode only.
    """
    return torch.jit.is_tracing() or is_exporting() or is_differentiated_as_function()


def holds(condition: Any) -> bool:
    """A condition on sizes; False where an exported program leaves it open."""
    if not is_exporting():
        return bool(condition)
    from torch.fx.experimental.symbolic_shapes import statically_known_true

    return statically_known_true(condition)

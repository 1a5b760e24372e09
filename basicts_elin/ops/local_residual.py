"""The local residual of InLine attention: each token's value and its two neighbours', weighted per channel.

Source: arXiv 2412.06590, with 3 taps along the token order. Shapes: N tokens, D hidden size, R and ... leading
dimensions. The taps differ between the leading indices:

    r_nc = taps_c0 v_(n-1)c + taps_c1 v_nc + taps_c2 v_(n+1)c,    v = 0 beyond the ends
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Optional

import torch
from torch import Tensor
from torch.nn import functional as F

from .gram import Projections
from .precision import compute_dtype, widened, without_autocast
from .tracing import is_transformed

# The values of a part, on the CPU: small enough that all results for them stay in the cache until their last use.
_PART_BYTES = 2 * 2**20


def local_residual(value: Tensor, taps: Tensor) -> Tensor:
    """value [..., N, D], taps [..., D, 3], of the same leading dimensions -> [..., N, D]."""
    if is_transformed() or torch.compiler.is_compiling():
        return plain_local_residual(value, taps)
    return _LocalResidual.apply(_rows(value), _rows(taps)).view(value.shape)


def plain_local_residual(value: Tensor, taps: Tensor) -> Tensor:
    """Plain twin of `local_residual`, with the gradients and saved tensors of autograd."""
    n_tokens = value.shape[-2]
    padded = F.pad(value, (0, 0, 1, 1))
    before, here, after = (tap.unsqueeze(-2) for tap in taps.unbind(-1))
    return (
        before * padded[..., :n_tokens, :]
        + here * padded[..., 1 : n_tokens + 1, :]
        + after * padded[..., 2 : n_tokens + 2, :]
    )


def add_local_residual(output: Tensor, states: Tensor, weights: Projections, taps: Tensor) -> Tensor:
    """Add the local residual of the values to the output of an attention layer that has not computed its values.

    Args:
        output: [..., N, D], without the local residual.
        states: [..., N, D], the tokens of the layer.
        weights: of the layer; those of the queries and keys are not used.
        taps: [..., D, 3].
    Returns: output + W_o r, where r is the local residual of the values W_v states + b_v. Only `states` is kept for the
        gradients; the values are computed twice.
    """
    if is_transformed() or torch.compiler.is_compiling():
        return plain_add_local_residual(output, states, weights, taps)
    rows = map(_rows, (output, states, taps))
    used = weights.value_weight, weights.value_bias, weights.out_weight
    return _AddLocalResidual.apply(*rows, *used, compute_dtype(states)).view(output.shape)


def plain_add_local_residual(output: Tensor, states: Tensor, weights: Projections, taps: Tensor) -> Tensor:
    """Plain twin of `add_local_residual`, with the gradients and saved tensors of autograd."""
    return output + _projected_residual(states, taps, weights.value_weight, weights.value_bias, weights.out_weight)


class _LocalResidual(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, taps: Tensor) -> Tensor:
        ctx.save_for_backward(value, taps)
        mixed = torch.empty_like(value, memory_format=torch.contiguous_format)
        for part in _parts(value):
            mixed[part] = _convolve(value[part], taps[part])
        return mixed

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Optional[Tensor], ...]:
        value, taps = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _differentiable_gradients(plain_local_residual, (value, taps), gradient, ctx.needs_input_grad)
        reversed_taps = taps.flip(-1)
        d_value = torch.empty_like(value, memory_format=torch.contiguous_format)
        d_taps = torch.empty_like(taps)
        for part in _parts(value):
            d_value[part] = _convolve(gradient[part], reversed_taps[part])
            d_taps[part] = _tap_gradients(gradient[part], value[part])
        return d_value, d_taps


class _AddLocalResidual(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, output: Tensor, *arguments: Any) -> Tensor:
        tokens, taps, value_weight, value_bias, out_weight, dtype = arguments
        ctx.save_for_backward(tokens, taps, value_weight, value_bias, out_weight)
        with without_autocast(tokens):
            taps, value_weight, value_bias, out_weight = (
                tensor.to(dtype) for tensor in (taps, value_weight, value_bias, out_weight)
            )
            total = torch.empty_like(output, dtype=dtype, memory_format=torch.contiguous_format)
            for part in _parts(tokens):
                value = F.linear(tokens[part].to(dtype), value_weight, value_bias)
                mixed = _convolve(value, taps[part])
                torch.addmm(_flat(output[part].to(dtype)), _flat(mixed), out_weight.t(), out=_flat(total[part]))
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Optional[Tensor], ...]:
        inputs = ctx.saved_tensors
        if torch.is_grad_enabled():
            needed = ctx.needs_input_grad[1:6]
            return gradient, *_differentiable_gradients(_projected_residual, inputs, gradient, needed), None
        dtype = gradient.dtype
        tokens = inputs[0]
        with without_autocast(tokens):
            taps, value_weight, value_bias, out_weight = (tensor.to(dtype) for tensor in inputs[1:])
            reversed_taps = taps.flip(-1)
            d_tokens = torch.empty_like(gradient, memory_format=torch.contiguous_format)
            d_taps = torch.empty_like(taps)
            # sums over parts, in at least float32
            d_value_weight, d_value_bias, d_out_weight = (
                torch.zeros_like(widened(tensor)) for tensor in (value_weight, value_bias, out_weight)
            )
            for part in _parts(tokens):
                states, d_output = _flat(tokens[part].to(dtype)), _flat(gradient[part])
                value = F.linear(states, value_weight, value_bias).view(gradient[part].shape)
                d_out_weight += d_output.t() @ _flat(_convolve(value, taps[part]))
                d_mixed = (d_output @ out_weight).view(value.shape)
                d_taps[part] = _tap_gradients(d_mixed, value)
                d_value = _flat(_convolve(d_mixed, reversed_taps[part]))
                torch.mm(d_value, value_weight, out=_flat(d_tokens[part]))
                d_value_weight += d_value.t() @ states
                d_value_bias += d_value.sum(0)
        found = d_tokens, d_taps, d_value_weight, d_value_bias, d_out_weight
        return gradient, *(d.to(tensor.dtype) for d, tensor in zip(found, inputs, strict=True)), None


def _projected_residual(
    tokens: Tensor, taps: Tensor, value_weight: Tensor, value_bias: Tensor, out_weight: Tensor
) -> Tensor:
    return F.linear(plain_local_residual(F.linear(tokens, value_weight, value_bias), taps), out_weight)


def _differentiable_gradients(
    function: Callable[..., Tensor], inputs: Sequence[Tensor], gradient: Tensor, needed: Sequence[bool]
) -> tuple[Optional[Tensor], ...]:
    """The gradients of the inputs, recorded by autograd for second derivatives."""
    wanted = [tensor for tensor, is_needed in zip(inputs, needed, strict=True) if is_needed]
    found = iter(torch.autograd.grad(function(*inputs), wanted, gradient, create_graph=True) if wanted else ())
    return tuple(next(found) if is_needed else None for is_needed in needed)


def _parts(tokens: Tensor) -> list[slice]:
    """Of the leading indices of tokens [R, N, D]."""
    count, *shape = tokens.shape
    size = count
    if tokens.device.type == "cpu":
        size = _PART_BYTES // (math.prod(shape) * tokens.element_size())
    return [slice(start, start + max(1, size)) for start in range(0, count, max(1, size))]


def _convolve(value: Tensor, taps: Tensor) -> Tensor:
    """`plain_local_residual` of [R, N, D] in fewer passes; not to be recorded by autograd."""
    before, here, after = (tap.unsqueeze(-2) for tap in taps.unbind(-1))
    mixed = value * here
    mixed[:, 1:].addcmul_(value[:, :-1], before)
    mixed[:, :-1].addcmul_(value[:, 1:], after)
    return mixed


def _tap_gradients(gradient: Tensor, value: Tensor) -> Tensor:
    """[R, D, 3] from the gradient of `_convolve` and its values."""
    here = (gradient * value).sum(1)
    before, after = (gradient[:, 1:] * value[:, :-1]).sum(1), (gradient[:, :-1] * value[:, 1:]).sum(1)
    return torch.stack([before, here, after], -1)


def _rows(tensor: Tensor) -> Tensor:
    """[..., N, D] as [R, N, D]."""
    return tensor.reshape(-1, *tensor.shape[-2:])


def _flat(rows: Tensor) -> Tensor:
    return rows.reshape(-1, rows.shape[-1])

"""The local residual of InLine attention: each token's value and its two neighbours', weighted per channel.

Source: arXiv 2412.06590, with 3 taps along the token order. Shapes: N tokens, D hidden size, R and ... leading
dimensions. The taps differ between the leading indices:

    r_nc = taps_c0 v_(n-1)c + taps_c1 v_nc + taps_c2 v_(n+1)c,    v = 0 beyond the ends
"""

import math
from typing import Any, Optional

import torch
from torch import Tensor
from torch.nn import functional as F

from .gram import Projections
from .precision import compute_dtype, widened, without_autocast
from .tracing import is_transformed

# of the values of a part, on the CPU. What is computed from them then stays in the cache until its last use
_PART_BYTES = 2 * 2**20


def local_residual(value: Tensor, taps: Tensor) -> Tensor:
    """value [..., N, D], taps [..., D, 3] -> [..., N, D]."""
    n_tokens = value.shape[-2]
    padded = F.pad(value, (0, 0, 1, 1))
    before, here, after = (tap.unsqueeze(-2) for tap in taps.unbind(-1))
    return (
        before * padded[..., :n_tokens, :]
        + here * padded[..., 1 : n_tokens + 1, :]
        + after * padded[..., 2 : n_tokens + 2, :]
    )


def add_local_residual(output: Tensor, states: Tensor, weights: Projections, taps: Tensor) -> Tensor:
    """The output of an attention layer with the local residual of its values, which it need not have formed.

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
    rows = (tensor.reshape(-1, *tensor.shape[-2:]) for tensor in (output, states, taps))
    used = weights.value_weight, weights.value_bias, weights.out_weight
    return _AddLocalResidual.apply(*rows, *used, compute_dtype(states)).view(output.shape)


def plain_add_local_residual(output: Tensor, states: Tensor, weights: Projections, taps: Tensor) -> Tensor:
    """Plain twin of `add_local_residual`, with the gradients and saved tensors of autograd."""
    value = F.linear(states, weights.value_weight, weights.value_bias)
    return output + F.linear(local_residual(value, taps), weights.out_weight)


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
            return gradient, *_differentiable_gradients(inputs, gradient, ctx.needs_input_grad[1:6]), None
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
                d_taps[part, :, 0] = (d_mixed[:, 1:] * value[:, :-1]).sum(1)
                d_taps[part, :, 1] = (d_mixed * value).sum(1)
                d_taps[part, :, 2] = (d_mixed[:, :-1] * value[:, 1:]).sum(1)
                d_value = _flat(_convolve(d_mixed, reversed_taps[part]))
                torch.mm(d_value, value_weight, out=_flat(d_tokens[part]))
                d_value_weight += d_value.t() @ states
                d_value_bias += d_value.sum(0)
        found = d_tokens, d_taps, d_value_weight, d_value_bias, d_out_weight
        return gradient, *(d.to(tensor.dtype) for d, tensor in zip(found, inputs, strict=True)), None


def _differentiable_gradients(
    inputs: tuple[Tensor, ...], gradient: Tensor, needed: tuple[bool, ...]
) -> list[Optional[Tensor]]:
    """For second derivatives: the gradients of tokens, taps and weights, recorded by autograd."""
    tokens, taps, value_weight, value_bias, out_weight = inputs
    value = F.linear(tokens, value_weight, value_bias)
    total = F.linear(local_residual(value, taps), out_weight)
    wanted = [tensor for tensor, is_needed in zip(inputs, needed, strict=True) if is_needed]
    found = iter(torch.autograd.grad(total, wanted, gradient, create_graph=True) if wanted else ())
    return [next(found) if is_needed else None for is_needed in needed]


def _parts(tokens: Tensor) -> list[slice]:
    """Of the leading indices of tokens [R, N, D]."""
    count, *shape = tokens.shape
    size = count
    if tokens.device.type == "cpu":
        size = _PART_BYTES // (math.prod(shape) * tokens.element_size())
    return [slice(start, start + max(1, size)) for start in range(0, count, max(1, size))]


def _convolve(value: Tensor, taps: Tensor) -> Tensor:
    """`local_residual` in place of three products and two sums; not to be recorded by autograd."""
    before, here, after = (tap.unsqueeze(-2) for tap in taps.unbind(-1))
    mixed = value * here
    mixed[:, 1:].addcmul_(value[:, :-1], before)
    mixed[:, :-1].addcmul_(value[:, 1:], after)
    return mixed


def _flat(rows: Tensor) -> Tensor:
    return rows.reshape(-1, rows.shape[-1])

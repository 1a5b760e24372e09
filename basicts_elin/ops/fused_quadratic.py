"""The quadratic path of a whole entropy-equal self-attention layer, fused with its projections.

Source: arXiv 2511.03190, Algorithm 1, for an estimator of constant sharpness. Meant for a dozen tokens or so: the
arithmetic is then small, and moving data dominates the time. Queries, keys and values are projected head by head, and
keys are centred through the logits, which are fewer numbers. Tokens, queries, keys, values and weights are kept for the
gradients. Shapes: R leading indices, N tokens, D hidden size, H heads, d = D / H.

    S = slope q kᵀ,  weights = 1/N + S - row mean of S,  slope = 1 / (N theta sqrt d)

The slope is applied to the projection of the queries. Centring S removes the bias of the keys. The rows of the weights
sum to 1, so the bias of the values is added to the bias of the output.
"""

from collections.abc import Sequence
from typing import Any, Optional

import torch
from torch import Tensor

from .attention import entropy_equal_attention
from .entropy import CONSTANT_SHARPNESS
from .gram import Projections, by_head, head_scale, out_by_head
from .inference import is_plain_inference, quadratic_inference
from .precision import HALF, compute_dtype, without_autocast
from .tracing import is_transformed


def fused_quadratic_attention(
    states: Tensor, weights: Projections, n_heads: int, *, entropy: str = "taylor", eps: float = 1e-8
) -> Tensor:
    """A whole self-attention layer, for an estimator of constant sharpness.

    Args:
        states: [..., N, D].
        weights: of the layer.
        n_heads: H, a divisor of D.
        entropy: a key of `CONSTANT_SHARPNESS`.
        eps: added to the sharpness.
    Returns: [..., N, D], in the dtype of autocast where that is on.
    Raises: KeyError for an estimator without a constant sharpness.
    """
    if is_transformed():
        return plain_quadratic_attention(states, weights, n_heads, entropy=entropy, eps=eps)
    slope = head_scale(states, n_heads) / ((CONSTANT_SHARPNESS[entropy] + eps) * states.shape[-2])
    rows = states.reshape(-1, *states.shape[-2:])
    if is_plain_inference(states, *weights):
        output = quadratic_inference(rows, weights, n_heads, slope)
    else:
        output = _FusedQuadratic.apply(rows, *weights, n_heads, slope, compute_dtype(states))
    return output.view(states.shape)


def plain_quadratic_attention(
    states: Tensor, weights: Projections, n_heads: int, *, entropy: str = "taylor", eps: float = 1e-8
) -> Tensor:
    """Plain twin of `fused_quadratic_attention`: separate projections around `entropy_equal_attention`.

    `fused_quadratic_attention` takes it where torch exports, traces or transforms the call.
    """
    linear = torch.nn.functional.linear
    query, key, value = (
        linear(states, weight, bias).unflatten(-1, (n_heads, -1)).transpose(-3, -2)
        for weight, bias in (weights[:2], weights[2:4], weights[4:6])
    )
    context = entropy_equal_attention(query, key, value, entropy=entropy, path="quadratic", eps=eps)
    return linear(context.transpose(-3, -2).flatten(-2), weights.out_weight, weights.out_bias)


class _FusedQuadratic(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tokens: Tensor, *arguments: Any) -> Tensor:
        *weights, n_heads, slope, dtype = arguments
        ctx.settings = n_heads, slope
        with without_autocast(tokens):
            wide, cast = _sloped(weights, slope, dtype), tokens.to(dtype)
            query, key, value = _project(cast, _key_tokens(tokens, dtype), wide, n_heads)
            mixing = _weights(query, key)
            ctx.save_for_backward(tokens, query, key, value, mixing, *weights)
            context = (mixing @ value).view(n_heads, -1, value.shape[-1])
            bias = torch.addmv(wide.out_bias, wide.out_weight, wide.value_bias)
            # addbmm sums over the heads without concatenating them
            return torch.addbmm(bias, context, out_by_head(wide.out_weight, n_heads)).view(tokens.shape)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Optional[Tensor], ...]:
        tokens, query, key, value, mixing, *weights = ctx.saved_tensors
        n_heads, slope = ctx.settings
        with without_autocast(tokens):
            wide, cast = _sloped(weights, slope, gradient.dtype), tokens.to(gradient.dtype)
            key_tokens = _key_tokens(tokens, gradient.dtype)
            if torch.is_grad_enabled():
                # saved tensors are constants to autograd: second derivatives need them computed from the tokens again
                query, key, value = _project(cast, key_tokens, wide, n_heads)
                mixing = _weights(query, key)
            flat, cast, key_tokens = (tensor.reshape(-1, tensor.shape[-1]) for tensor in (gradient, cast, key_tokens))
            context = (mixing @ value).view(n_heads, len(flat), value.shape[-1])
            d_out_heads = context.transpose(-2, -1) @ flat
            d_context = _on_heads(flat, out_by_head(wide.out_weight, n_heads)).view(value.shape)
            d_logits = d_context @ value.transpose(-2, -1)
            d_logits -= d_logits.mean(-1, keepdim=True)
            d_tokens = torch.zeros_like(flat)
            d_query = d_logits @ key
            d_query_weight = _pull_back(d_query, d_tokens, cast, wide.query_weight, n_heads)
            d_key_weight = _pull_back(
                d_logits.transpose(-2, -1) @ query, d_tokens, key_tokens, wide.key_weight, n_heads
            )
            d_value_weight = _pull_back(
                mixing.transpose(-2, -1) @ d_context, d_tokens, cast, wide.value_weight, n_heads
            )
            d_out_bias = _total(flat)
            d_weights = Projections(
                query_weight=slope * d_query_weight,
                query_bias=slope * _total(d_query.view(n_heads, len(flat), query.shape[-1])).flatten(),
                key_weight=d_key_weight,
                key_bias=torch.zeros_like(wide.key_bias),
                value_weight=d_value_weight,
                value_bias=wide.out_weight.t() @ d_out_bias,
                out_weight=d_out_heads.flatten(0, 1).t() + torch.outer(d_out_bias, wide.value_bias),
                out_bias=d_out_bias,
            )
        cast_back = (d.to(weight.dtype) for d, weight in zip(d_weights, weights, strict=True))
        return d_tokens.view(tokens.shape).to(tokens.dtype), *cast_back, None, None, None


def _sloped(weights: Sequence[Tensor], slope: float, dtype: torch.dtype) -> Projections:
    """The weights in `dtype`, with the projection of the queries multiplied by the slope."""
    query_weight, query_bias, *others = weights
    return Projections(*(weight.to(dtype) for weight in (slope * query_weight, slope * query_bias, *others)))


def _key_tokens(tokens: Tensor, dtype: torch.dtype) -> Tensor:
    """The tokens from which keys are projected, in `dtype`.

    Half precision would round the logits before they are centred, so the tokens are centred. The gradient of centred
    logits sums to zero over the keys, so centring the tokens adds nothing to the gradients.
    """
    if dtype not in HALF:
        return tokens.to(dtype)
    states = tokens.float()
    return (states - states.mean(-2, keepdim=True)).to(dtype)


def _project(tokens: Tensor, key_tokens: Tensor, weights: Projections, n_heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values, each [H R, N, d] with R fastest, without the biases that have no effect.

    Three separate products: one joint product is no faster, and beyond 32 MiB the C library returns its memory to the
    system after every use, which then zeroes it again.
    """
    flat, key_tokens = tokens.reshape(-1, tokens.shape[-1]), key_tokens.reshape(-1, tokens.shape[-1])
    query, key, value = (
        _on_heads(of, by_head(weight, n_heads))
        for of, weight in (
            (flat, weights.query_weight),
            (key_tokens, weights.key_weight),
            (flat, weights.value_weight),
        )
    )
    query += weights.query_bias.view(n_heads, 1, -1)
    shape = (-1, tokens.shape[-2], query.shape[-1])
    return query.view(shape), key.view(shape), value.view(shape)


def _on_heads(flat: Tensor, matrices: Tensor) -> Tensor:
    """flat [R N, D] times each of [H, d, D] transposed -> [H, R N, d]."""
    # matmul would compute one large product and then copy it apart by head
    return torch.bmm(flat.expand(len(matrices), -1, -1), matrices.transpose(-2, -1))


def _weights(query: Tensor, key: Tensor) -> Tensor:
    logits = query @ key.transpose(-2, -1)
    return logits.sub_(logits.mean(-1, keepdim=True) - 1 / key.shape[-2])


def _pull_back(d_heads: Tensor, d_tokens: Tensor, tokens: Tensor, weight: Tensor, n_heads: int) -> Tensor:
    """Gradient of the weight of a projection; the gradient of the tokens [R N, D] is added to `d_tokens`."""
    d_heads = d_heads.view(n_heads, len(tokens), d_heads.shape[-1])
    d_tokens.addbmm_(d_heads, by_head(weight, n_heads))
    return torch.bmm(d_heads.transpose(-2, -1), tokens.expand(len(d_heads), -1, -1)).flatten(0, 1)


def _total(rows: Tensor) -> Tensor:
    """Sum over the second to last dimension, as a product, which takes a third of the time of `sum`."""
    return rows.new_ones(rows.shape[-2]) @ rows

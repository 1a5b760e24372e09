"""Entropy-equal self-attention over few tokens, projections included: the weights are formed, little is moved.

With a dozen tokens the arithmetic is small and moving data is what costs. Queries, keys and values come from one
batched product, already apart by head; keys are centred through their logits, which are fewer numbers; tokens, queries,
keys and values are kept for the gradients. Shapes: R leading indices, N tokens, D hidden size, H heads, d = D / H.

    S = q kᵀ,  weights = 1/N + slope (S - row mean of S),  slope = 1 / (N theta sqrt d)

Centring S removes the bias of the keys; the rows of the weights sum to 1, so that the bias of the values goes into that
of the output.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from .attention import entropy_equal_attention
from .entropy import CONSTANT_SHARPNESS
from .gram import Projections, compute_dtype, head_scale, without_autocast


def few_tokens_attention(
    states: Tensor, weights: Projections, n_heads: int, *, entropy: str = "taylor", eps: float = 1e-8
) -> Tensor:
    """A whole self-attention layer for an estimator of constant sharpness. states [..., N, D] -> [..., N, D]."""
    slope = head_scale(states, n_heads) / ((CONSTANT_SHARPNESS[entropy] + eps) * states.shape[-2])
    dtype = compute_dtype(states)
    output = _FewTokens.apply(states.reshape(-1, *states.shape[-2:]), *weights, n_heads, slope, dtype)
    return output.view(states.shape)


def plain_few_tokens_attention(
    states: Tensor, weights: Projections, n_heads: int, *, entropy: str = "taylor", eps: float = 1e-8
) -> Tensor:
    """`few_tokens_attention` by one projection after the other and `entropy_equal_attention`."""
    linear = torch.nn.functional.linear
    query, key, value = (
        linear(states, weight, bias).unflatten(-1, (n_heads, -1)).transpose(-3, -2)
        for weight, bias in (weights[:2], weights[2:4], weights[4:6])
    )
    context = entropy_equal_attention(query, key, value, entropy=entropy, path="quadratic", eps=eps)
    return linear(context.transpose(-3, -2).flatten(-2), weights.out_weight, weights.out_bias)


class _FewTokens(torch.autograd.Function):
    @staticmethod
    def forward(ctx, tokens: Tensor, *arguments) -> Tensor:
        *weights, n_heads, slope, dtype = arguments
        ctx.settings = n_heads, slope
        with without_autocast(tokens):
            wide = Projections(*(weight.to(dtype) for weight in weights))
            cast = tokens.to(dtype)
            query, key, value = _project(cast, wide, n_heads)
            ctx.save_for_backward(tokens, query, key, value, *weights)
            context = (_weights(query, key, slope) @ value).view(n_heads, -1, value.shape[-1])
            bias = torch.addmv(wide.out_bias, wide.out_weight, wide.value_bias)
            # the sum over heads without putting them side by side first
            return torch.addbmm(bias, context, _out_by_head(wide, n_heads)).view(tokens.shape)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        tokens, query, key, value, *weights = ctx.saved_tensors
        n_heads, slope = ctx.settings
        hidden_size = tokens.shape[-1]
        with without_autocast(tokens):
            wide = Projections(*(weight.to(gradient.dtype) for weight in weights))
            cast, flat = tokens.to(gradient.dtype), gradient.reshape(-1, hidden_size)
            if torch.is_grad_enabled():
                query, key, value = _project(cast, wide, n_heads)
            mixing = _weights(query, key, slope)
            context = (mixing @ value).view(n_heads, -1, value.shape[-1])
            # by head [H, R N, d]
            d_context = torch.bmm(flat.expand(n_heads, -1, -1), _out_by_head(wide, n_heads).transpose(-2, -1))
            d_out_weight = (context.transpose(-2, -1) @ flat).flatten(0, 1).t()
            d_context = d_context.view(value.shape)
            d_mixing = d_context @ value.transpose(-2, -1)
            d_logits = slope * (d_mixing - d_mixing.mean(-1, keepdim=True))
            pairs = ((d_logits, key), (d_logits.transpose(-2, -1), query), (mixing.transpose(-2, -1), d_context))
            # [3 H, R N, d]; sums over heads without putting them side by side first
            d_heads = _stacked_products(pairs).view(3 * n_heads, len(flat), -1)
            by_head = _projections_by_head(wide, n_heads)
            d_tokens = torch.addbmm(flat.new_zeros(()), d_heads, by_head, beta=0)
            d_by_head = d_heads.transpose(-2, -1) @ cast.reshape(-1, hidden_size).expand(len(d_heads), -1, -1)
            d_query_weight, d_key_weight, d_value_weight = d_by_head.flatten(0, 1).chunk(3)
            d_out_bias = flat.sum(0)
            d_value_bias = wide.out_weight.t() @ d_out_bias
            d_weights = Projections(
                query_weight=d_query_weight,
                query_bias=d_heads[:n_heads].sum(1).flatten(),
                key_weight=d_key_weight,
                key_bias=torch.zeros_like(wide.key_bias),
                value_weight=d_value_weight,
                value_bias=d_value_bias,
                out_weight=d_out_weight + torch.outer(d_out_bias, wide.value_bias),
                out_bias=d_out_bias,
            )
        d_weights = (d.to(weight.dtype) for d, weight in zip(d_weights, weights, strict=True))
        return d_tokens.view(tokens.shape).to(tokens.dtype), *d_weights, None, None, None


def _project(tokens: Tensor, weights: Projections, n_heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values without the biases that have no effect, each [H R, N, d], R fastest."""
    num_rows, num_tokens, hidden_size = tokens.shape
    by_head = _projections_by_head(weights, n_heads)
    # bmm and not matmul, which would make one product and then tear it apart
    flat = tokens.reshape(-1, hidden_size).expand(3 * n_heads, -1, -1)
    heads = torch.bmm(flat, by_head.transpose(-2, -1))
    query, key, value = heads.view(3, n_heads, num_rows, num_tokens, -1)
    query = query + weights.query_bias.view(n_heads, 1, 1, -1)
    return query.flatten(0, 1), key.flatten(0, 1), value.flatten(0, 1)


def _stacked_products(pairs: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """The products of the pairs, one behind the other; put in place at once unless second derivatives are wanted."""
    if torch.is_grad_enabled():
        return torch.stack([one @ other for one, other in pairs])
    one, other = pairs[0]
    products = one.new_empty(len(pairs), *one.shape[:-1], other.shape[-1])
    for (one, other), place in zip(pairs, products, strict=True):
        torch.bmm(one, other, out=place)
    return products


def _projections_by_head(weights: Projections, n_heads: int) -> Tensor:
    """W_q, W_k, W_v by head [3 H, d, D]."""
    stacked = torch.cat([weights.query_weight, weights.key_weight, weights.value_weight])
    return stacked.view(3 * n_heads, -1, stacked.shape[-1])


def _out_by_head(weights: Projections, n_heads: int) -> Tensor:
    """W_oᵀ by head [H, d, D]."""
    return weights.out_weight.t().unflatten(0, (n_heads, -1))


def _weights(query: Tensor, key: Tensor, slope: float) -> Tensor:
    logits = query @ key.transpose(-2, -1)
    return slope * (logits - logits.mean(-1, keepdim=True)) + 1 / key.shape[-2]

"""Entropy-equal attention through the Gram matrix of the tokens: keys and values are never formed.

Source: arXiv 2511.03190, Algorithm 1, with its products reordered; the result is exact. Shapes: L queries, N tokens,
D hidden size, H heads, d = D / H head size, R and ... leading dimensions. With tokens X, centred tokens X̂ = X - mean,
and one matrix for all heads,

    G = X̂ᵀX̂ / N                                       [D, D]

centring removes the bias of the keys, and the bias of the values drops out of the centred product. Per head,

    K̂ᵀV / N = W_k G W_vᵀ =: M                          [d, d]
    m2_i    = q_i (W_k G W_kᵀ) q_iᵀ / d
    out_i   = sum over heads of (q_i / (theta_i sqrt d)) M W_oᵀ + W_o mean(v) + b_o

Where theta is constant, the query projection is absorbed too: out = X A + c with one matrix A [D, D]. Multiply-adds per
leading index for constant theta: 2 N D² + 2 D² (D + d), against 4 N D² + 2 N D d with keys and values.
"""

import math
from typing import Any, NamedTuple, Optional, Union

import torch
from torch import Tensor

from .attention import drop_keys
from .entropy import CONSTANT_SHARPNESS, check_estimator, sharpness
from .precision import compute_dtype, widened, without_autocast
from .tracing import is_transformed


class Projections(NamedTuple):
    """Weights [D, D], rows = outputs, and biases [D] of the four linear maps of an attention layer."""

    query_weight: Tensor
    query_bias: Tensor
    key_weight: Tensor
    key_bias: Tensor
    value_weight: Tensor
    value_bias: Tensor
    out_weight: Tensor
    out_bias: Tensor


def gram_attention(
    states: Tensor,
    weights: Projections,
    n_heads: int,
    *,
    tokens: Optional[Tensor] = None,
    key_mask: Optional[Tensor] = None,
    entropy: str = "taylor",
    eps: float = 1e-8,
) -> Tensor:
    """A whole attention layer, including its projections.

    Args:
        states: [..., L, D], from which the queries are projected.
        weights: of the layer.
        n_heads: H, a divisor of D.
        tokens: [..., N, D], from which keys and values are projected; None = `states`, self-attention.
        key_mask: [..., N] bool, True = keep. A query whose keys are all dropped gets the bias of the output.
        entropy: any estimator but "exact", which needs every logit.
        eps: added to the sharpness.
    Returns: [..., L, D]. Sums over tokens are computed in at least float32, also under autocast.
    Raises: ValueError for an unknown estimator and for "exact".
    """
    check_estimator(entropy)
    if entropy == "exact":
        raise ValueError("entropy: 'exact'; expected an estimator that does not need every logit; use path='quadratic'")
    if tokens is None and key_mask is None and entropy in CONSTANT_SHARPNESS and not is_transformed():
        slope = head_scale(states, n_heads) / (CONSTANT_SHARPNESS[entropy] + eps)
        output = _SelfAttention.apply(_rows(states), *weights, n_heads, slope, compute_dtype(states))
        return output.view(states.shape)
    return plain_gram_attention(states, weights, n_heads, tokens=tokens, key_mask=key_mask, entropy=entropy, eps=eps)


def plain_gram_attention(
    states: Tensor,
    weights: Projections,
    n_heads: int,
    *,
    tokens: Optional[Tensor] = None,
    key_mask: Optional[Tensor] = None,
    entropy: str = "taylor",
    eps: float = 1e-8,
) -> Tensor:
    """Plain twin of `gram_attention`, with the gradients and saved tensors of autograd.

    `gram_attention` takes it for a mask, other tokens, a sharpness per query, and where torch transforms the call.
    """
    constant, scale, dtype = CONSTANT_SHARPNESS.get(entropy), head_scale(states, n_heads), compute_dtype(states)
    tokens = states if tokens is None else tokens
    if key_mask is not None:
        tokens = tokens.expand(*torch.broadcast_shapes(tokens.shape[:-2], key_mask.shape[:-1]), *tokens.shape[-2:])
    leading, hidden_size = tokens.shape[:-2], tokens.shape[-1]
    with without_autocast(states):
        wide = Projections(*map(widened, weights))
        if key_mask is not None:
            key_mask = key_mask.expand(tokens.shape[:-1]).reshape(-1, tokens.shape[-2])
        gram, mean, count, has_keys = _moments(_rows(widened(tokens)), key_mask)
        small = _small_products(gram, wide, n_heads)
        # so that the gradient of the key bias is zero, as on every path, and not None
        bias = wide.value_bias * has_keys + 0 * wide.key_bias
        row = (mean @ wide.value_weight.t() + bias) @ wide.out_weight.t() + wide.out_bias
        row = _unfold(row, leading)
        if constant is not None:
            matrix, query_row = _affine_map(small, wide, scale / (constant + eps))
            row = row + _unfold(query_row, leading)
            return _affine(states.to(dtype), _unfold(matrix, leading), row)
        # W_k G W_kᵀ by head
        moment = small.keyed @ by_head(wide.key_weight, n_heads).transpose(-2, -1)
        moment = _unfold(moment.unflatten(1, (hidden_size // n_heads, gram.shape[0])).movedim(2, 0), leading)
        mixing = _unfold(small.mixing.view(hidden_size, -1, hidden_size).movedim(1, 0), leading)
        if key_mask is None or isinstance(count, int):
            log_count = _unfold((gram.new_ones((1, 1, 1)) * count).log(), torch.Size())
        else:
            log_count = _unfold(count.to(gram.dtype).log(), leading)
    query = torch.nn.functional.linear(states, weights.query_weight, weights.query_bias)
    with without_autocast(states):
        heads = widened(query).unflatten(-1, (n_heads, -1)).transpose(-3, -2)
        # the moment is positive semidefinite, but rounding can make the product negative
        second_moment = ((heads @ moment) * heads).sum(-1).clamp(min=0) * scale**2
        theta = sharpness(entropy, second_moment, log_count) + eps
        sharpened = (heads * (scale / theta).unsqueeze(-1)).transpose(-3, -2).flatten(-2)
        return _affine(sharpened.to(query.dtype), mixing, row)


class _SelfAttention(torch.autograd.Function):
    """Self-attention of constant sharpness without a mask, with its own gradients.

    The tokens [R, N, D] are the only tensor of their size that is kept for the gradients. The weights, the mean and
    three D x D matrices for each R are kept too: G, W_k G and A.
    """

    @staticmethod
    def forward(ctx: Any, tokens: Tensor, *arguments: Any) -> Tensor:
        *weights, n_heads, slope, dtype = arguments
        with without_autocast(tokens):
            wide = Projections(*map(widened, weights))
            gram, mean, _, _ = _moments(widened(tokens), None)
            small = _small_products(gram, wide, n_heads)
            matrix, row = _affine_map(small, wide, slope)
            row = row + (mean @ wide.value_weight.t() + wide.value_bias) @ wide.out_weight.t() + wide.out_bias
            output = _affine(tokens.to(dtype), matrix, row)
        ctx.save_for_backward(tokens, gram, small.keyed, matrix, mean, *weights)
        ctx.settings = n_heads, slope
        return output

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Optional[Tensor], ...]:
        tokens, gram, keyed, matrix, mean, *weights = ctx.saved_tensors
        n_heads, slope = ctx.settings
        count = tokens.shape[-2]
        with without_autocast(tokens):
            wide, cast = Projections(*map(widened, weights)), tokens.to(gradient.dtype)
            if torch.is_grad_enabled():
                # saved tensors are constants to autograd: second derivatives need them computed from the tokens again
                gram, mean, _, _ = _moments(widened(tokens), None)
                small = _small_products(gram, wide, n_heads)
                matrix, _ = _affine_map(small, wide, slope)
            else:
                small = _products_of(keyed, wide, n_heads)
            d_transposed = widened(gradient.transpose(-2, -1) @ cast)
            d_row = widened(gradient).sum(-2)
            d_gram, d_mean, d_weights = _small_gradients(
                d_transposed, d_row, gram, mean, wide, small, n_heads, slope, count
            )
            # through the centred tokens; they sum to zero, so their mean gets no gradient
            symmetric = d_gram + d_gram.transpose(-2, -1)
            d_tokens = _affine(cast, symmetric, (d_mean / count).unsqueeze(1) - mean @ symmetric)
            d_tokens = _add_product(d_tokens, gradient, matrix.to(gradient.dtype).transpose(-2, -1))
        cast_back = (d.to(weight.dtype) for d, weight in zip(d_weights, weights, strict=True))
        return d_tokens.to(tokens.dtype), *cast_back, None, None, None


class _Small(NamedTuple):
    """Products of the Gram matrices with weights. R is a middle dimension so that one matrix product serves all R."""

    keyed: Tensor  # W_k G by head [H, d * R, D]
    moment: Tensor  # M [H, d * R, d]
    mixing: Tensor  # M W_oᵀ [D, R * D], D = (H, d)


def _small_products(gram: Tensor, weights: Projections, n_heads: int) -> _Small:
    # G is symmetric: the stacked matrices, transposed, are the same matrices side by side
    keyed = weights.key_weight @ gram.flatten(0, 1).t()
    return _products_of(keyed.view(n_heads, -1, gram.shape[-1]), weights, n_heads)


def _products_of(keyed: Tensor, weights: Projections, n_heads: int) -> _Small:
    moment = keyed @ by_head(weights.value_weight, n_heads).transpose(-2, -1)
    mixing = moment @ out_by_head(weights.out_weight, n_heads)
    return _Small(keyed, moment, mixing.view(keyed.shape[-1], -1))


def _affine_map(small: _Small, weights: Projections, slope: float) -> tuple[Tensor, Tensor]:
    """A [R, D, D] and the term of the query bias [R, 1, D] in the map X A + c of a constant sharpness."""
    hidden_size = len(small.mixing)
    transposed = small.mixing.t() @ (slope * weights.query_weight)
    row = (slope * weights.query_bias) @ small.mixing
    return transposed.view(-1, hidden_size, hidden_size).transpose(-2, -1), row.view(-1, 1, hidden_size)


def _small_gradients(
    d_transposed: Tensor,
    d_row: Tensor,
    gram: Tensor,
    mean: Tensor,
    weights: Projections,
    small: _Small,
    n_heads: int,
    slope: float,
    count: int,
) -> tuple[Tensor, Tensor, Projections]:
    """Gradients of N G [R, D, D], mean [R, D] and the weights, from the gradients of Aᵀ [R, D, D] and c [R, D].

    The gradient of N G is returned transposed; its caller adds the transpose anyway.
    """
    hidden_size = d_row.shape[-1]
    value_heads, out_heads = by_head(weights.value_weight, n_heads), out_by_head(weights.out_weight, n_heads)
    # stacked over all R
    d_transposed, d_query_row = d_transposed.flatten(0, 1), d_row.flatten()
    d_mixing = (slope * weights.query_weight) @ d_transposed.t()
    d_mixing = d_mixing.addr_(slope * weights.query_bias, d_query_row).view(small.keyed.shape)
    d_out_heads = small.moment.transpose(-2, -1) @ d_mixing
    d_moment = d_mixing @ out_heads.transpose(-2, -1)
    d_value_heads = d_moment.transpose(-2, -1) @ small.keyed
    d_keyed = (d_moment @ value_heads).view(hidden_size, -1)
    d_gram = d_keyed.t() @ (weights.key_weight / count)

    mean = mean.squeeze(-2)
    value_mean = mean @ weights.value_weight.t() + weights.value_bias
    d_value_mean = d_row @ weights.out_weight
    d_weights = Projections(
        query_weight=slope * (small.mixing @ d_transposed),
        query_bias=slope * (small.mixing @ d_query_row),
        key_weight=d_keyed @ gram.flatten(0, 1),
        key_bias=torch.zeros_like(weights.key_bias),
        value_weight=d_value_heads.flatten(0, 1) + d_value_mean.t() @ mean,
        value_bias=d_value_mean.sum(0),
        out_weight=d_out_heads.flatten(0, 1).t() + d_row.t() @ value_mean,
        out_bias=d_row.sum(0),
    )
    return d_gram.view(gram.shape), d_value_mean @ weights.value_weight, d_weights


def _moments(
    tokens: Tensor, key_mask: Optional[Tensor]
) -> tuple[Tensor, Tensor, Union[int, Tensor], Union[int, Tensor]]:
    """G [R, D, D], mean [R, 1, D], N, and 1 where a key is kept, else 0, of tokens [R, N, D].

    With a mask, the last two are [R, 1, 1].
    """
    if key_mask is None:
        mean = tokens.mean(-2, keepdim=True)
        centred = tokens - mean
        return (centred.transpose(-2, -1) @ centred).div_(tokens.shape[-2]), mean, tokens.shape[-2], 1
    kept = key_mask.sum(-1)[..., None, None]
    count, has_keys = kept.clamp(min=1), (kept > 0).to(tokens.dtype)
    tokens = drop_keys(tokens, key_mask)
    mean = tokens.sum(-2, keepdim=True) / count
    centred = drop_keys(tokens - mean, key_mask)
    return (centred.transpose(-2, -1) @ centred).div_(count), mean, count, has_keys


def _rows(tokens: Tensor) -> Tensor:
    """[..., N, D] as [R, N, D]."""
    return tokens.reshape(-1, *tokens.shape[-2:])


def _unfold(tensor: Tensor, leading: torch.Size) -> Tensor:
    """[R, ...] with R split into the leading dimensions again."""
    return tensor.reshape(*leading, *tensor.shape[1:])


def by_head(weight: Tensor, n_heads: int) -> Tensor:
    """Rows of [D, D] by head: [H, d, D]."""
    return weight.unflatten(0, (n_heads, -1))


def out_by_head(weight: Tensor, n_heads: int) -> Tensor:
    """W_oᵀ by head: [H, d, D]."""
    return weight.t().unflatten(0, (n_heads, -1))


def _affine(states: Tensor, matrix: Tensor, row: Tensor) -> Tensor:
    """states [..., L, D] times matrix [..., D, D] plus row [..., 1, D], in the dtype of states."""
    matrix, row = matrix.to(states.dtype), row.to(states.dtype)
    if states.dim() == 3 and states.shape[:1] == matrix.shape[:1]:
        return torch.baddbmm(row, states, matrix)
    return row + states @ matrix


def _add_product(total: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """total + one @ other, in place unless autograd records it for second derivatives."""
    return torch.baddbmm(total, one, other) if torch.is_grad_enabled() else total.baddbmm_(one, other)


def head_scale(states: Tensor, n_heads: int) -> float:
    return 1 / math.sqrt(states.shape[-1] // n_heads)

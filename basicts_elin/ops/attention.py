"""Entropy-equal attention as a pure function: plain reference, quadratic and linear path.

Source: arXiv 2511.03190, Algorithm 1. Shapes: Nq queries, N keys, d width of queries and keys, dv width of values,
... leading dimensions (batch, heads), which broadcast.

    out_i = mean_j v_j + (1 / (N theta_i)) * scale * q_i (sum_j (k_j - mean k) v_jᵀ)

The weights (1 + x_ij / theta_i) / N sum to one but are negative where x_ij < -theta_i: a signed average.
"""

import math
from typing import Optional, Union

import torch
from torch import Tensor

from .checks import check_choice, check_mask_shape, check_shapes
from .entropy import CONSTANT_SHARPNESS, check_estimator, deficit_to_sharpness, entropy_deficit, sharpness

PATHS = ("auto", "reference", "quadratic", "linear")


def entropy_equal_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    key_mask: Optional[Tensor] = None,
    scale: Optional[float] = None,
    entropy: str = "taylor",
    path: str = "auto",
    eps: float = 1e-8,
) -> Tensor:
    """Entropy-equal attention, arXiv 2511.03190.

    Args:
        query: [..., Nq, d].
        key: [..., N, d].
        value: [..., N, dv]. All three share one floating point dtype; leading dimensions broadcast.
        key_mask: [..., N] bool, True = keep. A query with no key left gets 0.
        scale: factor of the logits; None = 1/sqrt(d).
        entropy: estimator of the entropy deficit. "taylor" is the paper's, whose sharpness is the constant 1/sqrt(2);
            "taylor2" the correct second order, sharpness 1; "gaussian" adapts to each query, linear in N; "exact" the
            softmax's own entropy, quadratic in N on every path.
        path: "reference" forms the weights in float64, the plain twin of the others; "quadratic" forms them in the
            input's dtype, N²d operations; "linear" never forms them, Nd² operations; "auto" takes quadratic where
            N < d or the estimator is "exact", else linear.
        eps: added to the sharpness.
    Returns: [..., Nq, dv], in the input's dtype.
    Raises: ValueError for an unknown name and for shapes or dtypes that do not fit.
    """
    check_estimator(entropy)
    check_choice("path", path, PATHS)
    check_shapes(query, key, value, key_mask)
    path = choose_path(path, entropy, key)
    if path == "reference":
        return _reference(query, key, value, key_mask, scale, entropy, eps)
    if path == "linear":
        return _linear(query, key, value, key_mask, scale, entropy, eps)
    keep = None if key_mask is None else key_mask.unsqueeze(-2)
    weights = entropy_equal_weights(query, key, keep=keep, scale=scale, entropy=entropy, eps=eps)
    return weights @ drop_keys(value, key_mask)


def choose_path(path: str, entropy: str, key: Tensor) -> str:
    """What "auto" stands for with keys [..., N, d]; any other path is itself."""
    if path != "auto":
        return path
    return "quadratic" if key.shape[-2] < key.shape[-1] or entropy == "exact" else "linear"


def attention_entropy(
    query: Tensor,
    key: Tensor,
    *,
    key_mask: Optional[Tensor] = None,
    scale: Optional[float] = None,
    entropy: str = "gaussian",
) -> Tensor:
    """Entropy of the softmax attention of each query, in nats, linear in N for all estimators but "exact".

    Arguments as in `entropy_equal_attention`. Returns [..., Nq]. "taylor" and "taylor2" are returned as they are and
    may be negative, where their deficit exceeds log N (log N - 6.35 at N = 400 and a logit deviation of 2.5). A query
    with no key left gets 0.
    """
    check_estimator(entropy)
    check_shapes(query, key, key_mask=key_mask)
    centred, count = _centre(key, key_mask)
    second_moment, log_count, *exact = _statistics(_scaled(query, scale), centred, count, key_mask, entropy)
    return (log_count - entropy_deficit(entropy, second_moment, log_count, *exact)).to(query.dtype)


def entropy_equal_weights(
    query: Tensor,
    key: Tensor,
    *,
    keep: Optional[Tensor] = None,
    scale: Optional[float] = None,
    entropy: str = "taylor",
    eps: float = 1e-8,
) -> Tensor:
    """The signed weights (1 + x_ij / theta_i) / N themselves, [..., Nq, N]; rows sum to 1, or are 0 without a key.

    Args:
        keep: bool, broadcastable to [..., Nq, N], True = keep: unlike a key mask it may differ from query to query.
    Others as in `entropy_equal_attention`.
    """
    check_estimator(entropy)
    check_shapes(query, key)
    if keep is not None:
        keep = _check_keep(query, key, keep)
    constant = CONSTANT_SHARPNESS.get(entropy)
    if keep is None:
        centred, count = _centre(key, None)
        if constant is not None:
            # the scale goes into the N x N weights, fewer numbers than the queries where this path is chosen
            slope = _scale(query, scale) / ((constant + eps) * count)
            return (query @ centred.transpose(-2, -1)) * slope + 1 / count
        query = _scaled(query, scale)
        logits = query @ centred.transpose(-2, -1)
    else:
        # a dropped key may hold anything; the row mean over the keys kept replaces the mean key
        key = drop_keys(key, keep.any(-2))
        count = keep.sum(-1, keepdim=True).clamp(min=1)
        logits = _scaled(query, scale) @ (key - key.mean(-2, keepdim=True)).transpose(-2, -1)
        logits = logits.masked_fill(~keep, 0.0)
        logits = (logits - logits.sum(-1, keepdim=True) / count).masked_fill(~keep, 0.0)
    if constant is None:
        second_moment = _mean_square(logits, keep)
        theta = sharpness(entropy, second_moment, _log(count, second_moment), logits, keep).to(logits.dtype)
        theta = theta.unsqueeze(-1) + eps
    else:
        theta = constant + eps
    weights = (1 + logits / theta) / count
    return weights if keep is None else weights.masked_fill(~keep, 0.0)


def drop_keys(tokens: Tensor, key_mask: Optional[Tensor]) -> Tensor:
    """Keys or values [..., N, d] with the dropped ones set to 0, whatever they held."""
    return tokens if key_mask is None else tokens.masked_fill(~key_mask.unsqueeze(-1), 0.0)


def _check_keep(query: Tensor, key: Tensor, keep: Tensor) -> Tensor:
    """`keep` with its last two dimensions there and the last one N long."""
    if keep.dtype != torch.bool:
        raise ValueError(f"keep has dtype {keep.dtype}; expected torch.bool, True = keep")
    leading = torch.broadcast_shapes(query.shape[:-2], key.shape[:-2])
    check_mask_shape("keep", keep, (*leading, query.shape[-2], key.shape[-2]))
    keep = keep if keep.dim() > 1 else keep.unsqueeze(0)
    return keep.expand(*keep.shape[:-1], key.shape[-2])


def _reference(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_mask: Optional[Tensor],
    scale: Optional[float],
    entropy: str,
    eps: float,
) -> Tensor:
    """Plain twin of the other paths: the letter of the paper, in float64, theta from each estimator's deficit."""
    dtype = query.dtype
    query, key, value = query.double(), drop_keys(key.double(), key_mask), drop_keys(value.double(), key_mask)
    if key_mask is None:
        key_mask = torch.ones(key.shape[-2], dtype=torch.bool, device=key.device)
    kept = key_mask.unsqueeze(-1).to(key.dtype)
    count = kept.sum(-2, keepdim=True).clamp(min=1)
    centred = (key - key.sum(-2, keepdim=True) / count) * kept
    x = (query @ centred.transpose(-2, -1)) * _scale(query, scale)
    m2 = x.square().sum(-1, keepdim=True) / count
    deficit = entropy_deficit(entropy, m2.squeeze(-1), count.log().squeeze(-1), x, key_mask.unsqueeze(-2))
    theta = deficit_to_sharpness(entropy, m2, deficit.unsqueeze(-1)) + eps
    weights = (1 + x / theta) / count * kept.transpose(-2, -1)
    return (weights @ value).to(dtype)


def _linear(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_mask: Optional[Tensor],
    scale: Optional[float],
    entropy: str,
    eps: float,
) -> Tensor:
    centred, count = _centre(key, key_mask)
    value = drop_keys(value, key_mask)
    value_mean = value.sum(-2, keepdim=True) / count
    key_value = centred.transpose(-2, -1) @ value / count
    constant = CONSTANT_SHARPNESS.get(entropy)
    if constant is not None:
        return value_mean + query @ (key_value * (_scale(query, scale) / (constant + eps)))
    query = _scaled(query, scale)
    theta = sharpness(entropy, *_statistics(query, centred, count, key_mask, entropy)).to(query.dtype)
    return value_mean + (query / (theta + eps).unsqueeze(-1)) @ key_value


def _scale(query: Tensor, scale: Optional[float]) -> float:
    return 1 / math.sqrt(query.shape[-1]) if scale is None else scale


def _scaled(query: Tensor, scale: Optional[float]) -> Tensor:
    return query * _scale(query, scale)


def _centre(key: Tensor, key_mask: Optional[Tensor]) -> tuple[Tensor, Union[int, Tensor]]:
    """Keys minus the mean of the kept ones, 0 where dropped [..., N, d]; the number kept, at least 1, [..., 1, 1]."""
    if key_mask is None:
        return key - key.mean(-2, keepdim=True), key.shape[-2]
    count = key_mask.sum(-1)[..., None, None].clamp(min=1)
    key = drop_keys(key, key_mask)
    return drop_keys(key - key.sum(-2, keepdim=True) / count, key_mask), count


def _statistics(
    query: Tensor, centred: Tensor, count: Union[int, Tensor], key_mask: Optional[Tensor], entropy: str
) -> tuple[Tensor, Tensor, Optional[Tensor], Optional[Tensor]]:
    """What an estimator needs: m2, log N, and for "exact" alone the N x N logits and which of them count."""
    logits = keep = None
    if entropy == "exact":
        logits = query @ centred.transpose(-2, -1)
        keep = None if key_mask is None else key_mask.unsqueeze(-2)
        second_moment = _mean_square(logits, keep)
    else:
        second_moment = _second_moment(query, centred, count)
    return second_moment, _log(count, second_moment), logits, keep


def _second_moment(query: Tensor, centred: Tensor, count: Union[int, Tensor]) -> Tensor:
    """m2 [..., Nq] through S = K̂ᵀK̂ / N, in at least float32: no N x N matrix is formed."""
    query, centred = _at_least_float32(query), _at_least_float32(centred)
    moment = centred.transpose(-2, -1) @ centred / count
    # S is positive semidefinite, rounding is not
    return ((query @ moment) * query).sum(-1).clamp(min=0)


def _mean_square(logits: Tensor, keep: Optional[Tensor]) -> Tensor:
    logits = _at_least_float32(logits)
    if keep is None:
        return logits.square().mean(-1)
    return logits.masked_fill(~keep, 0.0).square().sum(-1) / keep.sum(-1).clamp(min=1)


def _log(count: Union[int, Tensor], like: Tensor) -> Tensor:
    """log N in the dtype of `like`, broadcastable to m2 [..., Nq]."""
    if isinstance(count, int):
        return like.new_full((), math.log(count))
    return count.to(like.dtype).log().squeeze(-1)


def _at_least_float32(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor

"""Entropy-equal attention as pure functions: a plain reference, a quadratic path and a linear path.

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
from .precision import widened, without_autocast
from .tracing import holds, is_exporting

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
    """Entropy-equal attention (arXiv 2511.03190, Algorithm 1).

    Args:
        query: [..., Nq, d].
        key: [..., N, d].
        value: [..., N, dv]. All three share one floating point dtype; leading dimensions broadcast.
        key_mask: [..., N] bool, True = keep. A query whose keys are all dropped gets 0.
        scale: factor of the logits; None = 1/sqrt(d).
        entropy: estimator of the entropy deficit. "taylor" is the paper's; its sharpness is the constant 1/sqrt(2).
            "taylor2" is the correct second order, with sharpness 1. "gaussian" adapts to each query and is linear in N.
            "exact" uses the entropy of the softmax itself and is quadratic in N on every path.
        path: "reference" forms the weights in float64 and is the plain twin of the other paths. "quadratic" forms them,
            N²d operations. "linear" never forms them, Nd² operations. "auto" is quadratic where N < d or the estimator
            is "exact", and linear otherwise.
        eps: added to the sharpness.
    Returns: [..., Nq, dv], in the dtype of the inputs, also under autocast. Half precision is computed in float32.
    Raises: ValueError for an unknown estimator or path, and for shapes or dtypes that do not fit together.
    """
    check_estimator(entropy)
    check_choice("path", path, PATHS)
    check_shapes(query, key, value, key_mask)
    path, dtype = choose_path(path, entropy, key), query.dtype
    if path == "reference":
        return _reference(query, key, value, key_mask, scale, entropy, eps)
    with without_autocast(query):
        query, key, value = widened(query), widened(key), widened(value)
        if path == "linear":
            return _linear(query, key, value, key_mask, scale, entropy, eps).to(dtype)
        keep = None if key_mask is None else key_mask.unsqueeze(-2)
        weights = _weights(query, key, keep, scale, entropy, eps)
        return (weights @ drop_keys(value, key_mask)).to(dtype)


def choose_path(path: str, entropy: str, key: Tensor) -> str:
    """The path that "auto" selects for keys [..., N, d]; any other path is returned unchanged."""
    if path != "auto":
        return path
    return "quadratic" if entropy == "exact" or holds(key.shape[-2] < key.shape[-1]) else "linear"


def attention_entropy(
    query: Tensor,
    key: Tensor,
    *,
    key_mask: Optional[Tensor] = None,
    scale: Optional[float] = None,
    entropy: str = "gaussian",
) -> Tensor:
    """Entropy of the softmax attention of each query, in nats. Linear in N for every estimator but "exact".

    Source: arXiv 2511.03190, section 3, with its signs corrected (see `ops.entropy`).

    Args: as in `entropy_equal_attention`.
    Returns: [..., Nq], in the dtype of the inputs. "taylor" and "taylor2" are not clipped: they are negative where
        their deficit exceeds log N (log N - 6.35 at N = 400 and a standard deviation of the logits of 2.5). A query
        whose keys are all dropped gets 0.
    Raises: ValueError as `entropy_equal_attention`.
    """
    check_estimator(entropy)
    check_shapes(query, key, key_mask=key_mask)
    with without_autocast(query):
        centred, count = _centre(widened(key), key_mask)
        scaled = _scaled(widened(query), scale)
        second_moment, log_count, *exact = _statistics(scaled, centred, count, key_mask, entropy)
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
    """The signed weights (1 + x_ij / theta_i) / N of entropy-equal attention (arXiv 2511.03190, Algorithm 1).

    Args:
        query, key, scale, entropy, eps: as in `entropy_equal_attention`.
        keep: bool, broadcastable to [..., Nq, N], True = keep. Unlike a key mask, it may differ between queries.
    Returns: [..., Nq, N], in the dtype of the inputs. Each row sums to 1; it is 0 where the query keeps no key.
    Raises: ValueError as `entropy_equal_attention`, and for a `keep` that is not bool or does not broadcast.
    """
    check_estimator(entropy)
    check_shapes(query, key)
    if keep is not None:
        keep = _check_keep(query, key, keep)
    with without_autocast(query):
        return _weights(widened(query), widened(key), keep, scale, entropy, eps).to(query.dtype)


def _weights(
    query: Tensor, key: Tensor, keep: Optional[Tensor], scale: Optional[float], entropy: str, eps: float
) -> Tensor:
    constant = CONSTANT_SHARPNESS.get(entropy)
    if keep is None:
        centred, count = _centre(key, None)
        if constant is not None:
            # scaling the N x N weights touches fewer numbers than scaling the queries where this path is chosen
            slope = _scale(query, scale) / ((constant + eps) * count)
            return (query @ centred.transpose(-2, -1)) * slope + 1 / count
        query = _scaled(query, scale)
        logits = query @ centred.transpose(-2, -1)
    else:
        # a dropped key may hold NaN; the row mean over the kept keys takes the place of the mean key
        key = drop_keys(key, keep.any(-2))
        count = keep.sum(-1, keepdim=True).clamp(min=1)
        logits = _scaled(query, scale) @ (key - key.mean(-2, keepdim=True)).transpose(-2, -1)
        logits = logits.masked_fill(~keep, 0.0)
        logits = (logits - logits.sum(-1, keepdim=True) / count).masked_fill(~keep, 0.0)
    if constant is None:
        second_moment = _mean_square(logits, keep)
        theta = sharpness(entropy, second_moment, _log(count, second_moment), logits, keep).to(logits.dtype)
        scaled = logits / (theta.unsqueeze(-1) + eps)
    else:
        scaled = logits / (constant + eps)
    weights = (1 + scaled) / count
    return weights if keep is None else weights.masked_fill(~keep, 0.0)


def drop_keys(tokens: Tensor, key_mask: Optional[Tensor]) -> Tensor:
    """Keys or values [..., N, d] with the dropped ones set to 0, even where they hold NaN or infinity."""
    return tokens if key_mask is None else tokens.masked_fill(~key_mask.unsqueeze(-1), 0.0)


def _check_keep(query: Tensor, key: Tensor, keep: Tensor) -> Tensor:
    """`keep` expanded to at least two dimensions, the last of length N."""
    if keep.dtype != torch.bool:
        raise ValueError(f"keep: dtype {keep.dtype}; expected torch.bool, True = keep")
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
    """Plain twin of the other paths: the paper's formulas in float64, with theta from each estimator's deficit."""
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
    """Keys [..., N, d] minus the mean of the kept ones, 0 where dropped; count of kept keys, at least 1 [..., 1, 1]."""
    if key_mask is None:
        return key - key.mean(-2, keepdim=True), key.shape[-2]
    count = key_mask.sum(-1)[..., None, None].clamp(min=1)
    key = drop_keys(key, key_mask)
    return drop_keys(key - key.sum(-2, keepdim=True) / count, key_mask), count


def _statistics(
    query: Tensor, centred: Tensor, count: Union[int, Tensor], key_mask: Optional[Tensor], entropy: str
) -> tuple[Tensor, Tensor, Optional[Tensor], Optional[Tensor]]:
    """Inputs of an estimator: m2, log N, and for "exact" only the N x N logits and the mask of the kept ones."""
    logits = keep = None
    if entropy == "exact":
        logits = query @ centred.transpose(-2, -1)
        keep = None if key_mask is None else key_mask.unsqueeze(-2)
        second_moment = _mean_square(logits, keep)
    else:
        second_moment = _second_moment(query, centred, count)
    return second_moment, _log(count, second_moment), logits, keep


def _second_moment(query: Tensor, centred: Tensor, count: Union[int, Tensor]) -> Tensor:
    """m2 [..., Nq] from S = K̂ᵀK̂ / N. No N x N matrix is formed."""
    moment = centred.transpose(-2, -1) @ centred / count
    # S is positive semidefinite, but rounding can make the product negative
    return ((query @ moment) * query).sum(-1).clamp(min=0)


def _mean_square(logits: Tensor, keep: Optional[Tensor]) -> Tensor:
    if keep is None:
        return logits.square().mean(-1)
    return logits.masked_fill(~keep, 0.0).square().sum(-1) / keep.sum(-1).clamp(min=1)


def _log(count: Union[int, Tensor], like: Tensor) -> Tensor:
    """log N in the dtype of `like`, broadcastable to m2 [..., Nq]."""
    if isinstance(count, Tensor):
        # torch.jit.trace has a size as a tensor of no dimension
        return count.to(like.dtype).log().squeeze(-1) if count.dim() else count.to(like.dtype).log()
    return like.new_full((), count).log() if is_exporting() else like.new_full((), math.log(count))

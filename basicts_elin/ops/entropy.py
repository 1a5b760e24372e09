"""Entropy deficit of softmax attention, and the sharpness of the linear attention that matches it.

Source: arXiv 2511.03190, section 3, with its signs corrected. Shapes: Nq queries, N keys, ... leading dimensions.

Logits x_ij = scale * q_i . (k_j - mean k), so that every row sums to zero, and m2_i = mean_j x_ij². The entropy
deficit of a query is log N - H_i, where H_i is the Shannon entropy (nats) of softmax_j(x_ij). It is the
Kullback-Leibler divergence of the attention from uniform. Entropy-equal attention weighs key j by
(1 + x_ij / theta_i) / N, with the sharpness

    theta_i = sqrt(m2_i / (2 * deficit_i)) + eps

| estimator | deficit                      | theta                       |
|-----------|------------------------------|-----------------------------|
| taylor    | m2                           | 1/sqrt(2), the paper's      |
| taylor2   | m2 / 2                       | 1                           |
| gaussian  | L (1 - exp(-m2 / 2L)), L = log N | sqrt(u / (1 - exp(-u))), u = m2 / 2L |
| exact     | from the softmax itself      | -, quadratic in N           |
"""

import math
from typing import Optional

import torch
from torch import Tensor

from .checks import check_choice

ESTIMATORS = ("taylor", "taylor2", "gaussian", "exact")

# theta of the estimators whose deficit is a constant times m2; it is the same for every query
CONSTANT_SHARPNESS = {"taylor": math.sqrt(0.5), "taylor2": 1.0}

# Below this m2 the direct sum for the deficit cancels (float64, absolute error ~1e-16) and the cumulant series is used.
# Its first neglected term has relative size m2^1.5 / 15, 2e-9 at this m2.
_SERIES_BELOW = 1e-5
# u = m2 / 2L below which sqrt(u / (1 - exp(-u))) is computed from its series; the first neglected term is u^4 / 1440
_SMALL_U = 1e-3


def check_estimator(entropy: str) -> None:
    """Raise ValueError unless `entropy` is one of `ESTIMATORS`."""
    check_choice("entropy", entropy, ESTIMATORS)


def entropy_deficit(
    entropy: str,
    second_moment: Tensor,
    log_count: Tensor,
    logits: Optional[Tensor] = None,
    keep: Optional[Tensor] = None,
) -> Tensor:
    """log N - H of each query's softmax attention, in nats (arXiv 2511.03190, section 3).

    Args:
        entropy: one of `ESTIMATORS`.
        second_moment: m2 [..., Nq].
        log_count: log N, where N is the number of kept keys; broadcastable to [..., Nq].
        logits: centred logits [..., Nq, N]; only "exact" needs them.
        keep: bool, broadcastable to logits, True = keep the key.
    Returns: [..., Nq]. "taylor" and "taylor2" may exceed log N, the largest value of the true deficit.
    Raises: ValueError for "exact" without logits.
    """
    if entropy == "taylor":
        return second_moment
    if entropy == "taylor2":
        return second_moment / 2
    if entropy == "gaussian":
        limit = _positive(log_count)
        return -limit * torch.expm1(-second_moment / (2 * limit))
    return _exact_deficit(logits, keep, second_moment)


def sharpness(
    entropy: str,
    second_moment: Tensor,
    log_count: Tensor,
    logits: Optional[Tensor] = None,
    keep: Optional[Tensor] = None,
) -> Tensor:
    """theta without eps [..., Nq] in closed form, for the estimators whose theta differs between queries.

    `CONSTANT_SHARPNESS` holds theta of the other estimators. Args and errors as in `entropy_deficit`.
    """
    if entropy == "gaussian":
        u = second_moment / (2 * _positive(log_count))
        small = u < _SMALL_U
        safe_u = torch.where(small, torch.ones_like(u), u)
        squared = torch.where(small, 1 + u / 2 + u.square() / 12, safe_u / -torch.expm1(-safe_u))
        return squared.sqrt()
    return deficit_to_sharpness(entropy, second_moment, _exact_deficit(logits, keep, second_moment))


def deficit_to_sharpness(entropy: str, second_moment: Tensor, deficit: Tensor) -> Tensor:
    """theta without eps [..., Nq] from its definition, sqrt(m2 / (2 deficit)).

    Where that is 0/0 (all keys equal), the result is the limit, with finite gradients. The attention output does not
    depend on theta there.
    """
    undefined = (second_moment < torch.finfo(second_moment.dtype).tiny) | (deficit <= 0)
    limit = torch.full_like(second_moment, CONSTANT_SHARPNESS.get(entropy, 1.0) ** 2)
    half = torch.full_like(deficit, 0.5)
    return (torch.where(undefined, limit, second_moment) / (2 * torch.where(undefined, half, deficit))).sqrt()


def _exact_deficit(logits: Optional[Tensor], keep: Optional[Tensor], second_moment: Tensor) -> Tensor:
    if logits is None:
        raise ValueError("logits: None; expected centred logits [..., Nq, N] for entropy='exact'")
    x = logits.double()
    m2 = second_moment.double()
    if keep is None:
        keep = torch.ones((), dtype=torch.bool, device=x.device)
    keep = keep.expand(x.shape)
    log_p = torch.log_softmax(x.masked_fill(~keep, -math.inf), dim=-1)
    count = keep.sum(-1, keepdim=True).clamp(min=1).to(x.dtype)
    finite_log_p = log_p.masked_fill(~keep, 0.0)
    direct = (log_p.exp() * (finite_log_p + count.log())).masked_fill(~keep, 0.0).sum(-1).clamp(min=0)

    # KL(softmax || uniform) = k2/2 + k3/3 + k4/8 + ..., where k are the cumulants of the logits
    small = m2 < _SERIES_BELOW
    x_small = torch.where(small.unsqueeze(-1) & keep, x, torch.zeros_like(x))
    third, fourth = (x_small.pow(power).sum(-1) / count.squeeze(-1) for power in (3, 4))
    k4 = fourth - 3 * torch.where(small, m2, torch.zeros_like(m2)).square()
    return torch.where(small, m2 / 2 + third / 3 + k4 / 8, direct)


def _positive(log_count: Tensor) -> Tensor:
    # a single key has log N = 0 and m2 = 0: any positive limit then gives the right deficit, 0, and theta, 1
    return torch.where(log_count > 0, log_count, torch.ones_like(log_count))

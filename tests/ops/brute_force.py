"""Entropy-equal attention straight from the formulas, in float64, sharing no line with the package.

Slow on purpose: it loops over the leading dimensions, removes masked keys instead of zeroing them, forms all logits and
the softmax. Gradients come from autograd through these lines, and test_brute_force.py checks those by finite
differences. Shapes: Nq queries, N keys, d and dv widths, ... leading dimensions.
"""

import itertools
import math

import torch

LIMIT_OF_THETA = {"taylor": math.sqrt(0.5), "taylor2": 1.0, "gaussian": 1.0, "exact": 1.0}
ESTIMATORS = tuple(LIMIT_OF_THETA)


def attend(query, key, value, *, keep=None, scale=None, entropy="taylor", eps=1e-8):
    """Output [..., Nq, dv]. `keep`: bool, broadcastable to [..., Nq, N]; a key mask [..., N] goes in as [..., 1, N]."""
    query, key, value = query.double(), key.double(), value.double()

    def rows(q, k, v):
        return weights_of(q, k, scale, entropy, eps) @ v if len(k) else q.new_zeros(len(q), v.shape[-1])

    return _per_group(rows, [query, key, value], keep, query.shape[-2], key.shape[-2])


def attention_entropy(query, key, *, keep=None, scale=None, entropy="gaussian"):
    """Entropy of the softmax attention as each estimator has it, [..., Nq]."""

    def rows(q, k):
        if len(k) == 0:
            return q.new_zeros(len(q))
        x = logits_of(q, k, scale)
        if entropy == "exact":
            return -(x.softmax(-1) * x.log_softmax(-1)).sum(-1)
        return math.log(len(k)) - deficit_of(x, entropy)

    return _per_group(rows, [query.double(), key.double()], keep, query.shape[-2], key.shape[-2])


def softmax_attend(query, key, value, *, scale=None):
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    return torch.einsum(
        "...ij,...jd->...id", (scale * torch.einsum("...id,...jd->...ij", query, key)).softmax(-1), value
    )


def logits_of(query, key, scale=None):
    """Centred logits x [Nq, N] of query [Nq, d] and key [N, d]."""
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    return scale * torch.einsum("id,jd->ij", query, key - key.mean(0))


def deficit_of(x, entropy):
    """Entropy deficit [Nq] of the centred logits x [Nq, N]."""
    m2 = (x * x).mean(-1)
    limit = math.log(x.shape[-1])
    if entropy == "taylor":
        return m2
    if entropy == "taylor2":
        return m2 / 2
    if entropy == "gaussian":
        return limit * -torch.expm1(-m2 / (2 * limit)) if limit else m2 / 2
    return torch.stack([_kl_from_uniform(row) for row in x])


def theta_of(x, entropy):
    """Sharpness without eps [Nq]: sqrt(m2 / (2 deficit)), and its limit where that is 0/0."""
    m2 = (x * x).mean(-1)
    uniform = m2 == 0
    deficit = torch.where(uniform, torch.ones_like(m2), deficit_of(x, entropy))
    ratio = torch.where(uniform, torch.ones_like(m2), m2) / (2 * deficit)
    return torch.where(uniform, torch.full_like(m2, LIMIT_OF_THETA[entropy]), ratio.sqrt())


def weights_of(query, key, scale=None, entropy="taylor", eps=1e-8):
    """Signed weights [Nq, N]."""
    x = logits_of(query, key, scale)
    return (1 + x / (theta_of(x, entropy) + eps).unsqueeze(-1)) / x.shape[-1]


def _kl_from_uniform(x):
    """sum_j p_j log(N p_j) for one row of logits whose mean is zero, without cancellation however small they are."""
    if x.abs().max() > 0.5:
        return (x.softmax(-1) * (x.log_softmax(-1) + math.log(len(x)))).sum()
    rest = sum(x**n / math.factorial(n) for n in range(2, 20)).mean()  # mean of e^x - 1 - x
    return (x * torch.expm1(x)).mean() / (1 + rest) - torch.log1p(rest)


def _per_group(rows, tensors, keep, n_queries, n_keys):
    """Call rows(query, *keyed) for each leading index, and for each query where `keep` differs between queries."""
    leading = torch.broadcast_shapes(*(t.shape[:-2] for t in tensors), () if keep is None else keep.shape[:-2])
    tensors = [t.expand(*leading, *t.shape[-2:]) for t in tensors]
    if keep is not None:
        keep = keep.expand(*leading, keep.shape[-2], n_keys)
    outputs = []
    for index in itertools.product(*map(range, leading)):
        query, *keyed = (t[index] for t in tensors)
        if keep is None:
            outputs.append(rows(query, *keyed))
        elif keep.shape[-2] == 1:
            outputs.append(rows(query, *(t[keep[index][0]] for t in keyed)))
        else:
            per_query = [rows(query[i : i + 1], *(t[keep[index][i]] for t in keyed)) for i in range(n_queries)]
            outputs.append(torch.cat(per_query))
    return torch.stack(outputs).reshape(*leading, *outputs[0].shape)

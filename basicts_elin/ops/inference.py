"""The quadratic path of a whole self-attention layer where no gradient is needed: on the CPU, a part at a time.

Source: arXiv 2511.03190, Algorithm 1, for an estimator of constant sharpness; the formulas are those of
`fused_quadratic`. Shapes: R leading indices, N tokens, D hidden size, H heads, d = D / H.

Without gradients nothing has to be kept, so the layer runs over a few leading indices at a time: queries, keys, values
and weights of one part stay in the cache. Queries, keys and values are then one product of matrices of width 3 D, which
takes half the time of H products of width d for each, and are copied apart by head within the cache.
"""

import torch
from torch import Tensor

from .gram import Projections

# of the queries, keys and values of a part; with its tokens and results it then fits the caches of two cores. Smaller
# parts gain nothing, and wait more often for the other threads
_PART_BYTES = 2 * 2**20


def is_plain_inference(*tensors: Tensor) -> bool:
    """Whether the tensors only need their values: no gradient, compilation or autocast, on the CPU.

    To be asked where the call is not `tracing.is_transformed`.
    """
    states = tensors[0]
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors):
        return False
    return (
        states.device.type == "cpu"
        and states.dtype in (torch.float32, torch.float64)
        and all(tensor.dtype == states.dtype for tensor in tensors)
        and not torch.compiler.is_compiling()
        and not torch.is_autocast_enabled("cpu")
        and all(type(tensor) in (Tensor, torch.nn.Parameter) for tensor in tensors)
    )


def quadratic_inference(states: Tensor, weights: Projections, n_heads: int, slope: float) -> Tensor:
    """Self-attention of constant sharpness; its plain twin is `fused_quadratic.plain_quadratic_attention`.

    Args:
        states: [R, N, D], of which `is_plain_inference` holds.
        weights: of the layer, in the dtype of `states`.
        n_heads: H, a divisor of D.
        slope: 1 / (N theta sqrt d).
    Returns: [R, N, D].
    """
    count, n_tokens, hidden_size = states.shape
    head_size = hidden_size // n_heads
    joint = torch.cat([slope * weights.query_weight, weights.key_weight, weights.value_weight]).t()
    query_bias = slope * weights.query_bias
    out_bias = torch.addmv(weights.out_bias, weights.out_weight, weights.value_bias)
    # takes the mean off every row of the logits; a product is faster than a mean over a dozen numbers
    uniform = states.new_full((n_tokens,), 1 / n_tokens)
    centring = torch.eye(n_tokens, dtype=states.dtype, device=states.device) - uniform
    output = states.new_empty(count * n_tokens, hidden_size)
    rows = max(1, _PART_BYTES // (n_tokens * joint.shape[1] * joint.element_size()))
    # one for all parts: the system zeroes new memory of this size at every use
    room = states.new_empty(min(rows, count) * n_tokens, joint.shape[1])
    for part, result in zip(states.split(rows), output.split(rows * n_tokens), strict=True):
        projected = torch.mm(part.reshape(-1, hidden_size), joint, out=room[: len(part) * n_tokens])
        projected[:, :hidden_size] += query_bias
        by_head = projected.view(len(part), n_tokens, 3, n_heads, head_size).permute(2, 0, 3, 1, 4)
        query, key, value = by_head.reshape(3, len(part) * n_heads, n_tokens, head_size)
        logits = query @ key.transpose(-2, -1)
        mixing = torch.addmm(uniform, logits.view(-1, n_tokens), centring).view(logits.shape)
        context = (mixing @ value).view(len(part), n_heads, n_tokens, head_size).transpose(1, 2)
        torch.addmm(out_bias, context.reshape(-1, hidden_size), weights.out_weight.t(), out=result)
    return output.view(states.shape)

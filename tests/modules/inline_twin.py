"""InLine attention straight from its formulas: brute force for the first part, loops for the local residual."""

import math

import torch
from modules.compose import split_heads
from ops import brute_force


def inline(layer, hidden_states, keep=None):
    """What InLineAttention is to return for [B, N, D]; `keep`: bool [B, N]."""
    batch, n_tokens, width = hidden_states.shape
    keep = torch.ones(batch, n_tokens, dtype=torch.bool) if keep is None else keep
    query, key, value = (
        split_heads(layer, project(hidden_states)) for project in (layer.q_proj, layer.k_proj, layer.v_proj)
    )
    context = brute_force.attend(query, key, value, keep=keep[:, None, None], entropy="taylor2", eps=0.0)
    rows = context.permute(0, 2, 1, 3).reshape(batch, n_tokens, width)
    values = layer.v_proj(hidden_states)
    outputs = []
    for b in range(batch):
        taps = taps_of(layer, hidden_states[b][keep[b]])
        for n in range(n_tokens):
            row = rows[b, n]
            for t, neighbour in enumerate((n - 1, n, n + 1)):
                if 0 <= neighbour < n_tokens and keep[b, neighbour]:
                    row = row + taps[:, t] * values[b, neighbour]
            outputs.append(row)
    return layer.out_proj(torch.stack(outputs).reshape(hidden_states.shape))


def taps_of(layer, tokens):
    """Taps [D, 3] from the kept tokens [N, D], head by head."""
    width, heads = layer.hidden_size, layer.n_heads
    head = width // heads
    first, _, second = layer.residual
    mean = tokens.sum(0) / max(1, len(tokens))
    taps = []
    for h in range(heads):
        inner = first.weight[h * head : (h + 1) * head, :, 0] @ mean[h * head : (h + 1) * head]
        inner = inner + first.bias[h * head : (h + 1) * head]
        inner = inner * (1 + torch.erf(inner / math.sqrt(2))) / 2
        outer = slice(3 * h * head, 3 * (h + 1) * head)
        taps.append((second.weight[outer, :, 0] @ inner + second.bias[outer]).reshape(head, 3))
    return torch.cat(taps)

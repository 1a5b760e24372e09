"""Entropy-equal attention between queries, keys and values by head, with the masks and the dropout of a layer.

Shapes: L queries, N keys, H heads, d head width, ... leading dimensions.
"""

from typing import Any, Optional, Tuple

import torch
from torch.nn import functional as F

from ..ops import entropy_equal_attention, entropy_equal_weights
from ..ops.attention import choose_path, drop_keys


def attend_heads(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *,
    keep: Optional[torch.Tensor] = None,
    path: str = "auto",
    entropy: str = "taylor",
    dropout: float = 0.0,
    need_weights: bool = False,
    **settings: Any,
) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
    """query [..., H, L, d], key, value [..., H, N, d] -> context [..., H, L, d], weights [..., H, L, N] or None.

    Args:
        keep: bool [..., 1, N], a key mask, or [..., L, N], different between queries; True = keep.
        path, entropy: as in `EntropyEqualAttention`; "gram" is "auto" here.
        dropout: probability, 0 outside training. On the weights where they are formed, else on the context.
        settings: `scale` and `eps` of `entropy_equal_attention`.
    """
    path = choose_path("auto" if path == "gram" else path, entropy, key)
    key_mask_only = keep is None or keep.shape[-2] == 1
    if need_weights or not key_mask_only or (path == "quadratic" and dropout > 0):
        weights = F.dropout(entropy_equal_weights(query, key, keep=keep, entropy=entropy, **settings), dropout)
        value = drop_keys(value, None if keep is None else keep.any(-2))
        return weights @ value, weights if need_weights else None
    key_mask = None if keep is None else keep.squeeze(-2)
    context = entropy_equal_attention(query, key, value, key_mask=key_mask, path=path, entropy=entropy, **settings)
    return F.dropout(context, dropout), None

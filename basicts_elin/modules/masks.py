"""BasicTS's additive attention masks as masks of keys. L: queries, N: keys."""

from typing import Optional, Tuple

import torch

from ..ops.tracing import is_transformed

# Additive masks hold 0 for a kept key, and values such as -1e9, finfo.min or -inf for a dropped one.
_DROPPED_BELOW = -1e4


def kept_keys(attention_mask: torch.Tensor, num_keys: int) -> torch.Tensor:
    """BasicTS's additive mask as bool, True = keep.

    Returns: [..., 1, N] where the mask is the same for every query, else [..., L, N].
    Raises: ValueError unless every value is 0 or very negative (below -1e4).

    The numbers of a mask cannot be looked at while torch exports, traces or transforms the call. Then 0 = keep, and a
    mask [..., L, N] counts as different between queries.
    """
    keep = torch.atleast_2d(attention_mask == 0)
    if is_transformed():
        return keep.expand(*keep.shape[:-1], num_keys)
    understood = keep | (attention_mask < _DROPPED_BELOW)
    if not understood.all():
        found = torch.atleast_2d(attention_mask)[~understood][0].item()
        raise ValueError(
            f"attention_mask: value {found:g}; expected 0 (keep) or less than -1e4 (drop): linear attention cannot add "
            "a bias to the logits"
        )
    if keep.shape[-2] > 1 and (keep == keep[..., :1, :]).all():
        keep = keep[..., :1, :]
    return keep.expand(*keep.shape[:-1], num_keys)


def common_key_mask(attention_mask: Optional[torch.Tensor], num_keys: int) -> Tuple[Optional[torch.Tensor], bool]:
    """BasicTS's additive mask as a key mask [..., N], and whether it is the same for all queries and heads."""
    if attention_mask is None:
        return None, True
    keep = kept_keys(attention_mask, num_keys)
    if keep.shape[-2] > 1 or (keep.dim() > 2 and keep.shape[-3] > 1):
        return None, False
    return keep[..., 0, :] if keep.dim() < 3 else keep[..., 0, 0, :], True

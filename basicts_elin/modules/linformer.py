"""Linformer attention, the linear attention that the paper compares with."""

import math
from typing import Optional, Tuple

import torch
from torch import nn

from ..ops.attention import drop_keys
from .entropy_equal import kept_keys
from .softmax import SoftmaxAttention


class LinformerAttention(SoftmaxAttention):
    """Linformer attention (arXiv 2006.04768) with the call of BasicTS's MultiHeadAttention.

    Keys and values are mixed along the tokens, from N = seq_len of them to K = proj_len, and softmax attention goes
    over the mixtures: softmax(q (E k)ᵀ / sqrt(d)) (F v), linear in L and N. The sharing is the paper's "headwise" one:
    a layer learns one E = `compress_k` and one F = `compress_v`, both [K, N], for all its heads. They start as in the
    authors' code: Xavier uniform, gain 1/sqrt(2), no bias.

    Args:
        hidden_size: D.
        n_heads: H, a divisor of D.
        seq_len: N, the number of key tokens, the only one that the layer takes; any number of queries.
        proj_len: K; nothing is gained where it is not below N.
        dropout: on the weights, while training.

    An attention_mask must be the same for every query: a dropped token is taken out of all mixtures, as if E and F had
    no column for it. More is not possible, because the mixtures are made once for all queries: a mask that differs per
    query, such as a causal one, is a ValueError. Where no token is left, the output is the bias of `out_proj`.
    output_attentions gives the weights of the mixtures [..., H, L, K]: none of them stands for a single token. A
    state_dict of MultiHeadAttention fits but for `compress_k` and `compress_v` (strict=False).
    """

    def __init__(
        self,
        hidden_size: int,
        n_heads: int,
        seq_len: int,
        proj_len: int = 64,
        dropout: float = 0.0,
        **unsupported,
    ):
        super().__init__(hidden_size, n_heads, dropout, fused=True, **unsupported)
        for name, length in (("seq_len", seq_len), ("proj_len", proj_len)):
            if length < 1:
                raise ValueError(f"{name}={length} must be 1 or more")
        self.seq_len = seq_len
        self.proj_len = proj_len
        self.compress_k = nn.Parameter(torch.empty(proj_len, seq_len))
        self.compress_v = nn.Parameter(torch.empty(proj_len, seq_len))
        for matrix in (self.compress_k, self.compress_v):
            nn.init.xavier_uniform_(matrix, gain=1 / math.sqrt(2))

    def extra_repr(self) -> str:
        return f"seq_len={self.seq_len}, proj_len={self.proj_len}"

    def _attend(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: Optional[torch.Tensor],
        output_attentions: bool,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        n_keys = key.shape[-2]
        if n_keys != self.seq_len:
            raise ValueError(
                f"there are {n_keys} key tokens; expected seq_len={self.seq_len}, the only number that this "
                f"LinformerAttention has columns for: build it with seq_len={n_keys}"
            )
        if attention_mask is not None:
            keep = kept_keys(attention_mask, n_keys)
            if keep.shape[-2] > 1:
                raise ValueError(
                    f"attention_mask {list(attention_mask.shape)} differs from query to query; expected the same for "
                    "every query, because Linformer mixes the tokens once for all of them: use EntropyEqualAttention "
                    "or SoftmaxAttention"
                )
            key, value = drop_keys(key, keep.squeeze(-2)), drop_keys(value, keep.squeeze(-2))
        return super()._attend(query, self.compress_k @ key, self.compress_v @ value, None, output_attentions)

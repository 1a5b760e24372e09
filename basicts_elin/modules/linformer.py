"""Linformer attention. The paper compares its own attention with it."""

import math
from typing import Any, Optional, Tuple

import torch
from torch import nn

from ..ops.attention import drop_keys
from ..ops.precision import widened, without_autocast
from .masks import kept_keys
from .softmax import SoftmaxAttention


class LinformerAttention(SoftmaxAttention):
    """Linformer attention (arXiv 2006.04768), called like BasicTS's MultiHeadAttention.

    Keys and values are mixed along the tokens, from N = seq_len tokens to K = proj_len mixtures. Softmax attention then
    runs over the mixtures: softmax(q (E k)ᵀ / sqrt(d)) (F v), linear in L and N. The sharing is the one that the
    Linformer paper calls "headwise": a layer learns one E = `compress_k` and one F = `compress_v`, both [K, N], for all
    its heads. They are initialised as in the authors' code: Xavier uniform, gain 1/sqrt(2), no bias.

    Args:
        hidden_size: D.
        n_heads: H, a divisor of D.
        seq_len: N. The layer accepts exactly this number of key tokens, and any number of queries.
        proj_len: K; it saves work only below N.
        dropout: probability on the weights while training.
        tied_positions: one weight for all tokens of a mixture, E and F of shape [K, 1]. Every mixture is then a
            multiple of the sum of the tokens, and the layer does not know which token is which. For ablations.
    Raises: ValueError for sizes that do not fit together. The call raises it for another number of key tokens and for
        a mask that differs between queries.

    An attention_mask must be the same for every query, because one set of mixtures serves all queries; a causal mask is
    a ValueError. A dropped token is removed from all mixtures, as if E and F had no column for it. Where all tokens are
    dropped, the output is the bias of `out_proj`. output_attentions returns the weights of the mixtures [..., H, L, K],
    which belong to no single token. A state_dict of MultiHeadAttention lacks only `compress_k` and `compress_v`: load
    it with strict=False.
    """

    def __init__(
        self,
        hidden_size: int,
        n_heads: int,
        seq_len: int,
        proj_len: int = 64,
        dropout: float = 0.0,
        *,
        tied_positions: bool = False,
        **unsupported: Any,
    ):
        super().__init__(hidden_size, n_heads, dropout, fused=True, **unsupported)
        for name, length in (("seq_len", seq_len), ("proj_len", proj_len)):
            if length < 1:
                raise ValueError(f"{name}: {length}; expected 1 or more")
        self.seq_len = seq_len
        self.proj_len = proj_len
        self.tied_positions = tied_positions
        self.compress_k, self.compress_v = self._compression(), self._compression()

    def _compression(self) -> nn.Parameter:
        matrix = torch.empty(self.proj_len, self.seq_len)
        nn.init.xavier_uniform_(matrix, gain=1 / math.sqrt(2))
        return nn.Parameter(matrix[:, :1].clone() if self.tied_positions else matrix)

    def extra_repr(self) -> str:
        tied = ", tied_positions=True" if self.tied_positions else ""
        return f"seq_len={self.seq_len}, proj_len={self.proj_len}{tied}"

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
                f"key tokens: {n_keys}; expected seq_len={self.seq_len}; build LinformerAttention with seq_len={n_keys}"
            )
        if attention_mask is not None:
            keep = kept_keys(attention_mask, n_keys)
            if keep.shape[-2] > 1:
                raise ValueError(
                    f"attention_mask: shape {list(attention_mask.shape)}, different between queries; expected one mask "
                    "for all queries; use EntropyEqualAttention or SoftmaxAttention"
                )
            key, value = drop_keys(key, keep.squeeze(-2)), drop_keys(value, keep.squeeze(-2))
        with without_autocast(key):
            # sums over tokens
            key, value = (
                (widened(compress).expand(-1, n_keys) @ widened(tokens)).to(tokens.dtype)
                for compress, tokens in ((self.compress_k, key), (self.compress_v, value))
            )
        return super()._attend(query, key, value, None, output_attentions)

"""Softmax attention through torch's scaled_dot_product_attention."""

import math
from typing import Optional, Tuple

import torch
from torch.nn import functional as F

from .projections import ProjectedAttention


class SoftmaxAttention(ProjectedAttention):
    """The same mathematics as BasicTS's MultiHeadAttention, on [..., N, D], without forming the weights where it can.

    Args:
        hidden_size: D.
        n_heads: H, a divisor of D.
        dropout: on the weights, while training.
    """

    def _attend(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: Optional[torch.Tensor],
        output_attentions: bool,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        dropout = self.dropout if self.training else 0.0
        if output_attentions:
            logits = query @ key.transpose(-2, -1) / math.sqrt(self.head_size)
            if attention_mask is not None:
                logits = logits + attention_mask
            weights = F.dropout(logits.softmax(-1), dropout)
            return weights @ value, weights
        if attention_mask is not None:
            attention_mask = attention_mask.to(query.dtype)
        elif query.dim() > 4 and query.shape[:-3] == key.shape[:-3]:
            # the fused kernels take exactly four dimensions
            folded = [heads.flatten(0, -4) for heads in (query, key, value)]
            context = F.scaled_dot_product_attention(folded[0], folded[1], folded[2], dropout_p=dropout)
            return context.reshape(query.shape), None
        return F.scaled_dot_product_attention(query, key, value, attn_mask=attention_mask, dropout_p=dropout), None

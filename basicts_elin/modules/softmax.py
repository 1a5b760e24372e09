"""Softmax attention, by torch's fused kernel or by products of matrices."""

import math
from typing import Any, Optional, Tuple

import torch
from torch.nn import functional as F

from ..ops.tracing import is_differentiated_as_function
from .projections import ProjectedAttention


class SoftmaxAttention(ProjectedAttention):
    """The same mathematics as BasicTS's MultiHeadAttention, on [..., N, D].

    Args:
        hidden_size: D.
        n_heads: H, a divisor of D.
        dropout: on the weights, while training.
        fused: True: torch's scaled_dot_product_attention, which avoids forming the weights if it can.
            False: the weights are formed, with the heads stacked in front of the batch, as STAEformer does in BasicTS
            0.5. The published memory and times were measured that way.
    """

    def __init__(self, hidden_size: int, n_heads: int, dropout: float = 0.0, *, fused: bool = True, **unsupported: Any):
        super().__init__(hidden_size, n_heads, dropout, **unsupported)
        self.fused = fused

    def extra_repr(self) -> str:
        return "" if self.fused else "fused=False"

    def _attend_tokens(
        self,
        hidden_states: torch.Tensor,
        tokens: torch.Tensor,
        attention_mask: Optional[torch.Tensor],
        output_attentions: bool,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        if self.fused or output_attentions:
            return super()._attend_tokens(hidden_states, tokens, attention_mask, output_attentions)
        if attention_mask is not None:
            # the mask is laid out for [..., H, L, N]
            output, _ = super()._attend_tokens(hidden_states, tokens, attention_mask, True)
            return output, None
        projected = (self.q_proj(hidden_states), self.k_proj(tokens), self.v_proj(tokens))
        query, key, value = (torch.stack(tensor.chunk(self.n_heads, -1)) for tensor in projected)
        weights = (query @ key.transpose(-2, -1) / math.sqrt(self.head_size)).softmax(-1)
        weights = F.dropout(weights, self.dropout, self.training)
        return self.out_proj(torch.cat((weights @ value).unbind(), -1)), None

    def _attend(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: Optional[torch.Tensor],
        output_attentions: bool,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        dropout = self.dropout if self.training else 0.0
        # torch's fused kernel has no forward mode, no second derivative and no batching rule
        if output_attentions or is_differentiated_as_function():
            logits = query @ key.transpose(-2, -1) / math.sqrt(self.head_size)
            if attention_mask is not None:
                logits = logits + attention_mask
            weights = F.dropout(logits.softmax(-1), dropout)
            return weights @ value, weights if output_attentions else None
        if attention_mask is not None:
            attention_mask = torch.atleast_2d(attention_mask).to(query.dtype)
        elif query.dim() > 4 and query.shape[:-3] == key.shape[:-3]:
            # the fused kernels take exactly four dimensions
            folded = [heads.flatten(0, -4) for heads in (query, key, value)]
            context = F.scaled_dot_product_attention(folded[0], folded[1], folded[2], dropout_p=dropout)
            return context.reshape(query.shape), None
        return F.scaled_dot_product_attention(query, key, value, attn_mask=attention_mask, dropout_p=dropout), None

"""Softmax attention as it was before fused kernels, which the published memory and times were measured with."""

import math
from typing import Optional, Tuple

import torch
from torch.nn import functional as F

from .softmax import SoftmaxAttention


class MatmulAttention(SoftmaxAttention):
    """The same outputs, computed as STAEformer did in BasicTS 0.5: heads as more of the batch, weights formed.

    Args:
        hidden_size: D.
        n_heads: H, a divisor of D.
        dropout: on the weights, while training.
    """

    def _attend_tokens(
        self,
        hidden_states: torch.Tensor,
        tokens: torch.Tensor,
        attention_mask: Optional[torch.Tensor],
        output_attentions: bool,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        if attention_mask is not None or output_attentions:
            # forms the weights, too
            output, weights = super()._attend_tokens(hidden_states, tokens, attention_mask, True)
            return output, weights if output_attentions else None
        projected = (self.q_proj(hidden_states), self.k_proj(tokens), self.v_proj(tokens))
        query, key, value = (torch.stack(tensor.chunk(self.n_heads, -1)) for tensor in projected)
        weights = (query @ key.transpose(-2, -1) / math.sqrt(self.head_size)).softmax(-1)
        weights = F.dropout(weights, self.dropout, self.training)
        return self.out_proj(torch.cat((weights @ value).unbind(), -1)), None

"""InLine attention as a layer: first-order attention and a local residual."""

from typing import Any, Optional, Tuple

import torch
from torch import nn

from ..ops.attention import drop_keys
from ..ops.checks import check_choice
from ..ops.gram import gram_attention
from ..ops.local_residual import add_local_residual, local_residual
from ..ops.precision import widened
from ..ops.tracing import is_exporting
from .entropy_equal import LAYER_PATHS
from .heads import attend_heads
from .masks import common_key_mask
from .plain_linear import plain_projections
from .projections import ProjectedAttention


class InLineAttention(ProjectedAttention):
    """InLine attention (arXiv 2412.06590), called like BasicTS's MultiHeadAttention.

    The sum of two parts, before `out_proj`: entropy-equal attention with entropy="taylor2" and eps=0, which is the
    operator of that paper, and a local residual, a depthwise convolution of the values along the token order with 3
    taps, as in STLAformer (doi 10.1016/j.trc.2025.105423). The taps [D, 3] of each sequence come from the mean token
    of the layer's input through `residual`: two maps grouped by head, with a GELU between them.

    Args:
        hidden_size: D.
        n_heads: H, a divisor of D.
        dropout: probability while training, on the first part only, as in `EntropyEqualAttention`.
        path: of the first part, as in `EntropyEqualAttention`. "auto" is quadratic where N < d, gram where N >= D, and
            linear between. Only the gram path forms no keys, and keeps no values.
    Raises: ValueError for an unknown path and for sizes that do not fit together. The call raises it for a mask that
        differs between queries or heads.

    The local residual assumes that neighbouring tokens are similar. An attention_mask must be the same for all queries
    and heads. A dropped token does not count in the mean token, and is 0 for its neighbours. In cross-attention a query
    has no position among the keys, so there is no local residual, and the gradients of `residual` are zero.
    output_attentions returns the signed weights of the first part, whose rows sum to 1. A state_dict of
    MultiHeadAttention lacks only the parameters of `residual`: load it with strict=False.
    """

    def __init__(self, hidden_size: int, n_heads: int, dropout: float = 0.0, *, path: str = "auto", **unsupported: Any):
        super().__init__(hidden_size, n_heads, dropout, **unsupported)
        check_choice("path", path, LAYER_PATHS)
        self.path = path
        self.residual = nn.Sequential(
            nn.Conv1d(hidden_size, hidden_size, 1, groups=n_heads),
            nn.GELU(),
            nn.Conv1d(hidden_size, 3 * hidden_size, 1, groups=n_heads),
        )

    def extra_repr(self) -> str:
        return f"path={self.path!r}"

    def _attend_tokens(
        self,
        hidden_states: torch.Tensor,
        tokens: torch.Tensor,
        attention_mask: Optional[torch.Tensor],
        output_attentions: bool,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        # an exported program would accept only the number of windows that it was exported with
        unfused = output_attentions or (self.training and self.dropout > 0) or is_exporting()
        is_plain_call = attention_mask is None and tokens is hidden_states
        if is_plain_call and not unfused and self.path_for(tokens.shape[-2]) == "gram":
            weights = plain_projections(self.q_proj, self.k_proj, self.v_proj, self.out_proj)
            if weights is not None:
                output = gram_attention(tokens, weights, self.n_heads, entropy="taylor2", eps=0.0)
                return add_local_residual(output, tokens, weights, self._taps(tokens, None)), None
        return self._attend_unfused(hidden_states, tokens, attention_mask, output_attentions)

    def path_for(self, num_tokens: int) -> str:
        """The path for `num_tokens` tokens, if the call allows it.

        "gram" has the requirements that it has in `EntropyEqualAttention`, and needs self-attention without a mask.
        Otherwise "linear" or "quadratic" replaces it. benchmarks/inline.py measured where "auto" should switch.
        """
        if self.path != "auto":
            return self.path
        if num_tokens < self.head_size:
            return "quadratic"
        return "gram" if num_tokens >= self.hidden_size else "linear"

    def _attend_unfused(
        self,
        hidden_states: torch.Tensor,
        tokens: torch.Tensor,
        attention_mask: Optional[torch.Tensor],
        output_attentions: bool,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        """Plain twin of the gram path, with the same call; it has every other path."""
        key_mask, is_common = common_key_mask(attention_mask, tokens.shape[-2])
        if attention_mask is not None and not is_common:
            raise ValueError(
                f"attention_mask: shape {list(attention_mask.shape)}, different between queries or heads; expected one "
                "mask for all of them; use EntropyEqualAttention"
            )
        value = drop_keys(self.v_proj(tokens), key_mask)
        context, weights = attend_heads(
            self._split_heads(self.q_proj(hidden_states)),
            self._split_heads(self.k_proj(tokens)),
            self._split_heads(value),
            keep=None if key_mask is None else key_mask[..., None, None, :],
            path=self.path,
            entropy="taylor2",
            eps=0.0,
            dropout=self.dropout if self.training else 0.0,
            need_weights=output_attentions,
        )
        context = context.transpose(-3, -2).flatten(-2)
        if tokens is hidden_states:
            context = context + local_residual(value, self._taps(tokens, key_mask))
        else:
            # so that the gradients of `residual` are zero, and not None
            context = context + 0 * sum(parameter.sum() for parameter in self.residual.parameters())
        return self.out_proj(context), weights

    def _taps(self, tokens: torch.Tensor, key_mask: Optional[torch.Tensor]) -> torch.Tensor:
        """Tokens [..., N, D] -> taps [..., D, 3] of the local residual."""
        wide = widened(tokens)
        if key_mask is None:
            mean = wide.mean(-2)
        else:
            mean = drop_keys(wide, key_mask).sum(-2) / key_mask.sum(-1, keepdim=True).clamp(min=1)
        taps = self.residual(mean.to(tokens.dtype).reshape(-1, self.hidden_size, 1))
        return taps.view(*mean.shape, 3)

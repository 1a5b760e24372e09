"""Entropy-equal attention as a layer."""

from typing import Any, Dict, Optional, Tuple

import torch

from ..ops import PATHS
from ..ops.checks import check_choice
from ..ops.entropy import CONSTANT_SHARPNESS, check_estimator
from ..ops.fused_quadratic import fused_quadratic_attention
from ..ops.gram import gram_attention
from ..ops.tracing import is_exporting
from .heads import attend_heads
from .masks import common_key_mask, kept_keys
from .plain_linear import plain_projections
from .projections import ProjectedAttention

LAYER_PATHS = (*PATHS, "gram")


class EntropyEqualAttention(ProjectedAttention):
    """Entropy-equal linear attention (arXiv 2511.03190, Algorithm 1), called like BasicTS's MultiHeadAttention.

    Args:
        hidden_size: D.
        n_heads: H, a divisor of D.
        dropout: probability while training. The quadratic path applies it to the weights, as softmax attention does.
            The other paths form no weights and apply it to the attention output, which is a different regulariser.
        entropy, eps: as in `basicts_elin.entropy_equal_attention`.
        path: a path of `basicts_elin.entropy_equal_attention`, or "gram", which never forms keys and values. "auto" is
            quadratic where N < 1.5 d (and N < D), gram where N >= 0.7 D, and linear between: see docs/attention.md.
    Raises: ValueError for an unknown estimator or path, and for sizes that do not fit together.

    The gram path needs one mask for all queries and heads, an estimator other than "exact", no dropout, and no returned
    weights. It also needs plain projections: `torch.nn.Linear` without hooks, adapters or parametrizations, because the
    fused paths read the projections and do not call them. If one of these does not hold, path="gram" falls back to the
    "auto" of `entropy_equal_attention`. An attention_mask that is the same for every query becomes a key mask, which
    every path supports. An attention_mask that differs between queries, and output_attentions=True, use the quadratic
    path. A query whose keys are all dropped gets the bias of `out_proj`. The gradient of `k_proj.bias` is zero, because
    centring the keys removes that bias.
    """

    def __init__(
        self,
        hidden_size: int,
        n_heads: int,
        dropout: float = 0.0,
        *,
        entropy: str = "taylor",
        path: str = "auto",
        eps: float = 1e-8,
        **unsupported: Any,
    ):
        super().__init__(hidden_size, n_heads, dropout, **unsupported)
        check_estimator(entropy)
        check_choice("path", path, LAYER_PATHS)
        self.entropy = entropy
        self.path = path
        self.eps = eps

    def extra_repr(self) -> str:
        return f"entropy={self.entropy!r}, path={self.path!r}, eps={self.eps}"

    def _attend_tokens(
        self,
        hidden_states: torch.Tensor,
        tokens: torch.Tensor,
        attention_mask: Optional[torch.Tensor],
        output_attentions: bool,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        # a gram path that is exported would be bound to the number of windows it was exported with
        unfused = output_attentions or (self.training and self.dropout > 0) or is_exporting()
        weights = None if unfused else plain_projections(self.q_proj, self.k_proj, self.v_proj, self.out_proj)
        if weights is not None:
            path, is_self = self.path_for(tokens.shape[-2]), tokens is hidden_states
            settings: Dict[str, Any] = {"entropy": self.entropy, "eps": self.eps}
            if path == "quadratic" and is_self and attention_mask is None and self.entropy in CONSTANT_SHARPNESS:
                return fused_quadratic_attention(hidden_states, weights, self.n_heads, **settings), None
            if path == "gram" and self.entropy != "exact":
                key_mask, is_common = common_key_mask(attention_mask, tokens.shape[-2])
                if is_common:
                    settings |= {"key_mask": key_mask, "tokens": None if is_self else tokens}
                    return gram_attention(hidden_states, weights, self.n_heads, **settings), None
        return super()._attend_tokens(hidden_states, tokens, attention_mask, output_attentions)

    def path_for(self, num_tokens: int) -> str:
        """The path for `num_tokens` keys, if the call allows it: see the class.

        "auto" switches where the order of the paths by time and saved bytes changes, as benchmarks/paths.py measured at
        widths of 64 to 256. Exported programs have the paths of `entropy_equal_attention` only.
        """
        return layer_path(self.path, self.entropy, num_tokens, self.hidden_size, self.n_heads)

    def _attend(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: Optional[torch.Tensor],
        output_attentions: bool,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        keep = None if attention_mask is None else kept_keys(attention_mask, key.shape[-2])
        settings: Dict[str, Any] = {"path": self.path, "entropy": self.entropy, "eps": self.eps}
        dropout = self.dropout if self.training else 0.0
        return attend_heads(query, key, value, keep=keep, dropout=dropout, need_weights=output_attentions, **settings)


def layer_path(path: str, entropy: str, num_tokens: int, hidden_size: int, n_heads: int) -> str:
    """The path of a layer for `num_tokens` keys, see `EntropyEqualAttention.path_for`."""
    if path != "auto":
        return path
    if entropy == "exact" or num_tokens < min(1.5 * (hidden_size // n_heads), hidden_size):
        return "quadratic"
    return "gram" if num_tokens >= 0.7 * hidden_size else "linear"

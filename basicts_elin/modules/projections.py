"""The base of the attention layers: projections, heads, and the call of BasicTS's MultiHeadAttention.

Shapes: B batch, N tokens (keys), L query tokens, D hidden size, H heads, d = D / H head size, ... leading dimensions.
"""

from typing import Optional, Tuple

import torch
from torch import nn

from ..ops.checks import check_mask_shape


class ProjectedAttention(nn.Module):
    """Multi-head attention with BasicTS's call and parameter names. A subclass implements `_attend`.

    `q_proj`, `k_proj`, `v_proj` and `out_proj` are named as in `basicts.modules.transformer.MultiHeadAttention`: all of
    these layers can load each other's state_dict. Tokens may have any leading dimensions: [..., N, D].

    Args:
        hidden_size: D.
        n_heads: H, a divisor of D.
        dropout: probability while training, in [0, 1).
        kv_heads: None or `n_heads`.
        rope: None.
    Raises: ValueError for sizes that do not fit together; NotImplementedError for other `kv_heads` and `rope`.
    """

    def __init__(
        self,
        hidden_size: int,
        n_heads: int,
        dropout: float = 0.0,
        *,
        kv_heads: Optional[int] = None,
        rope: Optional[nn.Module] = None,
    ):
        super().__init__()
        if n_heads < 1 or hidden_size % n_heads:
            raise ValueError(
                f"hidden_size: {hidden_size}; expected a multiple of n_heads={n_heads}, which is 1 or more"
            )
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout: {dropout}; expected a number in [0, 1)")
        name = type(self).__name__
        if kv_heads is not None and kv_heads != n_heads:
            raise NotImplementedError(f"kv_heads: {kv_heads}; expected None or {n_heads}: {name} has no grouped heads")
        if rope is not None:
            raise NotImplementedError(f"rope: {rope}; expected None: {name} has no rotary position embedding")
        self.hidden_size = hidden_size
        self.n_heads = n_heads
        self.head_size = hidden_size // n_heads
        self.dropout = dropout
        self.q_proj = nn.Linear(hidden_size, hidden_size)
        self.k_proj = nn.Linear(hidden_size, hidden_size)
        self.v_proj = nn.Linear(hidden_size, hidden_size)
        self.out_proj = nn.Linear(hidden_size, hidden_size)

    def forward(
        self,
        hidden_states: torch.Tensor,
        key_value_states: Optional[torch.Tensor] = None,
        attention_mask: Optional[torch.Tensor] = None,
        position_ids: Optional[torch.Tensor] = None,  # pylint: disable=unused-argument
        past_key_value: Optional[object] = None,
        use_cache: bool = False,
        output_attentions: bool = False,
        layer_idx: Optional[int] = None,  # pylint: disable=unused-argument
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor], Optional[object]]:
        """Attend.

        Args:
            hidden_states: [..., L, D], source of the queries, and in self-attention also of keys and values.
            key_value_states: [..., N, D], source of keys and values in cross-attention.
            attention_mask: additive floats, broadcastable to [..., H, L, N].
            position_ids: ignored, as in MultiHeadAttention without a rotary embedding.
            past_key_value: returned unchanged.
            use_cache: must be False.
            output_attentions: also return the weights [..., H, L, N].
            layer_idx: ignored.
        Returns: output [..., L, D], weights or None, past_key_value.
        Raises: ValueError for shapes and masks that do not fit; NotImplementedError for use_cache=True.
        """
        if use_cache:
            raise NotImplementedError(f"use_cache: True; expected False: {type(self).__name__} has no key-value cache")
        tokens = hidden_states if key_value_states is None else key_value_states
        for name, states in (("hidden_states", hidden_states), ("key_value_states", tokens)):
            if states.dim() < 2 or states.shape[-1] != self.hidden_size:
                raise ValueError(f"{name}: shape {list(states.shape)}; expected [..., tokens, {self.hidden_size}]")
        if attention_mask is not None:
            self._check_mask(attention_mask, hidden_states, tokens)
        output, weights = self._attend_tokens(hidden_states, tokens, attention_mask, output_attentions)
        return output, weights, past_key_value

    def __prepare_scriptable__(self) -> nn.Module:
        raise NotImplementedError(
            f"torch.jit.script: {type(self).__name__}; expected torch.jit.trace, torch.export or torch.compile: the "
            "layer chooses its path in Python"
        )

    def _attend_tokens(
        self,
        hidden_states: torch.Tensor,
        tokens: torch.Tensor,
        attention_mask: Optional[torch.Tensor],
        output_attentions: bool,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        """hidden_states [..., L, D], tokens [..., N, D] -> output [..., L, D], weights [..., H, L, N] or None."""
        query = self._split_heads(self.q_proj(hidden_states))
        key = self._split_heads(self.k_proj(tokens))
        value = self._split_heads(self.v_proj(tokens))
        context, weights = self._attend(query, key, value, attention_mask, output_attentions)
        return self.out_proj(context.transpose(-3, -2).flatten(-2)), weights

    def _attend(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: Optional[torch.Tensor],
        output_attentions: bool,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        """query [..., H, L, d], key, value [..., H, N, d] -> context [..., H, L, d], weights [..., H, L, N] or None."""
        raise NotImplementedError

    def _check_mask(self, attention_mask: torch.Tensor, hidden_states: torch.Tensor, tokens: torch.Tensor) -> None:
        if not attention_mask.is_floating_point():
            raise ValueError(
                f"attention_mask: dtype {attention_mask.dtype}, shape {list(attention_mask.shape)}; expected additive "
                "floats: 0 = keep, very negative = drop"
            )
        leading = torch.broadcast_shapes(hidden_states.shape[:-2], tokens.shape[:-2])
        target = (*leading, self.n_heads, hidden_states.shape[-2], tokens.shape[-2])
        check_mask_shape("attention_mask", attention_mask, target)

    def _split_heads(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens.unflatten(-1, (self.n_heads, self.head_size)).transpose(-3, -2)

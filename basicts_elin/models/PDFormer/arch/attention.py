from typing import Optional

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from ..config.pdformer_config import PDFormerConfig


class TokenAttention(nn.Module):
    """
    Softmax attention among the tokens of each row, in a part of the heads of a layer.

    Args:
        hidden_size (int): width of the tokens
        n_heads (int): number of these heads
        head_size (int): width of a head
    """

    def __init__(self, hidden_size: int, n_heads: int, head_size: int):
        super().__init__()
        self.n_heads = n_heads
        self.q_proj = nn.Linear(hidden_size, n_heads * head_size)
        self.k_proj = nn.Linear(hidden_size, n_heads * head_size)
        self.v_proj = nn.Linear(hidden_size, n_heads * head_size)

    def forward(self, hidden_states: torch.Tensor, allowed: Optional[torch.Tensor] = None) -> torch.Tensor:
        """Feed forward.

        Args:
            hidden_states (torch.Tensor): shape [..., tokens, hidden_size]
            allowed (Optional[torch.Tensor]): True where a token (row) may attend to another; shape [tokens, tokens]

        Returns:
            torch.Tensor: shape [..., tokens, n_heads * head_size]
        """
        return self._attend(hidden_states, self.k_proj(hidden_states), allowed)

    def _attend(
            self, hidden_states: torch.Tensor, keys: torch.Tensor, allowed: Optional[torch.Tensor]) -> torch.Tensor:
        queries, values = self.q_proj(hidden_states), self.v_proj(hidden_states)
        heads = (self._split(states) for states in (queries, keys, values))
        attended = scaled_dot_product_attention(*heads, attn_mask=allowed)
        return attended.transpose(1, 2).reshape(queries.shape)

    def _split(self, states: torch.Tensor) -> torch.Tensor:
        """[..., tokens, n_heads * head_size] -> [rows, n_heads, tokens, head_size]"""
        states = states.flatten(0, -3)
        return states.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)


class DelayAwareAttention(TokenAttention):
    """
    Attention whose keys also hold the pattern that the recent values of a node are most like: a change that spreads
    along the road reaches other nodes later.
    """

    def __init__(self, hidden_size: int, n_heads: int, head_size: int):
        super().__init__(hidden_size, n_heads, head_size)
        self.scale = head_size ** -0.5
        self.pattern_q_proj = nn.Linear(hidden_size, n_heads * head_size)
        self.pattern_k_proj = nn.Linear(hidden_size, n_heads * head_size)
        self.pattern_v_proj = nn.Linear(hidden_size, n_heads * head_size)

    def forward(
            self,
            hidden_states: torch.Tensor,
            allowed: torch.Tensor,
            recent: torch.Tensor,
            patterns: torch.Tensor) -> torch.Tensor:
        """Feed forward.

        Args:
            hidden_states (torch.Tensor): shape [..., tokens, hidden_size]
            allowed (torch.Tensor): shape [tokens, tokens]
            recent (torch.Tensor): embedded recent values of each token; shape [..., tokens, hidden_size]
            patterns (torch.Tensor): embedded pattern keys; shape [num_patterns, hidden_size]

        Returns:
            torch.Tensor: shape [..., tokens, n_heads * head_size]
        """
        scores = self.pattern_q_proj(recent) @ self.pattern_k_proj(patterns).transpose(0, 1) * self.scale
        delays = scores.softmax(dim=-1) @ self.pattern_v_proj(patterns)
        return self._attend(hidden_states, self.k_proj(hidden_states) + delays, allowed)


class SpatialTemporalAttention(nn.Module):
    """
    The heads of a layer: some attend over the steps of a node, some over its geographic neighbors, some over its
    semantic ones.
    """

    def __init__(self, config: PDFormerConfig):
        super().__init__()
        width = config.hidden_size
        head_size = width // (config.n_temporal_heads + config.n_geographic_heads + config.n_semantic_heads)
        self.temporal = TokenAttention(width, config.n_temporal_heads, head_size)
        self.geographic = DelayAwareAttention(width, config.n_geographic_heads, head_size)
        self.semantic = TokenAttention(width, config.n_semantic_heads, head_size)
        self.out_proj = nn.Linear(width, width)

    def forward(
            self,
            hidden_states: torch.Tensor,
            recent: torch.Tensor,
            patterns: torch.Tensor,
            geographic: torch.Tensor,
            semantic: torch.Tensor) -> torch.Tensor:
        """Feed forward.

        Args:
            hidden_states (torch.Tensor): shape [batch_size, input_len, num_features, hidden_size]
            recent (torch.Tensor): embedded recent values; shape [batch_size, input_len, num_features, hidden_size]
            patterns (torch.Tensor): embedded pattern keys; shape [num_patterns, hidden_size]
            geographic, semantic (torch.Tensor): True where nodes are neighbors; shape [num_features, num_features]

        Returns:
            torch.Tensor: shape [batch_size, input_len, num_features, hidden_size]
        """
        over_steps = self.temporal(hidden_states.transpose(1, 2)).transpose(1, 2)
        near = self.geographic(hidden_states, geographic, recent, patterns)
        alike = self.semantic(hidden_states, semantic)
        return self.out_proj(torch.cat([over_steps, near, alike], dim=-1))

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

    def forward(
            self,
            hidden_states: torch.Tensor,
            allowed: Optional[torch.Tensor] = None,
            key_shift: Optional[torch.Tensor] = None) -> torch.Tensor:
        """Feed forward.

        Args:
            hidden_states (torch.Tensor): shape [..., tokens, hidden_size]
            allowed (Optional[torch.Tensor]): True where a token (row) may attend to another; shape [tokens, tokens]
            key_shift (Optional[torch.Tensor]): added to the keys; shape [..., tokens, n_heads * head_size]

        Returns:
            torch.Tensor: shape [..., tokens, n_heads * head_size]
        """
        queries, keys, values = self.q_proj(hidden_states), self.k_proj(hidden_states), self.v_proj(hidden_states)
        if key_shift is not None:
            keys = keys + key_shift
        attended = scaled_dot_product_attention(
            self._split(queries), self._split(keys), self._split(values), attn_mask=allowed)
        return attended.transpose(1, 2).reshape(queries.shape)

    def _split(self, states: torch.Tensor) -> torch.Tensor:
        """[..., tokens, n_heads * head_size] -> [rows, n_heads, tokens, head_size]"""
        states = states.flatten(0, -3)
        return states.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)


class DelayPatterns(nn.Module):
    """
    Attention from the recent values of each token to the pattern keys, with a single head. The result is added to the
    keys of the tokens. So attention can take into account that a change reaches other nodes with a delay.

    Args:
        hidden_size (int): width of the tokens and patterns
        output_size (int): width of the result
        head_size (int): the width that scales the scores
    """

    def __init__(self, hidden_size: int, output_size: int, head_size: int):
        super().__init__()
        self.scale = head_size ** -0.5
        self.q_proj = nn.Linear(hidden_size, output_size)
        self.k_proj = nn.Linear(hidden_size, output_size)
        self.v_proj = nn.Linear(hidden_size, output_size)

    def forward(self, recent: torch.Tensor, patterns: torch.Tensor) -> torch.Tensor:
        """Feed forward.

        Args:
            recent (torch.Tensor): embedded recent values of each token; shape [..., tokens, hidden_size]
            patterns (torch.Tensor): embedded pattern keys; shape [num_patterns, hidden_size]

        Returns:
            torch.Tensor: shape [..., tokens, output_size]
        """
        scores = self.q_proj(recent) @ self.k_proj(patterns).transpose(0, 1) * self.scale
        return scores.softmax(dim=-1) @ self.v_proj(patterns)


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
        self.geographic = TokenAttention(width, config.n_geographic_heads, head_size)
        self.delays = DelayPatterns(width, config.n_geographic_heads * head_size, head_size)
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
        near = self.geographic(hidden_states, geographic, self.delays(recent, patterns))
        alike = self.semantic(hidden_states, semantic)
        return self.out_proj(torch.cat([over_steps, near, alike], dim=-1))

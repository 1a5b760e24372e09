import torch
from torch import nn

from basicts.modules import MLPLayer

from ..config.pdformer_config import PDFormerConfig
from .attention import SpatialTemporalAttention


class StochasticDepth(nn.Module):
    """
    Stochastic depth (arXiv 1603.09382): in training, drops a residual branch for random samples of a batch. For the
    others it is scaled, so that its mean does not change.

    Args:
        rate (float): probability that the branch is dropped
    """

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate

    def forward(self, branch: torch.Tensor) -> torch.Tensor:
        """Feed forward.

        Args:
            branch (torch.Tensor): shape [batch_size, ...]

        Returns:
            torch.Tensor: shape [batch_size, ...]
        """
        if not self.training or self.rate == 0:
            return branch
        kept = branch.new_empty((branch.shape[0],) + (1,) * (branch.dim() - 1)).bernoulli_(1 - self.rate)
        return branch * kept / (1 - self.rate)


class PDFormerLayer(nn.Module):
    """
    Attention, then a feed-forward network, each after a LayerNorm and with a residual connection.

    Args:
        drop_path (float): rate of stochastic depth in this layer
    """

    def __init__(self, config: PDFormerConfig, drop_path: float):
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.hidden_size, eps=1e-6)
        self.attention = SpatialTemporalAttention(config)
        self.ffn_norm = nn.LayerNorm(config.hidden_size, eps=1e-6)
        self.ffn = MLPLayer(config.hidden_size, config.intermediate_size, hidden_act=config.hidden_act)
        self.drop_path = StochasticDepth(drop_path)

    def forward(self, hidden_states: torch.Tensor, *relations: torch.Tensor) -> torch.Tensor:
        """Feed forward.

        Args:
            hidden_states (torch.Tensor): shape [batch_size, input_len, num_features, hidden_size]
            relations (torch.Tensor): the further arguments of the attention

        Returns:
            torch.Tensor: shape [batch_size, input_len, num_features, hidden_size]
        """
        attended = self.attention(self.attention_norm(hidden_states), *relations)
        hidden_states = hidden_states + self.drop_path(attended)
        return hidden_states + self.drop_path(self.ffn(self.ffn_norm(hidden_states)))

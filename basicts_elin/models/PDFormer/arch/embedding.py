import math

import torch
from torch import nn

from ..config.pdformer_config import PDFormerConfig

# the slots of the day are minutes, whatever the interval of the data
MINUTES_PER_DAY = 1440


class PDFormerEmbedding(nn.Module):
    """
    The sum of embeddings of value, step, time of day, day of week and node.
    """

    def __init__(self, config: PDFormerConfig):
        super().__init__()
        self.num_day_in_week = config.num_day_in_week
        self.value_layer = nn.Linear(1, config.hidden_size)
        self.time_in_day_emb = nn.Embedding(MINUTES_PER_DAY, config.hidden_size)
        self.day_in_week_emb = nn.Embedding(config.num_day_in_week, config.hidden_size)
        self.laplacian_layer = nn.Linear(config.num_laplacian, config.hidden_size)
        self.register_buffer("step_codes", sinusoid(config.input_len, config.hidden_size), persistent=False)

    def forward(
            self, inputs: torch.Tensor, inputs_timestamps: torch.Tensor, laplacian_codes: torch.Tensor) -> torch.Tensor:
        """Feed forward.

        Args:
            inputs (torch.Tensor): shape [batch_size, input_len, num_features]
            inputs_timestamps (torch.Tensor): shape [batch_size, input_len, 2 or more]
            laplacian_codes (torch.Tensor): shape [num_features, num_laplacian]

        Returns:
            torch.Tensor: shape [batch_size, input_len, num_features, hidden_size]
        """
        # rounded: a time computed in float32, as hour / 24 + minute / 1440, may lie just below its minute
        minute = (inputs_timestamps[..., 0] * MINUTES_PER_DAY).round().long() % MINUTES_PER_DAY
        day_in_week = (inputs_timestamps[..., 1] * self.num_day_in_week).round().long()
        steps = self.time_in_day_emb(minute) + self.day_in_week_emb(day_in_week) + self.step_codes
        return self.value_layer(inputs.unsqueeze(-1)) + steps.unsqueeze(2) + self.laplacian_layer(laplacian_codes)


def sinusoid(length: int, hidden_size: int) -> torch.Tensor:
    """Codes of positions from 0: sine in even columns, cosine in odd ones.

    Args:
        length (int): number of positions
        hidden_size (int): columns, an even number

    Returns:
        torch.Tensor: float32, whatever the default, as in the published model; shape [length, hidden_size]
    """
    position = torch.arange(length, dtype=torch.float32).unsqueeze(1)
    column = torch.arange(0, hidden_size, 2, dtype=torch.float32)
    angle = position * torch.exp(column * -(math.log(10000.0) / hidden_size))
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)

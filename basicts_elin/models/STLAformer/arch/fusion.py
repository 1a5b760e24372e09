import torch
from torch import nn


class GatedFusion(nn.Module):
    """
    Mixes two images position by position. The weight of each position and channel follows from its neighbourhood, from
    the mean of its channel, and from the mean and maximum over the channels.

    The sigmoid is taken twice, as in the published weights, so the weight of the first image exceeds that of the second
    by p in (0.5, 0.73).
    """

    def __init__(self, hidden_size: int, reduction: int = 8, kernel_size: int = 7):
        super().__init__()
        reduced_size = hidden_size // reduction
        padding = {"kernel_size": kernel_size, "padding": kernel_size // 2, "padding_mode": "reflect"}
        self.channel_gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(hidden_size, reduced_size, 1),
            nn.ReLU(),
            nn.Conv2d(reduced_size, hidden_size, 1),
        )
        self.spatial_gate = nn.Conv2d(2, 1, **padding)
        self.pixel_gate = nn.Conv2d(2 * hidden_size, hidden_size, groups=hidden_size, **padding)
        self.output_layer = nn.Conv2d(hidden_size, hidden_size, 1)

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Feed forward.

        Args:
            first, second (torch.Tensor): shape [batch_size, hidden_size, num_features, input_len]

        Returns:
            torch.Tensor: shape [batch_size, hidden_size, num_features, input_len]
        """
        both = first + second
        over_channels = torch.cat([both.mean(1, keepdim=True), both.amax(1, keepdim=True)], dim=1)
        gates = self.channel_gate(both) + self.spatial_gate(over_channels)
        # the convolution of each channel sees its two images side by side
        pairs = torch.stack([both, gates], dim=2).flatten(1, 2)
        weight = self.pixel_gate(pairs).sigmoid().sigmoid()
        return self.output_layer(both + weight * first + (1 - weight) * second)

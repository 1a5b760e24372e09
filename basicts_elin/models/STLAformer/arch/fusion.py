from typing import Optional

import torch
from torch import nn
from torch.nn import functional as F

_KERNEL, _PADDING = 7, 3


class GatedFusion(nn.Module):
    """
    Mixes two states of every node and step. The weight of each channel follows from its neighbourhood in an image of
    nodes and steps, from the mean of its channel, and from the mean and maximum over the channels.

    The sigmoid is taken twice, as in the published weights, so that the weight lies in (0.5, 0.73).
    """

    def __init__(self, hidden_size: int, reduction: int):
        super().__init__()
        reduced_size = hidden_size // reduction
        self.channel_gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(hidden_size, reduced_size, 1),
            nn.ReLU(),
            nn.Conv2d(reduced_size, hidden_size, 1),
        )
        self.spatial_gate = nn.Conv2d(2, 1, _KERNEL, padding=_PADDING, padding_mode="reflect")
        # of each channel: over the sum of both states, and over the gates
        self.pixel_gate = nn.Conv2d(2 * hidden_size, hidden_size, _KERNEL, groups=hidden_size)
        self.output_layer = nn.Conv2d(hidden_size, hidden_size, 1)

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Feed forward.

        Args:
            first, second (torch.Tensor): shape [batch_size, num_features, input_len, hidden_size]

        Returns:
            torch.Tensor: shape [batch_size, num_features, input_len, hidden_size]
        """
        # images [batch_size, hidden_size, num_features, input_len], whose channels lie side by side in memory
        first, second = first.permute(0, 3, 1, 2), second.permute(0, 3, 1, 2)
        both = second + first
        over_channels = torch.cat([both.mean(1, keepdim=True), both.amax(1, keepdim=True)], dim=1)
        gates = self.spatial_gate(over_channels) + self.channel_gate(both)
        weight = self._convolve_pairs(both, gates).sigmoid().sigmoid()
        return self.output_layer(both + weight * first + (1 - weight) * second).permute(0, 2, 3, 1)

    def _convolve_pairs(self, both: torch.Tensor, gates: torch.Tensor) -> torch.Tensor:
        """`pixel_gate` over the two images of each channel."""
        # as two depthwise convolutions: on a CPU, a convolution grouped by pairs takes ten times as long
        of_both, of_gates = self.pixel_gate.weight.split(1, dim=1)
        return _depthwise(both, of_both, self.pixel_gate.bias) + _depthwise(gates, of_gates)


def _depthwise(images: torch.Tensor, weight: torch.Tensor, bias: Optional[torch.Tensor] = None) -> torch.Tensor:
    images = images.contiguous(memory_format=torch.channels_last)
    padded = F.pad(images, [_PADDING] * 4, mode="reflect")
    return F.conv2d(padded, weight, bias, groups=images.shape[1])

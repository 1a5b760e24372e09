import torch
from torch import nn


class MiniGTS(nn.Module):
    """A linear map over time, of the nodes and of neighbours that are drawn every time, in evaluation too."""

    def __init__(self, num_nodes, horizon):
        super().__init__()
        self.linear = nn.Linear(12, horizon)
        self.num_nodes = num_nodes

    def forward(self, history_data, **kwargs):
        values = history_data[..., 0]
        graph = torch.rand(self.num_nodes, self.num_nodes, device=values.device).softmax(dim=1)
        return self.linear((values @ graph).transpose(1, 2)).transpose(1, 2).unsqueeze(-1)

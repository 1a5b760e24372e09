import torch
from torch import nn


class MiniMTGNN(nn.Module):
    """A linear map over time and a level for each node, which is found by the node's number."""

    def __init__(self, num_nodes, horizon):
        super().__init__()
        self.linear = nn.Linear(12, horizon)
        self.level = nn.Parameter(torch.arange(num_nodes) / num_nodes)
        self.idx = torch.arange(num_nodes)
        self.orders = []

    def forward(self, history_data, idx=None, **kwargs):
        self.orders.append(idx)
        nodes = self.idx if idx is None else idx
        prediction = self.linear(history_data[..., 0].transpose(1, 2)) + self.level[nodes][:, None]
        return prediction.transpose(1, 2).unsqueeze(-1)

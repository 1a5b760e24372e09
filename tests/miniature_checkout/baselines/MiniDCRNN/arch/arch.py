import numpy as np
import torch
from torch import nn


class MiniDCRNN(nn.Module):
    """A linear map over time, to which a step is added: that before it, or by chance what it should have been."""

    def __init__(self, num_nodes, horizon):
        super().__init__()
        self.linear = nn.Linear(12, horizon)
        self.share = nn.Parameter(torch.tensor(0.5))
        # another one in every process
        self.start = torch.rand(num_nodes)

    def forward(self, history_data, future_data, train, **kwargs):
        steps = self.linear(history_data[..., 0].transpose(1, 2)).transpose(1, 2)
        before, outputs = self.start.expand_as(steps[:, 0]), []
        for step in range(steps.shape[1]):
            outputs.append(steps[:, step] + self.share * before)
            is_taught = train and np.random.uniform() < 0.5
            before = future_data[:, step, :, 0] if is_taught else outputs[-1]
        return torch.stack(outputs, dim=1).unsqueeze(-1)

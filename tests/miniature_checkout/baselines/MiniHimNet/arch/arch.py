from torch import nn


class MiniHimNet(nn.Module):
    """A linear map over time, and what it was called with."""

    def __init__(self, num_nodes, horizon):
        super().__init__()
        self.linear = nn.Linear(12, horizon)
        self.received = []

    def forward(self, x, y_cov, labels=None, batches_seen=None):
        self.received.append((x, y_cov, labels, batches_seen))
        return self.linear(x[..., 0].transpose(1, 2)).transpose(1, 2).unsqueeze(-1)

"""Entropy-equal attention in a torch model of one's own, trained on random data.

    python examples/attention_in_your_model.py

Every series is a noisy wave, and the model forecasts its next steps. The attention runs over the series, so its cost is
linear in their number; only the layer is used, not BasicTS.
"""

import argparse

import torch

from basicts_elin import EntropyEqualAttention


class Forecaster(torch.nn.Module):
    """Attention over N series between two linear maps over time. [B, T_in, N] -> [B, T_out, N]."""

    def __init__(self, steps_in: int, steps_out: int, width: int = 32, heads: int = 4):
        super().__init__()
        self.encoder = torch.nn.Linear(steps_in, width)
        self.attention = EntropyEqualAttention(width, heads, entropy="gaussian")
        self.norm = torch.nn.LayerNorm(width)
        self.decoder = torch.nn.Linear(width, steps_out)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        tokens = self.encoder(inputs.transpose(1, 2))
        tokens = self.norm(tokens + self.attention(tokens)[0])
        return self.decoder(tokens).transpose(1, 2)


def waves(batch: int, steps: int, series: int) -> torch.Tensor:
    """[batch, steps, series]: one phase per sample, one shift per series, and noise."""
    time = torch.arange(steps)[None, :, None] / 4 + torch.linspace(0, 3, series)
    return (time + 6.3 * torch.rand(batch, 1, 1)).sin() + 0.1 * torch.randn(batch, steps, series)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=200, help="optimizer steps (default: 200)")
    parser.add_argument("--series", type=int, default=100, help="number of series (default: 100)")
    arguments = parser.parse_args()

    torch.manual_seed(0)
    model = Forecaster(steps_in=12, steps_out=12)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(arguments.steps):
        series = waves(16, 24, arguments.series)
        loss = (model(series[:, :12]) - series[:, 12:]).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"{arguments.series} series, path {model.attention.path_for(arguments.series)!r}")
    print(f"MAE: {losses[0]:.3f} at the first step, {losses[-1]:.3f} at the last")


if __name__ == "__main__":
    main()

"""A whole training step of the models, dropout on: time, bytes kept for the gradients and peak memory.

    python benchmarks/model.py --output results/model_cpu.csv

Forward, backward and Adam's step of the full-size models, 12 steps in and out, float32. ELinFormer and the others
differ in the attention alone. The exactness of every path is checked first.
"""

from collections.abc import Callable

import torch
from comparison import HEADS, HIDDEN_SIZE, STEPS, compare, make_parser
from variants import LAYERS

from basicts_elin import ELinFormer, ELinFormerConfig, STAEformer, STAEformerConfig

SIZES = ((170, 16), (307, 16), (883, 4), (2352, 1))
# the attention of STAEformer's temporal and spatial layers; None = ELinFormer's own
VARIANTS = {
    "STAEformer, softmax matmul": "softmax matmul",
    "STAEformer, softmax SDPA": "softmax SDPA",
    "STAEformer, no mixing": "no mixing",
    "STAEformer, Linformer": "Linformer",
    "STAEformer, linear": "linear",
    "ELinFormer": None,
    "ELinFormer, gaussian": None,
}


def build(variant: str, nodes: int) -> torch.nn.Module:
    torch.manual_seed(0)
    sizes = {"input_len": STEPS, "output_len": STEPS, "num_features": nodes}
    if variant.startswith("ELinFormer"):
        return ELinFormer(ELinFormerConfig(**sizes, entropy="gaussian" if "gaussian" in variant else "taylor"))
    model = STAEformer(STAEformerConfig(**sizes))
    for layers, tokens in ((model.temporal_layers, STEPS), (model.spatial_layers, nodes)):
        for layer in layers:
            layer.attention = LAYERS[VARIANTS[variant]](HIDDEN_SIZE, HEADS, tokens)
    return model


def make_run(variant: str, nodes: int, batch: int, device: str, precision: str) -> tuple[Callable, Callable]:
    """The model's forward up to the loss, and a whole training step."""
    model = build(variant, nodes).to(device).train()
    optimizer = torch.optim.Adam(model.parameters())
    inputs, targets = (torch.randn(batch, STEPS, nodes, device=device) for _ in range(2))
    slots, days = torch.randint(288, (batch, STEPS)), torch.randint(7, (batch, STEPS))
    timestamps = torch.stack([slots / 288, days / 7], dim=-1).to(device)

    def forward() -> torch.Tensor:
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        with torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            return (model(inputs, timestamps).float() - targets).abs().mean()

    def step() -> None:
        forward().backward()
        optimizer.step()
        optimizer.zero_grad()

    return forward, step


def main() -> None:
    arguments = make_parser(__doc__.splitlines()[0]).parse_args()
    compare(arguments, __file__, make_run, lambda nodes: tuple(VARIANTS), SIZES, tuple(VARIANTS)[:3])


if __name__ == "__main__":
    main()

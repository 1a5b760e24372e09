"""One attention layer, forward and backward: time, bytes kept for the gradients and peak memory against the tokens.

    python benchmarks/attention.py --output results/attention_cpu.csv --picture docs/attention.png

STAEformer's spatial layer: D = 152, 4 heads, 12 steps, float32. The exactness of every path is checked first.
"""

from pathlib import Path
from typing import Any

import torch
from comparison import HEADS, HIDDEN_SIZE, STEPS, compare, make_parser
from result_rows import scaling
from variants import LAYERS, LINEAR

# tokens and batch; one of 883 for the growth to 8600
SIZES = ((170, 16), (307, 16), (883, 4), (883, 1), (2352, 1), (8600, 1))


def make_run(variant: str, tokens: int, batch: int, device: str, precision: str) -> tuple[Any, Any]:
    """The layer's forward, and forward with backward."""
    torch.manual_seed(0)
    layer = LAYERS[variant](HIDDEN_SIZE, HEADS, tokens).to(device)
    states = torch.randn(batch, STEPS, tokens, HIDDEN_SIZE, device=device, requires_grad=True)
    gradient = torch.randn_like(states)

    def forward() -> torch.Tensor:
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        with torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            return layer(states)[0]

    def both() -> None:
        forward().float().backward(gradient)
        states.grad = None
        layer.zero_grad()

    return forward, both


def main() -> None:
    parser = make_parser(__doc__.splitlines()[0])
    parser.add_argument("--picture", type=Path, metavar="PNG", help="time and memory against the tokens")
    arguments = parser.parse_args()
    references = ("softmax matmul", "softmax SDPA", "no mixing")
    rows = compare(arguments, __file__, make_run, lambda n: LINEAR if n > 2352 else tuple(LAYERS), SIZES, references)
    if rows:
        print(scaling(rows, 883, 8600))
    if rows and arguments.picture:
        from pictures import plot_costs

        what = f"One attention layer, D = {HIDDEN_SIZE}, {HEADS} heads, {STEPS} steps, forward and backward"
        plot_costs(arguments.picture, rows, f"{what}; {rows[0]['hardware']}")


if __name__ == "__main__":
    main()

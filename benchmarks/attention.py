"""One attention layer, forward and backward: time, bytes kept for the gradients and peak memory against the tokens.

    python benchmarks/attention.py --output results/attention_cpu.csv --picture docs/attention.png

STAEformer's spatial layer: D = 152, 4 heads, 12 steps, float32. The exactness of every path is checked first.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from measure import bytes_saved, extra_resident_mib, peak_mib, times_in_turn
from tables import print_ratios, run_facts, scaling, write_rows
from variants import LAYERS, LINEAR, check_exactness

HIDDEN_SIZE, HEADS, STEPS = 152, 4, 12
# tokens and batch; one of 883 for the growth to 8600
SIZES = ((170, 16), (307, 16), (883, 4), (883, 1), (2352, 1), (8600, 1))
PRECISIONS = {"cpu": ("float32",), "cuda": ("float32", "tf32", "bfloat16")}


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


def measure(tokens: int, batch: int, device: str, precision: str, repeats: int, with_peak: bool) -> list[dict]:
    variants = [name for name in LAYERS if tokens <= 2352 or name in LINEAR]
    runs = {name: make_run(name, tokens, batch, device, precision) for name in variants}
    saved = {name: bytes_saved(forward) / 2**20 for name, (forward, _) in runs.items()}
    seconds = times_in_turn({name: both for name, (_, both) in runs.items()}, repeats, device)
    rows = []
    for name, (_, both) in runs.items():
        row = {"tokens": tokens, "batch": batch, "variant": name, "precision": precision}
        row |= {"milliseconds": round(1000 * seconds[name], 2), "saved_mib": round(saved[name], 2)}
        if with_peak and device == "cuda":
            row["peak_mib"] = round(peak_mib(both, device), 1)
        elif with_peak:
            row["peak_mib"] = round(extra_resident_mib(__file__, [name, str(tokens), str(batch)]), 1)
        rows.append(row)
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=PRECISIONS, default="cpu")
    parser.add_argument("--threads", type=int, default=2, help="of the CPU (default: 2)")
    parser.add_argument("--repeats", type=int, default=7, help="rounds after the first (default: 7)")
    parser.add_argument("--sizes", nargs="+", metavar="TOKENSxBATCH", help="such as 170x16 (default: all)")
    parser.add_argument("--no-peak", action="store_true", help="leave peak memory out, which takes a process each")
    parser.add_argument("--output", type=Path, metavar="CSV", help="where the rows are written")
    parser.add_argument("--picture", type=Path, metavar="PNG", help="time and memory against the tokens")
    parser.add_argument("--peak", nargs=3, metavar=("VARIANT", "TOKENS", "BATCH"), help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    torch.set_num_threads(arguments.threads)
    if arguments.peak:
        variant, *size = arguments.peak
        print(peak_mib(make_run(variant, *map(int, size), "cpu", "float32")[1], "cpu"))
        return
    check_exactness(HIDDEN_SIZE, HEADS)
    sizes = [tuple(map(int, size.split("x"))) for size in arguments.sizes or ()] or SIZES
    rows: list[dict] = []
    for precision in PRECISIONS[arguments.device]:
        for tokens, batch in sizes:
            new = measure(tokens, batch, arguments.device, precision, arguments.repeats, not arguments.no_peak)
            rows += new
            print_ratios(new, ("softmax matmul", "softmax SDPA", "no mixing"))
    print(scaling(rows, 883, 8600))
    if arguments.output:
        write_rows(arguments.output, rows, run_facts(arguments.device))
    if arguments.picture:
        from pictures import plot_costs

        plot_costs(arguments.picture, rows, "One attention layer, D = 152, 4 heads, forward and backward")


if __name__ == "__main__":
    main()

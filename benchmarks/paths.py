"""Where one path of the attention layer overtakes another: time and bytes kept for the gradients against the tokens.

    python benchmarks/paths.py --output results/paths_cpu.csv

Forward and backward of a layer without mask, float32; `path="auto"` is what these figures say. The rows of tokens are
about as many at every size, so that the projections cost the same. The exactness of every path is checked first.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch
from measure import bytes_saved, times_in_turn
from result_rows import run_facts, write_rows
from variants import check_exactness

from basicts_elin import EntropyEqualAttention

WIDTHS = ((64, 4), (152, 4), (256, 4))
TOKENS = (12, 24, 38, 60, 90, 120, 152, 200, 300)
ROWS = 23_040
PATHS = ("quadratic", "linear", "gram")


def measure(
    hidden_size: int,
    heads: int,
    entropy: str,
    tokens: int,
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[dict]:
    batch = ROWS // tokens
    states = torch.randn(batch, tokens, hidden_size, requires_grad=True)
    gradient = torch.randn_like(states)
    layers = {path: EntropyEqualAttention(hidden_size, heads, path=path, entropy=entropy) for path in PATHS}

    def step(layer: EntropyEqualAttention) -> None:
        layer(states)[0].backward(gradient)
        states.grad = None

    steps = {path: lambda layer=layer: step(layer) for path, layer in layers.items()}
    seconds = times_in_turn(steps, repeats, "cpu", clock)
    chosen = EntropyEqualAttention(hidden_size, heads, entropy=entropy).path_for(tokens)
    return [
        {
            "hidden_size": hidden_size, "heads": heads, "entropy": entropy, "tokens": tokens, "batch": batch,
            "path": path, "auto": int(path == chosen), "milliseconds": round(1000 * seconds[path], 2),
            "saved_mib": round(bytes_saved(lambda layer=layer: layer(states)[0]) / 2**20, 2),
        }
        for path, layer in layers.items()
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2, help="of the CPU (default: 2)")
    parser.add_argument("--repeats", type=int, default=7, help="rounds after the first (default: 7)")
    parser.add_argument("--output", type=Path, metavar="CSV", help="where the rows are written")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    rows = []
    for hidden_size, heads in WIDTHS:
        check_exactness(hidden_size, heads)
        for entropy in ("taylor", "gaussian"):
            print(f"\nD = {hidden_size}, {heads} heads, {entropy}: milliseconds / MiB saved, * = auto")
            for tokens in TOKENS:
                new = measure(hidden_size, heads, entropy, tokens, arguments.repeats)
                rows += new
                costs = (f"{row['milliseconds']:.1f} / {row['saved_mib']:.1f}" for row in new)
                cells = (f"{row['path']}{'*' * row['auto']} {cost}" for row, cost in zip(new, costs, strict=True))
                print(f"{tokens:>4} tokens: " + "   ".join(cells), flush=True)
    if arguments.output:
        write_rows(arguments.output, rows, run_facts("cpu"))


if __name__ == "__main__":
    main()

"""One layer of InLine attention, forward and backward: each path's time and bytes kept, relative to the plain form.

    python benchmarks/inline.py --output results/inline_cpu.csv

"plain" is the layer as autograd has it: queries, keys, values, and the plain twin of the local residual. "no residual"
is entropy-equal attention (taylor2, auto), so the rest is what the local residual costs. Widths: STLAformer's, 64, and
STAEformer's, 152; both have 4 heads. All sizes have about the same total number of tokens. Float32; the paths take
turns in one process. Every path is checked against the plain form first.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import torch
from measure import bytes_saved, times_in_turn
from result_rows import run_facts, write_rows

from basicts_elin import EntropyEqualAttention, InLineAttention
from basicts_elin.modules import inline
from basicts_elin.ops.local_residual import plain_local_residual

HEADS = 4
WIDTHS = (64, 152)
# steps of a window; around the switches of "auto"; sensors of PEMS08, PEMS04, PEMS07 and GBA
TOKENS = (12, 38, 64, 100, 140, 170, 307, 883, 2352)
ROWS = 11_520


def paths(tokens: int) -> tuple[str, ...]:
    """Those that are worth measuring."""
    return ("quadratic", "linear", "gram") if tokens <= 100 else ("linear", "gram")


def variants(hidden_size: int, tokens: int) -> dict[str, Callable[[torch.Tensor], torch.Tensor]]:
    torch.manual_seed(0)
    layers = {path: InLineAttention(hidden_size, HEADS, path=path) for path in paths(tokens)}
    plain, without = InLineAttention(hidden_size, HEADS), EntropyEqualAttention(hidden_size, HEADS, entropy="taylor2")
    for layer in layers.values():
        layer.load_state_dict(plain.state_dict())

    def plain_layer(states: torch.Tensor) -> torch.Tensor:
        with patch.object(inline, "local_residual", plain_local_residual):
            return plain._attend_unfused(states, states, None, False)[0]

    return {
        "plain": plain_layer,
        **{path: lambda states, layer=layer: layer(states)[0] for path, layer in layers.items()},
        "no residual": lambda states: without(states)[0],
    }


def check(found: dict[str, Callable[[torch.Tensor], torch.Tensor]], states: torch.Tensor) -> None:
    """Raise SystemExit unless each path's output and gradient of the tokens are those of the plain form."""
    results = {name: _output_and_gradient(found[name], states) for name in found if name != "no residual"}
    for name, result in results.items():
        for one, other in zip(result, results["plain"], strict=True):
            difference = (one - other).abs().max() / other.abs().max()
            if not difference < 1e-4:
                raise SystemExit(f"{name}, {list(states.shape)}: differs from the plain form by {difference:.1e}")


def _output_and_gradient(layer: Callable[[torch.Tensor], torch.Tensor], states: torch.Tensor) -> list[torch.Tensor]:
    leaf = states.detach().clone().requires_grad_()
    output = layer(leaf)
    return [output.detach(), *torch.autograd.grad(output.sin().sum(), leaf)]


def measure(hidden_size: int, tokens: int, repeats: int) -> list[dict]:
    batch = max(1, ROWS // tokens)
    states = torch.randn(batch, tokens, hidden_size, requires_grad=True)
    gradient = torch.randn_like(states)
    found = variants(hidden_size, tokens)
    check(found, states[:2])

    def step(layer: Callable[[torch.Tensor], torch.Tensor]) -> None:
        layer(states).backward(gradient)
        states.grad = None

    seconds = times_in_turn({name: lambda layer=layer: step(layer) for name, layer in found.items()}, repeats, "cpu")
    saved = {name: bytes_saved(lambda layer=layer: layer(states)) for name, layer in found.items()}
    chosen = InLineAttention(hidden_size, HEADS).path_for(tokens)
    return [
        {
            "hidden_size": hidden_size, "heads": HEADS, "tokens": tokens, "batch": batch, "variant": name,
            "auto": int(name == chosen), "milliseconds": round(1000 * seconds[name], 2),
            "time_ratio": round(seconds[name] / seconds["plain"], 3), "saved_mib": round(saved[name] / 2**20, 2),
            "saved_ratio": round(saved[name] / saved["plain"], 3),
        }
        for name in found
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2, help="of the CPU (default: 2)")
    parser.add_argument("--repeats", type=int, default=7, help="rounds after the first (default: 7)")
    parser.add_argument("--output", type=Path, metavar="CSV", help="where the rows are written")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rows = []
    for hidden_size in WIDTHS:
        print(f"\nD = {hidden_size}, {HEADS} heads: time / saved bytes, relative to plain; * = auto")
        for tokens in TOKENS:
            new = measure(hidden_size, tokens, arguments.repeats)
            rows += new
            cells = (f"{row['variant']}{'*' * row['auto']} {row['time_ratio']:.2f} / {row['saved_ratio']:.2f}"
                     for row in new[1:])  # fmt: skip
            print(f"{tokens:>4} tokens, plain {new[0]['milliseconds']:>7.1f} ms: " + "   ".join(cells), flush=True)
    if arguments.output:
        write_rows(arguments.output, rows, run_facts("cpu"))


if __name__ == "__main__":
    main()

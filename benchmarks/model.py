"""A whole training step of the models, dropout on: time, bytes kept for the gradients and peak memory.

    python benchmarks/model.py --output results/model_cpu.csv

Forward, backward and Adam's step of the full-size models, 12 steps in and out, float32. ELinFormer and the others
differ in the attention alone. The exactness of every path is checked first.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from measure import bytes_saved, extra_resident_mib, peak_mib, times_in_turn
from tables import print_ratios, run_facts, write_rows
from variants import LAYERS, check_exactness

from basicts_elin import ELinFormer, ELinFormerConfig, STAEformer, STAEformerConfig

HIDDEN_SIZE, HEADS, STEPS = 152, 4, 12
SIZES = ((170, 16), (307, 16), (883, 4))
VARIANTS = {
    "STAEformer, softmax matmul": "softmax matmul",
    "STAEformer, softmax SDPA": "softmax SDPA",
    "STAEformer, no mixing": "no mixing",
    "ELinFormer": None,
    "ELinFormer, gaussian": None,
}
PRECISIONS = {"cpu": ("float32",), "cuda": ("float32", "tf32", "bfloat16")}


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


def measure(nodes: int, batch: int, device: str, precision: str, repeats: int, with_peak: bool) -> list[dict[str, Any]]:
    runs = {name: make_run(name, nodes, batch, device, precision) for name in VARIANTS}
    saved = {name: bytes_saved(forward) / 2**20 for name, (forward, _) in runs.items()}
    seconds = times_in_turn({name: step for name, (_, step) in runs.items()}, repeats, device)
    rows = []
    for name, (_, step) in runs.items():
        row = {"tokens": nodes, "batch": batch, "variant": name, "precision": precision}
        row |= {"milliseconds": round(1000 * seconds[name], 1), "saved_mib": round(saved[name], 1)}
        if with_peak and device == "cuda":
            row["peak_mib"] = round(peak_mib(step, device), 1)
        elif with_peak:
            row["peak_mib"] = round(extra_resident_mib(__file__, [name, str(nodes), str(batch)]), 1)
        rows.append(row)
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=PRECISIONS, default="cpu")
    parser.add_argument("--threads", type=int, default=2, help="of the CPU (default: 2)")
    parser.add_argument("--repeats", type=int, default=7, help="rounds after the first (default: 7)")
    parser.add_argument("--sizes", nargs="+", metavar="NODESxBATCH", help="such as 170x16 (default: all)")
    parser.add_argument("--no-peak", action="store_true", help="leave peak memory out, which takes a process each")
    parser.add_argument("--output", type=Path, metavar="CSV", help="where the rows are written")
    parser.add_argument("--peak", nargs=3, metavar=("VARIANT", "NODES", "BATCH"), help=argparse.SUPPRESS)
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
        for nodes, batch in sizes:
            new = measure(nodes, batch, arguments.device, precision, arguments.repeats, not arguments.no_peak)
            rows += new
            print_ratios(new, list(VARIANTS)[:3])
    if arguments.output:
        write_rows(arguments.output, rows, run_facts(arguments.device))


if __name__ == "__main__":
    main()

"""What the benchmarks of the layer and of the model share: their arguments, their sizes in turn, their rows."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from measure import bytes_saved, extra_resident_mib, peak_mib, times_in_turn
from result_rows import print_ratios, run_facts, write_rows
from variants import check_exactness

HIDDEN_SIZE, HEADS, STEPS = 152, 4, 12
PRECISIONS = {"cpu": ("float32",), "cuda": ("float32", "tf32", "bfloat16")}

# variant, tokens, batch, device, precision -> the forward, and all that is timed
MakeRun = Callable[[str, int, int, str, str], tuple[Callable[[], Any], Callable[[], Any]]]


def make_parser(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--device", choices=PRECISIONS, default="cpu")
    parser.add_argument("--threads", type=int, default=2, help="of the CPU (default: 2)")
    parser.add_argument("--repeats", type=int, default=7, help="rounds after the first (default: 7)")
    parser.add_argument("--sizes", nargs="+", metavar="NODESxBATCH", help="such as 170x16 (default: all)")
    parser.add_argument("--no-peak", action="store_true", help="leave peak memory out, which takes a process each")
    parser.add_argument("--output", type=Path, metavar="CSV", help="where the rows are written")
    parser.add_argument("--peak", nargs=3, metavar=("VARIANT", "NODES", "BATCH"), help=argparse.SUPPRESS)
    return parser


def compare(
    arguments: argparse.Namespace,
    script: str,
    make_run: MakeRun,
    variants_for: Callable[[int], Sequence[str]],
    sizes: Sequence[tuple[int, int]],
    references: Sequence[str],
) -> list[dict[str, Any]]:
    """Measure, print and write the rows of every size; none for a process that measures its own peak memory."""
    torch.set_num_threads(arguments.threads)
    if arguments.peak:
        variant, *size = arguments.peak
        print(peak_mib(make_run(variant, *map(int, size), "cpu", "float32")[1], "cpu"))
        return []
    check_exactness(HIDDEN_SIZE, HEADS)
    sizes = [tuple(map(int, size.split("x"))) for size in arguments.sizes or ()] or sizes
    rows: list[dict[str, Any]] = []
    for precision in PRECISIONS[arguments.device]:
        for tokens, batch in sizes:
            new = _measure(arguments, script, make_run, variants_for(tokens), tokens, batch, precision)
            rows += new
            print_ratios(new, references)
            if arguments.output:
                write_rows(arguments.output, rows, run_facts(arguments.device))
    return rows


def _measure(
    arguments: argparse.Namespace,
    script: str,
    make_run: MakeRun,
    variants: Sequence[str],
    tokens: int,
    batch: int,
    precision: str,
) -> list[dict[str, Any]]:
    device = arguments.device
    runs = {name: make_run(name, tokens, batch, device, precision) for name in variants}
    saved = {name: bytes_saved(forward) / 2**20 for name, (forward, _) in runs.items()}
    seconds = times_in_turn({name: timed for name, (_, timed) in runs.items()}, arguments.repeats, device)
    rows = []
    for name, (_, timed) in runs.items():
        row = {"tokens": tokens, "batch": batch, "variant": name, "precision": precision}
        row |= {"milliseconds": round(1000 * seconds[name], 2), "saved_mib": round(saved[name], 2)}
        if not arguments.no_peak:
            on_gpu = device == "cuda"
            peak = peak_mib(timed, device) if on_gpu else extra_resident_mib(script, [name, str(tokens), str(batch)])
            row["peak_mib"] = round(peak, 1)
        rows.append(row)
    return rows

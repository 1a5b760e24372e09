"""How the benchmarks measure: time in turns, bytes kept for the gradients, resident memory of a fresh process."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def times_in_turn(
    variants: dict[str, Callable[[], Any]], repeats: int, device: str, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median seconds of each variant. They take turns, so that what disturbs the machine disturbs them all.

    clock: on the CPU; `time.process_time` does not count the time in which other processes run.
    """
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    # the first round warms up
    for round_number in range(repeats + 1):
        for name, run in variants.items():
            elapsed = _cuda_seconds(run) if device == "cuda" else _cpu_seconds(run, clock)
            if round_number:
                seconds[name].append(elapsed)
    return {name: statistics.median(values) for name, values in seconds.items()}


def bytes_saved(forward: Callable[[], Tensor]) -> int:
    """Bytes that autograd keeps between forward and backward, each storage once, parameters left out."""
    sizes: dict[int, int] = {}
    kept = []

    def pack(tensor: Tensor) -> None:
        if not (tensor.is_leaf and isinstance(tensor, torch.nn.Parameter)):
            storage = tensor.untyped_storage()
            sizes[storage.data_ptr()] = storage.nbytes()
            # held until the end, so that no address is used twice
            kept.append(storage)
        # nothing goes into the graph: an output that its own node holds would never be freed

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda nothing: nothing):
        forward()
    return sum(sizes.values())


def extra_resident_mib(script: str, arguments: list[str]) -> float:
    """What `script --peak ...` prints: by how much its resident memory grew at most while a variant ran."""
    command = [sys.executable, script, "--peak", *arguments]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def peak_mib(run: Callable[[], Any], device: str) -> float:
    """By how much memory grows at most while `run` runs: resident on the CPU (of Linux), allocated on the GPU."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    # Linux forgets the peak so far, that of the imports
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident_mib("VmRSS")
    run()
    return _resident_mib("VmHWM") - before


def _resident_mib(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(field)) / 2**10


def _cpu_seconds(run: Callable[[], Any], clock: Callable[[], float]) -> float:
    started = clock()
    run()
    return clock() - started


def _cuda_seconds(run: Callable[[], Any]) -> float:
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    run()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end) / 1000

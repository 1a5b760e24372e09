"""What a training step costs beside the model: loader, masking and scaling, loss, optimizer, metrics.

    python benchmarks/loop.py --output results/loop_cpu.csv
    python benchmarks/loop.py --gpus 0 --output results/loop_gpu.csv

Steps of a real run, by the runner that train uses; medians per step. Waits are where the host asks for a number of the
device: counted by the profiler, in steps of their own.
"""

import argparse
import copy
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import torch
from easytorch.device import set_device_type
from result_rows import run_facts, write_rows
from torch.profiler import ProfilerActivity, profile

from basicts_elin.config.overrides import with_overrides
from basicts_elin.training.launch.data_checks import checked_dataset
from basicts_elin.training.launch.devices import parse_gpus
from basicts_elin.training.runner.runner import BenchmarkRunner
from basicts_elin.zoo.config_file import load_config

MODEL = ("forward", "backward")
WARM_UP = 5
# what the profiler calls a wait on the CPU, where an optimizer's own numbers are not on a device, and on a GPU
WAITS = {
    "cpu": ("aten::_local_scalar_dense",),
    "cuda": ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize"),
}
LAUNCHES = ("cudaLaunchKernel", "cudaLaunchKernelExC", "cuLaunchKernel", "cuLaunchKernelEx")


class TimedRunner(BenchmarkRunner):
    """Notes the seconds of each part of a step; the callbacks' are in the part `rest`."""

    def __init__(self, cfg: Any) -> None:
        super().__init__(cfg)
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.on_gpu = bool(cfg.gpus)
        for part, holder, name in (
            ("forward", self, "_forward"),
            ("loss", self, "_compute_loss"),
            ("backward", self, "_backward"),
            ("optimizer", self, "_optimizer_step"),
            ("metrics", self, "_update_metrics"),
            ("mask and scale", self.taskflow, "preprocess"),
        ):
            setattr(holder, name, self._timed(part, getattr(holder, name)))

    def _timed(self, part: str, function: Any) -> Any:
        def timed(*arguments: Any, **named: Any) -> Any:
            with self.clock(part):
                return function(*arguments, **named)

        return timed

    @contextmanager
    def clock(self, part: str) -> Iterator[None]:
        started = self._now()
        yield
        self.seconds[part].append(self._now() - started)

    def _now(self) -> float:
        if self.on_gpu:
            torch.cuda.synchronize()
        return time.perf_counter()


def start(config: Any, folder: str, kind: type[BenchmarkRunner]) -> BenchmarkRunner:
    config = copy.deepcopy(config)
    config["_output_dir"] = folder
    runner = kind(config)
    runner.on_train_start()
    runner.global_steps = 1
    runner._begin_epoch(1)
    return runner


def timed_steps(config: Any, folder: str, steps: int) -> dict[str, float]:
    """Median milliseconds of each part of a step."""
    runner = start(config, folder, TimedRunner)
    batches = iter(runner.train_data_loader)
    for _ in range(WARM_UP + steps):
        with runner.clock("step"):
            with runner.clock("loader"):
                data = next(batches)
            runner._train_step(data)
    parts = {part: 1000 * median(seconds[WARM_UP:]) for part, seconds in runner.seconds.items()}
    whole = parts.pop("step")
    return {"step": whole, **parts, "rest": whole - sum(parts.values())}


def counted_steps(config: Any, folder: str, steps: int) -> dict[str, float]:
    """Waits, and on a GPU launches, of a step."""
    runner = start(config, folder, BenchmarkRunner)
    device = "cuda" if config.gpus else "cpu"
    # Adam keeps its step numbers on the CPU and reads them there
    if device == "cpu":
        runner._optimizer_step = runner.optimizer.zero_grad
    batches = iter(runner.train_data_loader)
    for data in islice(batches, WARM_UP):
        runner._train_step(data)
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (device == "cuda")
    with profile(activities=activities) as trace:
        for data in islice(batches, steps):
            runner._train_step(data)
    counts = {event.key: event.count for event in trace.key_averages()}
    found = {"waits": sum(counts.get(name, 0) for name in WAITS[device]) / steps}
    if device == "cuda":
        found["launches"] = sum(counts.get(name, 0) for name in LAUNCHES) / steps
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--cfg", default="baselines_cfg/ELinFormer_small/PEMS08_tail.py")
    parser.add_argument("-g", "--gpus", default="cpu")
    parser.add_argument("--threads", type=int, default=2, help="of the CPU (default: 2)")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--output", type=Path, metavar="CSV")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    gpus = parse_gpus(arguments.gpus)
    set_device_type("gpu" if gpus else "cpu")
    config = with_overrides(load_config(arguments.cfg), {"gpus": gpus})
    checked_dataset(config)
    with tempfile.TemporaryDirectory() as timed, tempfile.TemporaryDirectory() as counted:
        parts = timed_steps(config, timed, arguments.steps)
        counts = counted_steps(config, counted, min(arguments.steps, 10))
    whole = parts["step"]
    outside = 1 - sum(parts[part] for part in MODEL) / whole
    rows = [{"part": part, "ms": round(ms, 3), "share": round(ms / whole, 4)} for part, ms in parts.items()]
    rows += [{"part": "all but forward and backward", "ms": round(outside * whole, 3), "share": round(outside, 4)}]
    print(f"{arguments.cfg}, median of {arguments.steps} steps of batch {config.train_batch_size}")
    for row in rows:
        print(f"{row['part']:<30} {row['ms']:>10.3f} ms {row['share']:>7.1%}")
    for name, count in counts.items():
        print(f"{name + ' per step':<30} {count:>10.1f}")
    if arguments.output:
        facts = {"cfg": arguments.cfg, **{f"{name}_per_step": count for name, count in counts.items()}}
        write_rows(arguments.output, [{**row, **facts} for row in rows], run_facts("cuda" if gpus else "cpu"))


if __name__ == "__main__":
    main()

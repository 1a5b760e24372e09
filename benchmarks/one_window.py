"""What one forecast of one window costs: the models' forward pass, and `Forecaster` around it.

    python benchmarks/one_window.py --output results/one_window_cpu.csv

12 steps in and out, float32, no gradients, new parameters. ELinFormer and the others differ in the attention alone. The
exactness of every path is checked first. The models take turns. Each process lays its memory out anew, and times depend
on it, so the models are measured in several new processes. Seconds and ratios are medians over them.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from comparison import HEADS, HIDDEN_SIZE, STEPS
from measure import times_in_turn
from result_rows import run_facts, write_rows
from variants import LAYERS, check_exactness

from basicts_elin import ELinFormer, ELinFormerConfig, STAEformer, STAEformerConfig
from basicts_elin.forecasting.facts import Facts
from basicts_elin.forecasting.forecaster import Forecaster
from basicts_elin.forecasting.network import ScaledNetwork, evaluating
from basicts_elin.forecasting.storage.runs import Parts
from basicts_elin.zoo.registry import find

SENSORS = (883, 2352)
OURS, SOFTMAX, NO_MIXING = "ELinFormer", "STAEformer_sdpa", "no mixing"
# the attention of every layer; None = ELinFormer's own
VARIANTS = {OURS: None, SOFTMAX: "softmax SDPA", NO_MIXING: "no mixing"}
SIZES = ("small", "full")


def sizes_of(size: str, sensors: int) -> dict[str, Any]:
    own = find(OURS).entry.small.model_fields if size == "small" else {}
    return {"input_len": STEPS, "output_len": STEPS, "num_features": sensors, **own}


def build(variant: str, size: str, sensors: int) -> torch.nn.Module:
    torch.manual_seed(0)
    sizes = sizes_of(size, sensors)
    if VARIANTS[variant] is None:
        return ELinFormer(ELinFormerConfig(**sizes)).eval()
    model = STAEformer(STAEformerConfig(**sizes))
    for layers, tokens in ((model.temporal_layers, STEPS), (model.spatial_layers, sensors)):
        for layer in layers:
            layer.attention = LAYERS[VARIANTS[variant]](model.hidden_size, HEADS, tokens)
    return model.eval()


def forward_of(model: torch.nn.Module, sensors: int) -> Callable[[], torch.Tensor]:
    inputs = torch.randn(1, STEPS, sensors)
    timestamps = torch.stack([torch.arange(STEPS) / 288, torch.full((STEPS,), 2 / 7)], dim=-1).unsqueeze(0)

    def forward() -> torch.Tensor:
        with torch.inference_mode():
            return model(inputs, timestamps)

    return forward


def model_seconds(size: str, sensors: int, repeats: int) -> dict[str, float]:
    """The models in turn, in this process."""
    runs = {name: forward_of(build(name, size, sensors), sensors) for name in VARIANTS}
    return times_in_turn(runs, repeats, "cpu")


def model_rows(size: str, sensors: int, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    command = [sys.executable, __file__, "--models", size, "--sensors", str(sensors)]
    command += ["--repeats", str(arguments.repeats), "--threads", str(arguments.threads)]
    processes = [
        json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        for _ in range(arguments.processes)
    ]

    def median(name: str, over: str = "") -> float:
        return statistics.median(seconds[name] / (seconds[over] if over else 1) for seconds in processes)

    return [
        {"what": name, "size": size, "sensors": sensors, "seconds": round(median(name), 5)}
        | {"of_sdpa": round(median(name, SOFTMAX), 3), "of_no_mixing": round(median(name, NO_MIXING), 3)}
        for name in VARIANTS
    ]


def new_forecaster(size: str, sensors: int) -> Forecaster:
    """A forecaster whose ELinFormer has new parameters."""
    model = build(OURS, size, sensors)
    config = ELinFormerConfig(**sizes_of(size, sensors))
    names = tuple(f"s{number}" for number in range(sensors))
    facts = Facts(OURS, "City", names, 5, STEPS, STEPS, missing_inputs="mean", null_val=None)
    statistics = {"mean": torch.tensor(200.0), "std": torch.tensor(150.0)}
    network = evaluating(ScaledNetwork(model, statistics, facts.missing_inputs, float("nan")))
    description = {"model": {"name": OURS, "module": ELinFormer.__module__}, "model_config": vars(config)}
    return Forecaster(Parts(facts, network, description, statistics, metrics={}, sha256="0" * 64))


def forecaster_rows(size: str, sensors: int, repeats: int) -> list[dict[str, Any]]:
    """`predict` of each kind of table, with what it costs beyond the model; `load`, in a new process, with imports."""
    forecaster = new_forecaster(size, sensors)
    values = np.random.default_rng(0).gamma(2, 100, (STEPS, sensors))
    recent = pd.DataFrame(values, pd.date_range("2024-03-04", periods=STEPS, freq="5min"), forecaster.facts.node_names)
    with_times = recent.rename_axis("time").reset_index()
    tables = {
        "times as index": recent,
        "column of times": with_times,
        "long": with_times.melt("time", var_name="sensor", value_name="value"),
    }
    runs: dict[str, Callable[[], Any]] = {"forward": forward_of(forecaster.network.model, sensors)}
    runs |= {
        f"Forecaster.predict, {kind}": lambda table=table: forecaster.predict(table) for kind, table in tables.items()
    }
    seconds = times_in_turn(runs, repeats, "cpu")
    forward = seconds.pop("forward")
    rows = [{"what": name, "seconds": found, "beyond_forward": found - forward} for name, found in seconds.items()]
    with tempfile.TemporaryDirectory() as parent:
        folder = forecaster.save(Path(parent) / "saved")
        command = [sys.executable, __file__, "--load", str(folder)]
        loads = {
            "Forecaster.load": lambda: Forecaster.load(folder),
            "Forecaster.load, new process": lambda: subprocess.run(command, check=True),
        }
        rows += [{"what": name, "seconds": found} for name, found in times_in_turn(loads, 3, "cpu").items()]
    rounded = (
        {name: round(cell, 5) if isinstance(cell, float) else cell for name, cell in row.items()} for row in rows
    )
    return [{"what": row.pop("what"), "size": size, "sensors": sensors, **row} for row in rounded]


def show(row: dict[str, Any]) -> None:
    ratios = "  ".join(f"{name} {row[name]}" for name in ("of_sdpa", "of_no_mixing", "beyond_forward") if name in row)
    print(
        f"{row['sensors']:>5} {row['size']:<6} {row['what']:<37} {1000 * row['seconds']:>9.1f} ms  {ratios}", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2, help="of the CPU (default: 2)")
    parser.add_argument("--repeats", type=int, default=21, help="rounds after the first (default: 21)")
    parser.add_argument("--sensors", type=int, nargs="+", default=SENSORS, help="(default: 883 2352)")
    parser.add_argument("--output", type=Path, metavar="CSV", help="where the rows are written")
    parser.add_argument("--processes", type=int, default=7, help="that measure the models (default: 7)")
    parser.add_argument("--models", choices=SIZES, help=argparse.SUPPRESS)
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.load:
        Forecaster.load(arguments.load)
        return
    torch.set_num_threads(arguments.threads)
    if arguments.models:
        print(json.dumps(model_seconds(arguments.models, arguments.sensors[0], arguments.repeats)))
        return
    check_exactness(HIDDEN_SIZE, HEADS)
    rows: list[dict[str, Any]] = []
    for sensors in arguments.sensors:
        for size in SIZES:
            new = model_rows(size, sensors, arguments)
            if sensors == arguments.sensors[0]:
                new += forecaster_rows(size, sensors, arguments.repeats)
            for row in new:
                show(row)
            rows += new
    if arguments.output:
        write_rows(
            arguments.output, rows, {"repeats": arguments.repeats, "processes": arguments.processes, **run_facts("cpu")}
        )


if __name__ == "__main__":
    main()

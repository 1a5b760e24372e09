"""What a longer input costs: time and memory of a training step by the number of steps in.

    python benchmarks/lengths.py --output results/lengths_cpu.csv --page docs/lengths.md
    python benchmarks/lengths.py --render --output results/lengths_cpu.csv --page docs/lengths.md

The tables are those of the costs, and that of the errors in results/input_length_cpu.csv and in
results/convergence_pems08_tail_cpu.csv. Costs are those of whole training steps (forward, backward, the optimizer's
step) of models with the 170 sensors of PEMS08, 12 steps out; then of one attention layer over time on each of its
paths. One thread, float32; times are those of the processor, without the other work on the machine. No data is needed.
The second command only writes the tables of the page again.
"""

import argparse
import inspect
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import paths
import torch
from measure import bytes_saved, extra_resident_mib, peak_mib, times_in_turn
from result_rows import markdown, read_rows, run_facts, write_rows
from variants import check_exactness

from basicts_elin.files import write_atomically
from basicts_elin.results.aggregate import summaries
from basicts_elin.results.store import read_results
from basicts_elin.zoo.registry import config_for

LENGTHS = (12, 36, 96, 288)
SENSORS, STEPS_OUT = 170, 12
# Windows in a batch. With 288 steps, memory is enough for only one window of the full sizes.
MODELS = {"ELinFormer_small": 16, "STAEformer_small": 16, "STID": 16, "ELinFormer": 1, "STAEformer": 1}
# width and heads of the small and of the full size
WIDTHS = ((64, 4), (152, 4))
LAYER, MODEL = "attention over time", "training step"
COSTS = ("milliseconds", "saved_mib", "peak_mib")
ROOT = Path(__file__).resolve().parents[1]
ERRORS = tuple(ROOT / "results" / f"{name}_cpu.csv" for name in ("input_length", "convergence_pems08_tail"))


def make_run(model: str, input_len: int) -> tuple[Callable[[], torch.Tensor], Callable[[], None]]:
    """The forward up to the loss, and a whole training step."""
    torch.manual_seed(0)
    config = config_for(model, "PEMS08", input_len=input_len, output_len=STEPS_OUT)
    network = config.model(config.model_config).train()
    optimizer, batch = config.optimizer(network.parameters(), **config.optimizer_params), MODELS[model]
    inputs, targets = torch.randn(batch, input_len, SENSORS), torch.randn(batch, STEPS_OUT, SENSORS)
    slots = torch.arange(input_len).expand(batch, -1)
    times = torch.stack([slots % 288 / 288, slots // 288 % 7 / 7], dim=-1)
    known = inspect.signature(network.forward).parameters
    arguments = {name: value for name, value in (("inputs", inputs), ("inputs_timestamps", times)) if name in known}

    def forward() -> torch.Tensor:
        return (network(**arguments) - targets).abs().mean()

    def step() -> None:
        forward().backward()
        optimizer.step()
        optimizer.zero_grad()

    return forward, step


def model_row(model: str, input_len: int, repeats: int) -> dict[str, Any]:
    forward, step = make_run(model, input_len)
    saved = bytes_saved(forward) / 2**20
    seconds = times_in_turn({model: step}, repeats, "cpu", time.process_time)[model]
    peak = extra_resident_mib(__file__, [model, str(input_len)])
    return {
        "what": MODEL, "variant": model, "tokens": input_len, "batch": MODELS[model],
        "milliseconds": round(1000 * seconds, 1), "saved_mib": round(saved, 1), "peak_mib": round(peak),
    }  # fmt: skip


def layer_rows(hidden_size: int, heads: int, repeats: int) -> list[dict[str, Any]]:
    """One attention layer, with as many rows of tokens at every length."""
    check_exactness(hidden_size, heads)
    settings = (hidden_size, heads, "taylor")
    rows = [row for length in LENGTHS for row in paths.measure(*settings, length, repeats, time.process_time)]
    return [{"what": LAYER, "variant": row["path"], **row} for row in rows]


def models_table(rows: Sequence[dict[str, str]]) -> str:
    """A line for each model, a column for each length: "milliseconds / MiB kept for the gradients / peak MiB"."""
    lengths = list(dict.fromkeys(row["tokens"] for row in rows))
    lines = [f"| model | batch | {' | '.join(lengths)} |", "|---" * (len(lengths) + 2) + "|"]
    for model in dict.fromkeys(row["variant"] for row in rows):
        own = {row["tokens"]: row for row in rows if row["variant"] == model}
        costs = ([float(own[length][name]) for name in COSTS] if length in own else () for length in lengths)
        cells = (" / ".join(f"{cost:.0f}" for cost in of_length) for of_length in costs)
        lines.append(f"| {model} | {next(iter(own.values()))['batch']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def errors_table() -> str:
    """The test errors of STID with each length: means over the seeds."""
    results = [result for file in ERRORS if file.is_file() for result in read_results(file) if result.model == "STID"]
    found = sorted(summaries(results), key=lambda one: (one.dataset, one.results[0].input_len))
    lines = ["| dataset | steps in | epochs | seeds | MAE | RMSE | MAPE % | MAE at 3 / 6 / 12 |", "|---" * 8 + "|"]
    for one in found:
        steps = [f"{one.mean(f'MAE_{step}'):.2f}" for step in (3, 6, 12)]
        cells = [one.dataset, one.results[0].input_len, one.num_epochs, ", ".join(map(str, one.seeds))]
        cells += [one.text(metric, 2) for metric in ("MAE", "RMSE", "MAPE")]
        lines.append(f"| {' | '.join(map(str, cells))} | {' / '.join(steps)} |")
    return "\n".join(lines)


def with_tables(page: str, rows: Sequence[dict[str, str]]) -> str:
    """The page with its tables, each between `<!-- table: NAME -->` and `<!-- end -->`, made from the rows."""
    tables = {"models": models_table([row for row in rows if row["what"] == MODEL]), "errors": errors_table()}
    for hidden_size, _ in WIDTHS:
        of_width = [row for row in rows if row["what"] == LAYER and row["hidden_size"] == str(hidden_size)]
        tables[f"layer {hidden_size}"] = markdown(of_width)
    for name, table in tables.items():
        pattern = rf"(<!-- table: {name} -->\n).*?(<!-- end -->)"
        page = re.sub(pattern, lambda match, table=table: f"{match[1]}{table}\n{match[2]}", page, flags=re.DOTALL)
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="rounds after the first (default: 3)")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=tuple(MODELS), help="default: all")
    parser.add_argument("--lengths", nargs="+", type=int, default=LENGTHS, metavar="STEPS", help="default: all")
    parser.add_argument("--output", type=Path, metavar="CSV", help="where the rows are written")
    parser.add_argument("--page", type=Path, metavar="MD", help="page whose tables are rewritten")
    parser.add_argument("--render", action="store_true", help="measure nothing")
    parser.add_argument("--peak", nargs=2, metavar=("MODEL", "STEPS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.peak:
        model, length = arguments.peak
        print(peak_mib(make_run(model, int(length))[1], "cpu"))
        return
    if arguments.output is None:
        parser.error("--output is missing")
    if not arguments.render:
        rows = []
        for model in arguments.models:
            for length in arguments.lengths:
                rows.append(model_row(model, length, arguments.repeats))
                print(*rows[-1].values(), flush=True)
                write_rows(arguments.output, rows, run_facts("cpu"))
        for width in WIDTHS:
            rows += layer_rows(*width, arguments.repeats)
            write_rows(arguments.output, rows, run_facts("cpu"))
    if arguments.page:
        text = with_tables(arguments.page.read_text(encoding="utf-8"), read_rows(arguments.output))
        write_atomically(arguments.page, text.encode())


if __name__ == "__main__":
    main()

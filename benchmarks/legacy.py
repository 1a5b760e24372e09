"""Every model of the paper's Table 3 that BasicTS 0.5 has, tried on this machine with the train command.

    python benchmarks/legacy.py --legacy-root BasicTS-0.5 --output results/legacy_cpu.csv --markdown docs/legacy.md

Each pair of model and dataset takes a few optimizer steps on one batch, in a process of its own. Series and graphs are
random, of the dataset's full size, in a temporary folder. Pairs that already have figures in the CSV are not repeated.
"""

import argparse
import csv
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, Optional

import numpy as np

from basicts_elin.data.catalog import CATALOG, DATES, DatasetFacts
from basicts_elin.data.graphs.graph import pickled
from basicts_elin.data.prepare.known import row_timeline
from basicts_elin.data.prepare.writer import write_dataset
from basicts_elin.legacy.checkout import legacy_names
from basicts_elin.record import environment
from basicts_elin.results.store import write_csv
from basicts_elin.zoo.registry import absent_models

MODELS = (
    "AGCRN", "D2STGNN", "DCRNN", "GTS", "GWNet", "HimNet", "MTGNN", "STAEformer", "STGCN", "STID", "STWave",
)  # fmt: skip
DATASETS = ("METR-LA", "PEMS-BAY", "PEMS03", "PEMS04", "PEMS08", "PEMS07")
# fewer steps for the largest dataset; it gets as many as the others if these do not lower the loss
STEPS = {"PEMS07": 2}
COLUMNS = (
    "model", "dataset", "nodes", "batch", "steps", "first_loss", "last_loss", "parameters", "seconds_per_step",
    "peak_memory_mib", "reason", "hardware", "torch", "basicts", "commit",
)  # fmt: skip
GIB = 2**30
TIMEOUT_SECONDS = 1800

# the output of `StepTrial`
_PRINTED = re.compile(
    r"loss: +(?P<first_loss>\S+) first, (?P<last_loss>\S+) last.*\n"
    r"parameters: +(?P<parameters>\d+)\n"
    r"seconds: +(?P<seconds_per_step>\S+) per step\n"
    r"peak memory: +(?P<peak_memory_mib>\S+) MiB"
)

PAGE = """# Legacy models

Legacy models are those of BasicTS 0.5. Most of the models in the paper's Table 3 are among them, and BasicTS 1.1 no
longer has them; STAEformer and STID are included for comparison. STID and others differ from the models of that name in
BasicTS 1.1: see [generations.md](generations.md). Legacy models run from your own checkout of BasicTS 0.5, in which
nothing is changed:

<!-- not run: checkout -->
```bash
git clone -b v0.5.8 https://github.com/GestaltCogTeam/BasicTS BasicTS-0.5
pip install -e '.[legacy]'
python experiments/train.py -c legacy/AGCRN/PEMS08 --legacy-root BasicTS-0.5 --gpus 0
python experiments/train.py -c BasicTS-0.5/baselines/AGCRN/PEMS08.py --gpus 0
```

The last two commands make the same run. The environment variable `BASICTS_LEGACY_ROOT` can replace `--legacy-root`.
The checkout may be moved later. `legacy/AGCRN/PEMS08_tail` runs the configuration of PEMS08 on a part of the
series. The part must have all sensors. `evaluate`, `--set`, `--seed`, `--save-predictions`, resuming and several
processes work as for every other model. Runs are named `LegacyAGCRN`. `--compile` is refused, because torch cannot
compile these models.

These come from the configuration of BasicTS 0.5:

- architecture and its parameters, input features, graph;
- optimizer, schedule, gradient clipping, curriculum learning, early stopping, batch sizes, epochs;
- loss with its arguments, on the original scale, and the null value;
- parameters that are created in the first step.

Any other setting is refused, and the error names it. The supported custom runners are those of MTGNN and HimNet.

These are replaced, as for every model of this package:

- the seed is 42 unless the configuration has one; HimNet's own seed, 0, is replaced by the run's;
- the series is split as in BasicTS 1.1;
- the test part is evaluated once, with the best model.

The files of the checkout and the graph are part of a run's identity: if they change, a new run starts.

GTS depends on the length of the full training part and cannot run on a part of a series. It samples its graph for
every batch, in evaluation too. Evaluation uses the run's seed, so the same test batch size gives the same metrics.

With several processes, the loss must be the masked MAE. HimNet on PEMS03 to PEMS08 and STWave have other losses,
and need a single process. The numbers are those of one process unless the model has dropout, batch normalisation
(D2STGNN, GTS, GWNet: each process uses the statistics of its own part of the batch) or a sampled graph (GTS). The
scheduled sampling of DCRNN draws the same numbers in all processes.

## Checkpoints of BasicTS 0.5

`evaluate` and `train` accept a checkpoint that was written by BasicTS 0.5:

<!-- not run: checkout -->
```bash
basicts-elin evaluate -c legacy/STID/PEMS08 --legacy-root BasicTS-0.5 --ckpt STID_best_val_MAE.pt --gpus 0
basicts-elin train -c legacy/STID/PEMS08 --legacy-root BasicTS-0.5 --gpus 0 --set finetune_from=STID_best_val_MAE.pt
```

Such a checkpoint holds only weights. The mean and deviation for scaling are therefore computed from the training part,
as in BasicTS 0.5. No code in a checkpoint is executed. `--init` refuses it, because `--init` also takes over the
scaling of a run. The test part of BasicTS 1.1 can begin or end one row away from that of 0.5
([reproduction.md](reproduction.md#differences-from-the-paper)).

## Trial of every model

Each model was trained repeatedly on one batch of {batch} windows, with random series and graphs of each dataset's
size. The table shows the loss of the first and the last step, seconds per step, and peak memory of the
process. It shows that a pair trains, not how well. The seconds were measured on {hardware}, torch {torch},
while the machine also did other work. They say what a step cost there and do not compare models.

| model | dataset | nodes | parameters | loss | s / step | peak MiB |
|---|---|---|---|---|---|---|
{rows}

{failed}Made by

<!-- not run: checkout -->
```bash
python benchmarks/legacy.py --legacy-root BasicTS-0.5 --output results/legacy_cpu.csv --markdown docs/legacy.md
```
"""


def write_random(facts: DatasetFacts, place: Path) -> None:
    """A dataset of that name and size: a daily profile with noise, 1 % missing, and a connected graph."""
    rng = np.random.default_rng(0)
    steps, nodes = facts.num_rows, facts.num_nodes
    time = np.arange(steps, dtype=np.float32)[:, None] / facts.steps_per_day
    phase, size = rng.random(nodes, dtype=np.float32), rng.uniform(50, 300, nodes).astype(np.float32)
    values = size * (1 + 0.5 * np.sin(2 * np.pi * (time + phase)))
    values += rng.standard_normal(values.shape, dtype=np.float32) * 10
    values = np.maximum(values, 1)
    values[rng.random(values.shape, dtype=np.float32) < 0.01] = facts.null_value
    graph = random_graph(facts, rng)
    write_dataset(
        place / "datasets" / facts.name,
        facts,
        values.astype(np.float32),
        row_timeline(facts, 0, steps),
        graph=pickled(graph),
        origin={},
        force=False,
    )


def random_graph(facts: DatasetFacts, rng: np.random.Generator) -> np.ndarray:
    """A ring with N chords, float32 [N, N]; with weights and self-loops where the published graph has them."""
    nodes = facts.num_nodes
    graph = np.zeros((nodes, nodes), np.float32)
    start = np.arange(nodes)
    for end in ((start + 1) % nodes, rng.permutation(nodes)):
        graph[start, end] = graph[end, start] = 1
    if facts.timestamp_rule == DATES:
        graph *= rng.uniform(0.1, 1, graph.shape).astype(np.float32)
    np.fill_diagonal(graph, 1 if facts.timestamp_rule == DATES else 0)
    return graph


def tried(model: str, dataset: str, place: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """The result of a pair, as a row of the CSV."""
    steps = min(arguments.steps, STEPS.get(dataset, arguments.steps))
    row = attempt(model, dataset, steps, place, arguments)
    if steps < arguments.steps and not row.get("reason") and float(row["last_loss"]) >= float(row["first_loss"]):
        return attempt(model, dataset, arguments.steps, place, arguments)
    return row


def attempt(model: str, dataset: str, steps: int, place: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """The result of a pair after so many steps."""
    command = [sys.executable, "-m", "basicts_elin.cli", "train", "-c", f"legacy/{model}/{dataset}"]
    command += ["--legacy-root", str(arguments.legacy_root), "--gpus", arguments.gpus]
    command += ["--steps", str(steps), "--batch", str(arguments.batch)]
    row = {
        "model": model,
        "dataset": dataset,
        "nodes": CATALOG[dataset].num_nodes,
        "batch": arguments.batch,
        "steps": steps,
        **run_facts(arguments.gpus),
    }
    # not on a GPU, whose driver reserves much virtual memory
    limit = partial(_limit_memory, arguments.limit_gib) if arguments.gpus == "cpu" else None
    try:
        done = subprocess.run(
            command, cwd=place, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False, preexec_fn=limit
        )
    except subprocess.TimeoutExpired:
        return {**row, "reason": f"takes more than {TIMEOUT_SECONDS} s here"}
    found = _PRINTED.search(done.stdout)
    if done.returncode or not found:
        # stderr is empty if the process was killed, as for lack of memory
        lines = done.stderr.strip().splitlines() or [f"ended with exit code {done.returncode}"]
        return {**row, "reason": lines[-1]}
    # empty if the memory is unknown
    return {**row, **{name: text.removeprefix("None") for name, text in found.groupdict().items()}}


def _limit_memory(gib: float) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (int(gib * GIB),) * 2)


def run_facts(gpus: str) -> dict[str, str]:
    facts = environment(on_gpu=gpus != "cpu")
    versions = facts["versions"]
    return {
        "hardware": facts["hardware"],
        "torch": versions["torch"],
        "basicts": versions["basicts"],
        "commit": facts["commit"],
    }


def measure(arguments: argparse.Namespace) -> None:
    """Try the pairs without figures in the CSV, and write the CSV after each."""
    rows = read_rows(arguments.output)
    known = legacy_names(arguments.legacy_root)
    missing = sorted(set(arguments.models) - set(known))
    if missing:
        raise SystemExit(f"{arguments.legacy_root} has no {', '.join(missing)}; it has {', '.join(known)}")
    for dataset in arguments.datasets:
        left = [model for model in arguments.models if not _has_figures(_row(rows, model, dataset))]
        if not left:
            continue
        with tempfile.TemporaryDirectory() as folder:
            write_random(CATALOG[dataset], Path(folder))
            for model in left:
                before = _row(rows, model, dataset)
                rows = [row for row in rows if row is not before]
                rows.append(tried(model, dataset, Path(folder), arguments))
                write_csv(arguments.output, rows, COLUMNS)
                print(*(rows[-1].get(name, "") for name in COLUMNS[:11]), flush=True)


def _row(rows: Iterable[dict[str, Any]], model: str, dataset: str) -> Optional[dict[str, Any]]:
    return next((row for row in rows if (row["model"], row["dataset"]) == (model, dataset)), None)


def _has_figures(row: Optional[dict[str, Any]]) -> bool:
    return row is not None and not row.get("reason")


def read_rows(file: Path) -> list[dict[str, str]]:
    """The rows of the CSV; none if there is no file."""
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as content:
        return list(csv.DictReader(content))


def render(rows: list[dict[str, str]]) -> str:
    """The page, from the rows of the CSV."""
    lines, failed = [], []
    for row in sorted(rows, key=lambda row: (row["model"].lower(), row["dataset"])):
        if row["reason"]:
            failed.append(f"| {row['model']} | {row['dataset']} | {row['nodes']} | {row['reason']} |")
            continue
        loss = f"{float(row['first_loss']):.2f} → {float(row['last_loss']):.2f}, {row['steps']} steps"
        cells = [row["model"], row["dataset"], row["nodes"], f"{int(row['parameters']):,}", loss]
        memory = f"{float(row['peak_memory_mib']):.0f}" if row["peak_memory_mib"] else ""
        lines.append("| " + " | ".join([*cells, f"{float(row['seconds_per_step']):.2f}", memory]) + " |")
    failed += [
        f"| {model} | {dataset} | {CATALOG[dataset].num_nodes} | not tried yet |"
        for model in MODELS
        for dataset in DATASETS
        if not _row(rows, model, dataset)
    ]
    absent = absent_models().items()
    failed += [f"| {model} |  |  | {reason}; its row keeps the paper's figures |" for model, reason in absent]
    header = ["Not run here:", "", "| model | dataset | nodes | reason |", "|---|---|---|---|"]
    table = [*header, *failed, "", ""] if failed else []
    return PAGE.format(
        batch=_each(rows, "batch"),
        hardware=_each(rows, "hardware"),
        torch=_each(rows, "torch"),
        rows="\n".join(lines),
        failed="\n".join(table),
    )


def _each(rows: Iterable[dict[str, str]], column: str) -> str:
    """The values of a column, each once."""
    return " or ".join(dict.fromkeys(row[column] for row in rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--legacy-root", type=Path, metavar="FOLDER", help="checkout of BasicTS 0.5")
    parser.add_argument("--models", nargs="+", default=MODELS, help="default: all of Table 3 that BasicTS 0.5 has")
    parser.add_argument("--datasets", nargs="+", default=DATASETS, help="default: all six")
    parser.add_argument("--steps", type=int, default=5, help="optimizer steps (default: 5; on PEMS07 2, if enough)")
    parser.add_argument("--batch", type=int, default=2, help="windows of the batch (default: 2)")
    parser.add_argument("--gpus", default="cpu", help="cpu or a device number (default: cpu)")
    parser.add_argument("--limit-gib", type=float, default=16, help="memory of a process on the CPU (default: 16)")
    parser.add_argument("--output", type=Path, metavar="CSV", required=True, help="where the rows are written")
    parser.add_argument("--markdown", type=Path, metavar="MD", help="where the page is written")
    arguments = parser.parse_args()
    if arguments.legacy_root:
        arguments.legacy_root = arguments.legacy_root.resolve()
        measure(arguments)
    if arguments.markdown:
        arguments.markdown.write_text(render(read_rows(arguments.output)), encoding="utf-8")


if __name__ == "__main__":
    main()

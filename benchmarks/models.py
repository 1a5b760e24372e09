"""Every model of BasicTS tried on this machine: one training epoch and the evaluation after it, by the train command.

    python benchmarks/models.py --output results/models_cpu.csv --markdown docs/models.md

Each model runs in a process of its own, on synthetic traffic (64 nodes, 7 days) in a temporary folder. A model that
fails is a row with the reason.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from basicts_elin.data.prepare import prepare_synthetic
from basicts_elin.host.config_file import load_config
from basicts_elin.host.rivals import WINDOW_FIELDS, rival_names
from basicts_elin.record import read_record
from basicts_elin.report.metrics import OVERALL
from basicts_elin.report.naive import naive_metrics
from basicts_elin.report.runs import metrics_of
from basicts_elin.report.table import write_csv

ROOT = Path(__file__).resolve().parents[1]
DATASET = "SyntheticTraffic"
OURS = ("ELinFormer", "STAEformer")
COLUMNS = (
    "model", "runs", "parameters", "batch", "ms_per_step", "peak_memory_mib", "MAE", "seed", "reason",
    "hardware", "torch", "basicts", "commit",
)  # fmt: skip
TIMEOUT_SECONDS = 1800

PAGE = """# Models of BasicTS on the benchmark's datasets

The models that BasicTS {basicts} ships, beside ours, each tried by

    python benchmarks/models.py --output results/models_cpu.csv --markdown docs/models.md

which trains it for one epoch on synthetic traffic (64 nodes, 7 days, seed {seed}) and evaluates it. Those that run need
no configuration file: `python experiments/train.py -c baselines_cfg/<Model>/<Dataset>.py` takes the benchmark's recipe
for any dataset of the catalogue (12 steps in, 12 out, all nodes), with the model's own defaults but for the fields
named here, whose defaults do not fit a window of 12 steps. Models that can use timestamps get time of day and day of
week.

STID and StemGNN have the optimizer and schedule of their BasicTS 0.5 configurations. The others, which were never
published on these datasets, have STAEformer's: tune them before you draw conclusions (`--set`). FITS is trained with
the benchmark's loss instead of its own, which does not know missing values. HI learns nothing: it repeats its input.

MAE after one epoch shows that a model learns, not how good it becomes. Milliseconds per training step and peak memory
of the process are those of {hardware}, torch {torch}, other work on the machine not excluded.

| model | parameters | batch | ms / step | peak MiB | MAE after 1 epoch | fields set |
|---|---|---|---|---|---|---|
{rows}

Not to be compared, with the reason:

| model | reason |
|---|---|
{refused}
"""


def try_model(model: str, gpus: str, place: Path) -> dict[str, Any]:
    """Train and evaluate `model` on the dataset in `place`. Returns its row."""
    config_file = str(ROOT / "baselines_cfg" / model / f"{DATASET}.py")
    command = [sys.executable, "-m", "basicts_elin.cli", "train", "-c", config_file, "--gpus", gpus]
    command += ["--set", "num_epochs=1", f"ckpt_save_dir=checkpoints/{model}"]
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"model": model, "runs": "no", "reason": f"takes more than {TIMEOUT_SECONDS} s here"}
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1]
        return {"model": model, "runs": "no", "reason": reason.rpartition(f"{model} cannot be compared: ")[2]}
    (folder,) = (place / "checkpoints" / model).iterdir()
    record, config = read_record(folder), load_config(config_file)
    rows = len(np.load(place / "datasets" / DATASET / "train_data.npy", mmap_mode="r"))
    steps = ceil((rows - config.input_len - config.output_len + 1) / config.train_batch_size)
    return {
        "model": model,
        "runs": "yes",
        "parameters": record["parameters"],
        "batch": config.train_batch_size,
        "ms_per_step": round(1000 * record["seconds_per_epoch"] / steps),
        "peak_memory_mib": round(record["peak_memory_mib"]),
        "MAE": metrics_of(folder / "test_metrics.json")[OVERALL]["MAE"],
        "seed": record["seed"],
        "hardware": record["hardware"],
        "torch": record["versions"]["torch"],
        "basicts": record["versions"]["basicts"],
        "commit": record["commit"],
    }


def measure(models: Sequence[str], gpus: str) -> list[dict[str, Any]]:
    """The rows of `models` and of the naive forecasts."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = prepare_synthetic(out=Path(folder, "datasets"), num_days=7)
        naive = naive_metrics(dataset)
        rows = [{"model": name, "runs": "naive", "MAE": metrics[OVERALL]["MAE"]} for name, metrics in naive.items()]
        for model in models:
            rows.append(try_model(model, gpus, Path(folder)))
            print(*(rows[-1].get(name, "") for name in COLUMNS[:9]), flush=True)
    return rows


def render(rows: Sequence[dict[str, Any]]) -> str:
    """The page of rows as the CSV has them."""
    lines, refused = [], []
    for row in sorted(rows, key=lambda row: row["model"].lower()):
        if row["runs"] == "no":
            refused.append(f"| {row['model']} | {row['reason']} |")
            continue
        fields = ", ".join(f"{name}={value}" for name, value in WINDOW_FIELDS.get(row["model"], {}).items())
        parameters = f"{int(row['parameters']):,}" if row["parameters"] else ""
        cells = [row["model"], parameters, row["batch"], row["ms_per_step"], row["peak_memory_mib"]]
        lines.append("| " + " | ".join([*cells, f"{float(row['MAE']):.2f}", fields]) + " |")
    facts = next(row for row in rows if row["runs"] == "yes")
    return PAGE.format(**facts, rows="\n".join(lines), refused="\n".join(refused))


def read_rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as content:
        return list(csv.DictReader(content))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=[*OURS, *rival_names()], help="default: all")
    parser.add_argument("--gpus", default="cpu", help="cpu or a device number (default: cpu)")
    parser.add_argument("--output", type=Path, metavar="CSV", required=True, help="where the rows are written")
    parser.add_argument("--markdown", type=Path, metavar="MD", help="where the page is written")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the page from the CSV")
    arguments = parser.parse_args()
    if not arguments.render:
        write_csv(arguments.output, measure(arguments.models, arguments.gpus), COLUMNS)
    if arguments.markdown:
        arguments.markdown.parent.mkdir(parents=True, exist_ok=True)
        arguments.markdown.write_text(render(read_rows(arguments.output)), encoding="utf-8")


if __name__ == "__main__":
    main()

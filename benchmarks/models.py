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
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import Any

from basicts_elin.averages import OVERALL
from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.prepare import prepare_synthetic
from basicts_elin.evaluation.naive import naive_metrics
from basicts_elin.results.run_reader import read_run
from basicts_elin.results.store import write_csv
from basicts_elin.zoo.entries.basicts_models import basicts_names
from basicts_elin.zoo.registry import entry

DATASET = "SyntheticTraffic"
OURS = ("ELinFormer", "STAEformer")
COLUMNS = (
    "model", "runs", "parameters", "batch", "ms_per_step", "peak_memory_mib", "MAE", "seed", "reason",
    "hardware", "torch", "basicts", "commit",
)  # fmt: skip
TIMEOUT_SECONDS = 1800

PAGE = """# Models of BasicTS

The models that BasicTS {basicts} ships, and ELinFormer and STAEformer. Each model in the first table runs by its
name on every dataset: `-c <Model>/<Dataset>`. [STLAformer](#stlaformer) and [PDFormer](#pdformer) run by name too, and
have sections below. The table was made by

<!-- not run: hours -->
```bash
python benchmarks/models.py --output results/models_cpu.csv --markdown docs/models.md
```

It trains each model for one epoch on synthetic traffic (64 sensors, 7 days, seed {seed}) and evaluates it. **The
MAE after one epoch (75 steps of batch 16) shows that a model trains. It does not show how good the model becomes**:
many are still worse than the last value. Milliseconds per training step and peak memory of the process were measured on
{hardware}, torch {torch}.

Every model uses the recipe of the benchmark (12 steps in, 12 out, all sensors), with the defaults of its
architecture. Lengths of patches, segments and the like must fit the window; the last column has those for 12 steps.
Models that can use timestamps get time of day and day of week.

- STID and StemGNN use the optimizer and schedule of their BasicTS 0.5 configurations. All others use those of
  STAEformer. Tune them with `--set` before you draw conclusions.
- STID is that of BasicTS 1.1. Published figures are of `legacy/STID`, another model. Other models also differ from
  those of the same name in BasicTS 0.5: see [generations.md](generations.md).
- The table is for 12 steps in. [lengths.md](lengths.md) has the cost of longer inputs.
- FITS is trained with the loss of the benchmark, because its own ignores missing values.
- The auxiliary loss of DUET is added to a loss on the original scale, so its relative weight is lower.
- HI repeats its input. It learns nothing.

| model | parameters | batch | ms / step | peak MiB | MAE after 1 epoch | fields set |
|---|---|---|---|---|---|---|
{rows}

These models cannot be trained. Their names are refused with the reason. The tests check each reason on the installed
BasicTS:

| model | reason |
|---|---|
{refused}
"""


def try_model(model: str, gpus: str, place: Path) -> dict[str, Any]:
    """Train and evaluate `model` on the dataset in `place`. Returns its row."""
    if entry(model).unfit:
        return {"model": model, "runs": "no", "reason": entry(model).unfit}
    command = [sys.executable, "-m", "basicts_elin.cli", "train", "-c", f"{model}/{DATASET}", "--gpus", gpus]
    command += ["--set", "num_epochs=1", f"ckpt_save_dir=checkpoints/{model}"]
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"model": model, "runs": "no", "reason": f"takes more than {TIMEOUT_SECONDS} s here"}
    if done.returncode:
        # nothing on stderr where the process was killed, such as for want of memory
        reason = (done.stderr.strip().splitlines() or [f"ended with exit code {done.returncode}"])[-1]
        return {"model": model, "runs": "no", "reason": reason}
    (folder,) = (place / "checkpoints" / model).iterdir()
    result = read_run(folder)
    same = ("parameters", "seed", "hardware", "torch", "basicts", "commit")
    return {
        "model": model,
        "runs": "yes",
        "batch": result.batch_size,
        "ms_per_step": round(1000 * result.seconds_per_epoch / ceil(result.train_windows / result.batch_size)),
        "peak_memory_mib": round(result.peak_memory_mib),
        "MAE": f"{result.metrics[OVERALL]['MAE']:.4f}",
        **{name: getattr(result, name) for name in same},
    }


def measure(models: Sequence[str], gpus: str) -> Iterator[dict[str, Any]]:
    """The rows of the naive forecasts and of `models`, as they come."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = open_dataset(prepare_synthetic(out=Path(folder, "datasets"), num_days=7))
        naive = naive_metrics(dataset)
        for name, metrics in naive.items():
            yield {"model": name, "runs": "naive", "MAE": f"{metrics[OVERALL]['MAE']:.4f}"}
        for model in models:
            yield try_model(model, gpus, Path(folder))


def render(rows: Sequence[dict[str, Any]]) -> str:
    """The page of rows as the CSV has them."""
    lines, refused = [], []
    for row in sorted(rows, key=lambda row: row["model"].lower()):
        if row["runs"] == "no":
            refused.append(f"| {row['model']} | {row['reason']} |")
            continue
        fields = ", ".join(f"{name}={value}" for name, value in _fields_set(row["model"]).items())
        parameters = f"{int(row['parameters']):,}" if row["parameters"] else ""
        cells = [row["model"], parameters, row["batch"], row["ms_per_step"], row["peak_memory_mib"]]
        lines.append("| " + " | ".join([*cells, f"{float(row['MAE']):.2f}", fields]) + " |")
    facts = next((row for row in rows if row["runs"] == "yes"), None)
    if facts is None:
        raise SystemExit("no model ran: there is nothing to make a page of")
    return PAGE.format(**facts, rows="\n".join(lines), refused="\n".join(refused))


def _fields_set(model: str) -> dict[str, Any]:
    """The fields of a BasicTS model that are set for 12 steps; none for the naive forecasts."""
    if model not in basicts_names():
        return {}
    found = entry(model)
    return {**found.model_fields, **(found.window_fields(12, 12) if found.window_fields else {})}


def read_rows(file: Path) -> list[dict[str, str]]:
    """Rows measured before; none where there is no file."""
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as content:
        return list(csv.DictReader(content))


def sections(page: Path) -> str:
    """What the page says of single models, in sections written by hand; "" of a new page."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    return text[text.index("\n## ") :] if "\n## " in text else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=[*OURS, *basicts_names()], help="default: all")
    parser.add_argument("--gpus", default="cpu", help="cpu or a device number (default: cpu)")
    parser.add_argument("--output", type=Path, metavar="CSV", required=True, help="where the rows are written")
    parser.add_argument("--markdown", type=Path, metavar="MD", help="where the page is written")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the page from the CSV")
    arguments = parser.parse_args()
    if not arguments.render:
        # rows of models that are not tried now are kept
        rows = {row["model"]: row for row in read_rows(arguments.output)}
        for row in measure(arguments.models, arguments.gpus):
            rows[row["model"]] = row
            write_csv(arguments.output, list(rows.values()), COLUMNS)
            print(*(row.get(name, "") for name in COLUMNS[:9]), flush=True)
    if arguments.markdown:
        arguments.markdown.parent.mkdir(parents=True, exist_ok=True)
        page = render(read_rows(arguments.output)) + sections(arguments.markdown)
        arguments.markdown.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

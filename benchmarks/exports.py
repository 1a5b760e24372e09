"""Every model exported on this machine in both formats, untrained, and compared with itself.

    python benchmarks/exports.py --output results/exports_cpu.csv --markdown docs/exports.md

Each model is built for the dataset SyntheticTraffic (64 sensors, 12 steps in, 12 out), which need not be prepared. A
model that cannot be exported is a row with the reason. Rows of models that are not tried now are kept.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from basicts_elin import Forecaster
from basicts_elin.data.dataset import find_dataset
from basicts_elin.errors import FailedRunError, UserError
from basicts_elin.forecasting.export.exporting import export_forecaster
from basicts_elin.forecasting.export.formats import FORMATS
from basicts_elin.forecasting.facts import Facts
from basicts_elin.forecasting.network import ScaledNetwork, evaluating
from basicts_elin.forecasting.storage.runs import Parts
from basicts_elin.record import environment
from basicts_elin.results.store import write_csv
from basicts_elin.zoo.registry import config_for, resolve, variant_names

DATASET, STEPS, SEED = "SyntheticTraffic", 12, 0
SMALL = "_small"
COLUMNS = (
    "model", "format", "exports", "difference", "size_mib", "seconds", "reason", "seed", "hardware", "torch",
    "onnxruntime", "basicts", "commit",
)  # fmt: skip

PAGE = """# Exports

`export` writes a trained model to one file, which runs in another language, or without this package and BasicTS:

<!-- not run: checkpoint -->
```bash
pip install 'basicts-elin[onnx]'                        # for --format onnx
basicts-elin export RUN --format onnx -o traffic.onnx   # onnxruntime and other engines
basicts-elin export RUN --format torch -o traffic.pt2   # torch.export.load
```

`RUN` is named [as for `forecast`](forecasting.md#from-a-csv-to-a-picture). Scaling and the rule for missing values are
inside the file. The batch size is free; window lengths and sensors are those of the training.

| name | shape | |
|---|---|---|
| inputs | float32 [batch, input_len, sensors] | measured values in original units; NaN or the marker where missing |
| inputs_timestamps | float32 [batch, input_len, 2] | local time of day (minute / 1440) and day of week (day / 7) |
| targets_timestamps | float32 [batch, output_len, 2] | the same for the steps ahead |
| forecast | float32 [batch, output_len, sensors] | the output, in original units |

A model that does not use timestamps still has these inputs. The command prints which inputs are not used.

The command checks the file before it keeps it: it loads the file, forecasts random windows with missing values in
batches of 1 and 3, and compares the forecasts with those of the model. If the largest difference exceeds 0.00001 of the
largest forecast, it fails and leaves no file. An existing file that is not an export is replaced only with `--force`.

## Use

The file contains the facts of the model as JSON, under the name `basicts_elin.json`: sensors in order, interval, window
lengths, time zone, unit. An example with a small model of random counts:

```python
import numpy as np
import pandas as pd

index = pd.date_range("2024-01-01", periods=2016, freq="5min", name="time")
level = 100 + 50 * np.sin(2 * np.pi * np.arange(2016) / 288)[:, None]
pd.DataFrame(np.random.default_rng(0).poisson(level, (2016, 4)), index, ["a", "b", "c", "d"]).to_csv("counts.csv")
```

<!-- run -->
```bash
basicts-elin prepare counts.csv --name City
basicts-elin train -c STID/City --gpus cpu --set num_epochs=1
basicts-elin export checkpoints/STID/City*/* --format onnx -o city.onnx
basicts-elin export checkpoints/STID/City*/* --format torch -o city.pt2
```

The inputs are the last rows of the table, with their times. This needs only onnxruntime, numpy and pandas:

```python
import json

import numpy as np
import onnxruntime
import pandas as pd


def stamps(times):
    days = (times.day_of_week + facts["weekday_offset"]) % 7
    return np.stack([(60 * times.hour + times.minute) / 1440, days / 7], axis=-1)[None].astype(np.float32)


session = onnxruntime.InferenceSession("city.onnx")
facts = json.loads(session.get_modelmeta().custom_metadata_map["basicts_elin.json"])["facts"]
recent = pd.read_csv("counts.csv", index_col=0, parse_dates=True)[facts["node_names"]].tail(facts["input_len"])
step = pd.Timedelta(minutes=facts["interval_minutes"])
ahead = pd.date_range(recent.index[-1] + step, periods=facts["output_len"], freq=step)
values = recent.to_numpy(np.float32)[None]
inputs = {"inputs": values, "inputs_timestamps": stamps(recent.index), "targets_timestamps": stamps(ahead)}
forecast = pd.DataFrame(session.run(["forecast"], inputs)[0][0], ahead, recent.columns)
```

- Times are local, in the time zone `facts["timezone"]`. With daylight saving time, make `ahead` in that time zone.
- If `facts["non_negative"]`, `Forecaster.predict` also sets negative forecasts to 0. The file does not.
- If the model was trained without dates, `facts["weekday_offset"]` is null. Its time then starts at
  `facts["minute_of_week"]` in the first row of the training series.
- The file has no prediction intervals. `Forecaster.save` keeps them.

The `torch` format needs only torch:

```python
import torch

model = torch.export.load("city.pt2").module()
with torch.inference_mode():
    same = model(*map(torch.tensor, inputs.values()))
```

## Models

Every model that `basicts-elin list` offers, untrained, in full size, with 64 sensors, 12 steps in and 12 out.
"Difference" is the largest difference relative to the largest forecast. Measured with torch TORCH and onnxruntime
RUNTIME on HARDWARE by

<!-- not run: hours -->
```bash
python benchmarks/exports.py --output results/exports_cpu.csv --markdown docs/exports.md
```

| model | ONNX: difference | MiB | torch: difference | MiB |
|---|---|---|---|---|
ROWS

These are refused:

| model | format | reason |
|---|---|---|
REFUSED
"""


def untrained(name: str) -> Forecaster:
    """The model with its first weights, for the sensors of the dataset. The scaling is about that of its values."""
    torch.manual_seed(SEED)
    config, dataset = config_for(name, DATASET), find_dataset(DATASET)
    statistics = {"mean": torch.full((1, 1), 190.0), "std": torch.full((1, 1), 150.0)}
    facts = Facts(
        name,
        DATASET,
        tuple(map(str, range(dataset.num_nodes))),
        dataset.interval_minutes,
        STEPS,
        STEPS,
        "last",
        dataset.null_value,
        non_negative=True,
    )
    model = config.model(config.model_config)
    if resolve(name).entry.prepare:
        # in place of what comes from a dataset
        state = model.state_dict()
        model.load_state_dict(
            {field: torch.where(one.isnan(), torch.randn(one.shape), one).to(one.dtype) for field, one in state.items()}
        )
    network = ScaledNetwork(model, statistics, facts.missing_inputs, facts.null_val)
    return Forecaster(Parts(facts, evaluating(network), {}, statistics, {}, ""))


def measure(models: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of `models`, as they come."""
    found = environment(on_gpu=False)
    facts = {"seed": SEED, "hardware": found["hardware"], "commit": found["commit"]}
    facts |= {name: found["versions"][name] for name in ("torch", "basicts")}
    facts["onnxruntime"] = metadata.version("onnxruntime")
    with tempfile.TemporaryDirectory() as folder:
        for name in models:
            forecaster = untrained(name)
            for file_format, kind in FORMATS.items():
                path = Path(folder, f"model{kind.suffix}")
                yield {"model": name, "format": file_format, **try_export(forecaster, path, file_format), **facts}


def try_export(forecaster: Forecaster, path: Path, file_format: str) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        found = export_forecaster(forecaster, path, file_format)
    except (UserError, FailedRunError) as error:
        reason = error.found if isinstance(error, UserError) else str(error)
        return {"exports": "no", "reason": reason.removeprefix("cannot be exported: ")}
    return {
        "exports": "yes",
        "difference": f"{found.parity.relative:.1e}",
        "size_mib": f"{path.stat().st_size / 2**20:.1f}",
        "seconds": f"{time.perf_counter() - started:.0f}",
    }


def render(rows: Sequence[dict[str, Any]]) -> str:
    """The page of rows as the CSV has them."""
    by_model: dict[str, dict[str, dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["model"].lower()):
        by_model.setdefault(row["model"], {})[row["format"]] = row
    lines, refused = [], []
    for model, found in by_model.items():
        cells = [cell for name in FORMATS for cell in (found[name]["difference"] or "refused", found[name]["size_mib"])]
        if any(found[name]["exports"] == "yes" for name in FORMATS):
            lines.append(f"| {model} | {' | '.join(cells)} |")
        reasons = {name: found[name]["reason"] for name in FORMATS if found[name]["exports"] == "no"}
        for reason in dict.fromkeys(reasons.values()):
            names = ", ".join(name for name in reasons if reasons[name] == reason)
            refused.append(f"| {model} | {names} | {reason.replace('|', '/')} |")
    facts = {"TORCH": rows[0]["torch"], "RUNTIME": rows[0]["onnxruntime"], "HARDWARE": rows[0]["hardware"]}
    page = PAGE
    for name, text in {**facts, "ROWS": "\n".join(lines), "REFUSED": "\n".join(refused)}.items():
        page = page.replace(name, text, 1)
    return page


def read_rows(file: Path) -> list[dict[str, str]]:
    """Rows measured before; none where there is no file."""
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as content:
        return list(csv.DictReader(content))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = [name for name in variant_names() if not name.endswith(SMALL)]
    parser.add_argument("--models", nargs="+", default=sizes, help="default: all, in their full size")
    parser.add_argument("--output", type=Path, metavar="CSV", required=True, help="where the rows are written")
    parser.add_argument("--markdown", type=Path, metavar="MD", help="where the page is written")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the page from the CSV")
    arguments = parser.parse_args()
    if not arguments.render:
        rows = {(row["model"], row["format"]): row for row in read_rows(arguments.output)}
        for row in measure(arguments.models):
            rows[row["model"], row["format"]] = row
            write_csv(arguments.output, list(rows.values()), COLUMNS)
            print(*(row.get(name, "") for name in COLUMNS[:7]), flush=True)
    if arguments.markdown:
        arguments.markdown.write_text(render(read_rows(arguments.output)), encoding="utf-8")


if __name__ == "__main__":
    main()

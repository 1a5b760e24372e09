"""Finished runs as rows, read from the files of their folders; BasicTS is not needed."""

import json
from pathlib import Path

from ..errors import UserError
from .metrics import OVERALL
from .table import METRIC_COLUMNS, Row, metric_rows

RECORD_COLUMNS = (
    "dataset",
    "seed",
    "num_epochs",
    "parameters",
    "seconds_per_epoch",
    "peak_memory_mib",
    "device",
    "hardware",
    "torch",
    "basicts",
    "commit",
)
COLUMNS = (*METRIC_COLUMNS, *RECORD_COLUMNS)


def run_rows(folder: Path, record: dict) -> list[Row]:
    """The rows of one run, named after the folder of its configuration (ELinFormer_small), else its model.

    Those of BasicTS 0.5, whose folders lie in baselines or legacy, have (0.5) after their names.

    Args:
        folder: holds BasicTS's `test_metrics.json`, whose MAPE is a fraction.
        record: of the run, see `record.read_record`.
    Raises: UserError where the run is not finished.
    """
    file = folder / "test_metrics.json"
    if not file.is_file() or not record:
        raise UserError(f"{folder} is no finished run: test_metrics.json or run.json is missing; train it to its end")
    config_folder = Path(record.get("config") or "").parent
    label = config_folder.name or record["model"]
    if config_folder.parent.name in ("baselines", "legacy"):
        label += " (0.5)"
    versions = record["versions"]
    facts = {**record, "torch": versions["torch"], "basicts": versions["basicts"]}
    facts = {column: facts.get(column) for column in RECORD_COLUMNS}
    return metric_rows(label, metrics_of(file), **facts)


def metrics_of(file: Path) -> dict[str, dict]:
    """BasicTS's `test_metrics.json` by horizon (3, 6, 12, overall), MAPE in per cent."""
    content = json.loads(file.read_text())
    names = sorted((name for name in content if name != OVERALL), key=lambda name: int(name.rpartition("_")[2]))
    return {
        name.rpartition("_")[2]: {
            metric: 100 * value if metric == "MAPE" else value for metric, value in content[name].items()
        }
        for name in [*names, OVERALL]
    }

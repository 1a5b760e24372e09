"""Finished runs as rows, read from the files of their folders; BasicTS is not needed."""

from pathlib import Path

from ..errors import UserError, one_line
from ..evaluation.metrics import OVERALL
from ..files import read_json
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
# of run.json
_NEEDED = {"model": str, "dataset": str, "input_len": int, "output_len": int, "parameters": int, "versions": dict}
_AGAIN = "train the run to its end again"
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
    for key, kind in _NEEDED.items():
        if not isinstance(record.get(key), kind):
            found = record.get(key)
            raise UserError(f"{folder / 'run.json'}: {key} is {found!r}; expected {kind.__name__}: {_AGAIN}")
    config_folder = Path(record.get("config") or "").parent
    label = config_folder.name or record["model"]
    if config_folder.parent.name in ("baselines", "legacy"):
        label += " (0.5)"
    versions = record["versions"]
    facts = {**record, "torch": versions.get("torch"), "basicts": versions.get("basicts")}
    facts = {column: facts.get(column) for column in RECORD_COLUMNS}
    return metric_rows(label, metrics_of(file), **facts)


def metrics_of(file: Path) -> dict[str, dict]:
    """BasicTS's `test_metrics.json` by horizon (3, 6, 12, overall), MAPE in per cent."""
    content = read_json(file, _AGAIN)
    try:
        names = sorted((name for name in content if name != OVERALL), key=lambda name: int(name.rpartition("_")[2]))
        return {
            name.rpartition("_")[2]: {
                metric: 100 * float(value) if metric == "MAPE" else float(value)
                for metric, value in content[name].items()
            }
            for name in [*names, OVERALL]
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file} holds no metrics by horizon ({one_line(error)}); {_AGAIN}") from error

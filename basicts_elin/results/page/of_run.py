"""The page of a finished run: the last day of its test part. W windows, O steps ahead, N sensors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ...data.dataset import Dataset
from ...data.quality import observed
from ...errors import UserError
from ...evaluation.error_tables import ErrorTables, error_tables
from ...evaluation.naive import LAST_VALUE, naive_metrics
from ...forecasting.forecaster import Forecaster
from ...forecasting.rolling import windows_of
from ...forecasting.tables.frames import bound_names
from ...forecasting.windows import Windows
from ..overwriting import check_ours
from ..pictures.run import PlottedRun
from .page import Page
from .write import MARK, write_page


def write_run_page(path: Path, run: PlottedRun, *, step: Optional[int] = None, level: float = 90) -> str:
    """Write the page of a run. Returns a line about it.

    Args:
        step: steps ahead of the forecasts that are shown, from 1; None: the last.
        level: of the band in per cent. Intervals are made from the validation part if there are none yet.
    Raises: UserError for a step that the run has not, and as `write_page`.
    """
    check_ours(path, MARK, "--output")
    steps = run.forecasts.prediction.shape[1]
    if step is not None and not 1 <= step <= steps:
        raise UserError("--horizon", step, f"1 to {steps} steps ahead")
    if run.forecaster.intervals is None:
        run.forecaster.calibrate(run.dataset)
    windows = windows_of(run.dataset, "test", run.forecasts.prediction, run.forecaster.facts.input_len)
    page = run_page(
        run.dataset, windows, run.record, method=run.model, step=step, forecaster=run.forecaster, level=level
    )
    write_page(path, page)
    return f"{len(page.sensors)} sensors, {len(windows.rows)} windows, with a band of {level:g} %"


def run_facts(record: Mapping[str, Any]) -> dict[str, str]:
    """The facts of a run as the page shows them, from its `run.json`."""
    epochs = record.get("epochs") or []
    best = max((entry["epoch"] for entry in epochs if entry.get("is_best")), default=None)
    versions = record.get("versions") or {}
    sizes = {"sensors": "nodes", "parameters": "parameters", "training windows": "train_windows"}
    facts = {
        "model": record.get("model"),
        "dataset": record.get("dataset"),
        **{name: f"{record[key]:,}" for name, key in sizes.items() if record.get(key) is not None},
        "epochs": f"{len(epochs)} of {record.get('num_epochs')}, the best was {best}" if best else len(epochs) or None,
        "seed": record.get("seed"),
        "hardware": ", ".join(filter(None, (record.get("device"), record.get("hardware")))),
        "versions": ", ".join(f"{name} {versions[name]}" for name in ("basicts-elin", "torch") if versions.get(name)),
        "commit": record.get("commit"),
    }
    return {name: str(value) for name, value in facts.items() if value not in (None, "")}


def run_page(
    dataset: Dataset,
    windows: Windows,
    record: Mapping[str, Any],
    *,
    method: str,
    step: Optional[int] = None,
    forecaster: Optional[Forecaster] = None,
    level: float = 90,
) -> Page:
    """The page of the last day of the test part, each value forecast `step` steps ahead; the day before is history.

    Args:
        windows: the forecasts of all windows of the test part.
        record: content of the run's `run.json`.
        method: name of the model.
        step: from 1; None: the last.
        forecaster: with intervals, for the band of this level in per cent; None: no band.
    """
    output_len = windows.prediction.shape[1]
    step = output_len if step is None else step
    rows = min(dataset.steps_per_day, len(windows.rows))
    last = windows.part(slice(-rows, None))
    at = last.rows + step - 1
    values = np.where(observed(dataset.values("test"), dataset.null_value), dataset.values("test"), np.nan)
    past = slice(max(0, at[0] - dataset.steps_per_day), at[0])
    dates = dataset.dates("test")
    bands = {}
    if forecaster is not None:
        quantities = forecaster.window_quantities(last, level)
        lower, upper = (quantities[name][:, step - 1] for name in bound_names(level))
        bands[level] = lower, upper
    errors = error_tables(windows.prediction, windows.target, windows.minutes, windows.weekdays)
    naive = naive_metrics(dataset, record["input_len"], output_len, range(1, output_len + 1))
    ahead = f"{step * dataset.interval_minutes} minutes"
    return Page(
        title=f"{dataset.name}: the last day of the test part, forecast {ahead} ahead",
        sensors=dataset.node_names,
        method=method,
        history_times=_times(dates, past, len(values)),
        history=values[past],
        forecast_times=last.times[:, step - 1],
        forecast=last.prediction[:, step - 1],
        quantity=dataset.domain,
        unit=dataset.unit,
        forecast_note=f"Each value was forecast {ahead} ahead. The first one is marked.",
        bands=bands,
        truth=last.target[:, step - 1],
        others={LAST_VALUE: values[last.rows - 1]},
        errors=errors,
        errors_note=f"Of all {len(windows.rows):,} windows of the test part, and all {output_len} steps ahead.",
        interval_minutes=dataset.interval_minutes,
        other_errors={name: _by_step(metrics, output_len) for name, metrics in naive.items()},
        facts=run_facts({**record, "model": method}) | _averages(errors),
        timezone=dataset.timezone or "",
    )


def _averages(errors: ErrorTables) -> dict[str, str]:
    steps = errors.horizon.of_all
    return {
        "test MAE, over all targets": f"{errors.overall:.3f}",
        "test MAE, mean over horizons": f"{np.mean(steps[~np.isnan(steps)]):.3f}",
    }


def _by_step(metrics: Mapping[str, Mapping[str, Any]], steps: int) -> np.ndarray:
    return np.array([metrics[str(step)]["MAE"] for step in range(1, steps + 1)], float)


def _times(dates: Optional[np.ndarray], rows: slice, number: int) -> np.ndarray:
    return (np.full(number, np.datetime64("NaT", "m")) if dates is None else dates)[rows]

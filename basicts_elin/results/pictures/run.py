"""What the pictures read of a run. W windows, O steps ahead, N sensors."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ...data.dataset import DATASETS, Dataset, open_dataset
from ...errors import UserError, nearest, one_line
from ...files import read_json
from ...record import CONFIG_FILE, RECORD_FILE
from ...training.runner.predictions import PREDICTIONS_FILE
from ...zoo.run_name import model_name

if TYPE_CHECKING:
    from ...forecasting.forecaster import Forecaster

_EXPECTED = "the folder of a run, as train prints it"


@dataclass(frozen=True)
class RunForecasts:
    """The forecasts of all windows of the test part, in original units.

    prediction: float32 [W, O, N].
    target: float32 [W, O, N], NaN where nothing was measured.
    times: datetime64[m] [W, O], local; NaT where the dates are not known.
    sensors: N names.
    """

    prediction: np.ndarray
    target: np.ndarray
    times: np.ndarray
    sensors: list[str]

    @property
    def is_dated(self) -> bool:
        return not np.isnat(self.times).any()

    def median_sensor(self, step: int) -> int:
        """The sensor with the median of the mean absolute errors, `step` steps ahead (from 1); neither best nor worst.

        Raises: UserError if nothing was measured.
        """
        error = np.abs(self.prediction[:, step - 1] - self.target[:, step - 1])
        measured = np.flatnonzero(~np.isnan(error).all(axis=0))
        if not len(measured):
            raise UserError("predictions", "no measured target", "a test part with measured values")
        means = np.nanmean(error[:, measured], axis=0)
        return int(measured[np.argsort(means, kind="stable")[len(measured) // 2]])

    def sensor(self, name: str) -> int:
        """The place of the sensor of this name. Raises: UserError if there is none."""
        if name not in self.sensors:
            raise UserError("--sensor", repr(name), f"a sensor of the dataset{nearest(name, self.sensors)}")
        return self.sensors.index(name)


@dataclass(frozen=True)
class PlottedRun:
    """A run. Its parts are read when they are first needed.

    folder: of the run.
    record: content of its `run.json`.
    """

    folder: Path
    record: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "PlottedRun":
        """Raises: UserError if the folder holds no run."""
        file = Path(folder, RECORD_FILE)
        if not file.is_file():
            raise UserError("run", f"no {RECORD_FILE} in {folder}", _EXPECTED, "give the folder, or train it")
        return cls(Path(folder), read_json(file, "train the run again"))

    @property
    def model(self) -> str:
        dataset = self.record.get("dataset", "")
        return model_name(self.record.get("config"), dataset) or str(self.record.get("model", "model"))

    @property
    def interval_minutes(self) -> Optional[int]:
        return self.record.get("interval_minutes")

    @cached_property
    def config(self) -> dict[str, Any]:
        file = self.folder / CONFIG_FILE
        return read_json(file, "train the run again") if file.is_file() else {}

    @property
    def dataset_folder(self) -> Path:
        return Path(self.config.get("dataset_params", {}).get("data_file_path") or DATASETS / self.name)

    @cached_property
    def dataset(self) -> Dataset:
        """Raises: UserError if it is not prepared in the current folder."""
        return open_dataset(self.dataset_folder)

    @property
    def name(self) -> str:
        """Of the dataset."""
        return str(self.record.get("dataset", ""))

    @cached_property
    def forecaster(self) -> "Forecaster":
        from ...forecasting.forecaster import Forecaster

        return Forecaster.load(self.folder)

    @cached_property
    def forecasts(self) -> RunForecasts:
        """From the run's predictions, else from its best checkpoint and the dataset."""
        file = self.folder / PREDICTIONS_FILE
        if file.is_file():
            return _read_predictions(file)
        windows = self.forecaster.part_windows(self.dataset, "test")
        return RunForecasts(windows.prediction, windows.target, windows.times, self.dataset.node_names)

    @property
    def quantity(self) -> str:
        """The unit of the values, or else what they are, as far as it is known."""
        domain = self.dataset.domain if self.dataset_folder.is_dir() else ""
        return str(self.record.get("unit") or "") or domain or "value"

    def ahead(self, step: int) -> str:
        """How far ahead a step is, as text."""
        if self.interval_minutes is None:
            return f"{step} steps"
        minutes = step * self.interval_minutes
        return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"

    def conditions(self, windows: Optional[int] = None) -> str:
        """Data, sample sizes, training and hardware, in a line."""
        record, epochs = self.record, len(self.record.get("epochs") or ())
        sizes = [f"{windows:,} windows of the test part" if windows else "", _count(record.get("nodes"), "sensors")]
        facts = (
            f"{self.name}: {', '.join(filter(None, sizes))}",
            f"seed {record.get('seed')}" if record.get("seed") is not None else "",
            f"{epochs} of {record.get('num_epochs')} epochs" if epochs else "",
            ", ".join(filter(None, (str(record.get("device") or ""), str(record.get("hardware") or "")))),
        )
        return "; ".join(filter(None, facts))


def run_labels(runs: Sequence[PlottedRun]) -> list[str]:
    """The model of each run, with its seed where a model has several; with its folder where that is not enough."""
    labels = [run.model for run in runs]
    for detail in (lambda run: f"seed {run.record.get('seed')}", lambda run: run.folder.name[:8]):
        seen = Counter(labels)
        labels = [
            f"{label}, {detail(run)}" if seen[label] > 1 else label for label, run in zip(labels, runs, strict=True)
        ]
    return labels


def _count(number: Any, what: str) -> str:
    return f"{number:,} {what}" if number else ""


def _read_predictions(file: Path) -> RunForecasts:
    try:
        with np.load(file) as arrays:
            target = np.where(arrays["mask"], arrays["target"], np.float32(np.nan))
            return RunForecasts(arrays["prediction"], target, arrays["times"], arrays["node_names"].tolist())
    except (OSError, KeyError, ValueError, EOFError) as error:
        raise UserError(file, f"cannot be read ({one_line(error)})", fix="remove it, or evaluate again") from error

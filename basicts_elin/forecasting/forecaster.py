"""A trained model that forecasts the next steps of a table. L steps in, O steps ahead, N sensors."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from ..data.dataset import Dataset, open_dataset
from ..data.io.frames import read_frame
from ..data.io.options import ReadOptions
from ..errors import UserError
from . import rolling
from .backtest import Backtest, backtest_windows
from .intervals import Intervals, stored
from .intervals.adaptive import adaptive_bounds, nested
from .intervals.rank import Levels, check_levels
from .storage.runs import Parts, read_run
from .storage.saved import is_saved, read_saved, write_saved
from .tables.frames import FORECAST, SENSOR, TIME, bound_names, long_frame, wide_frame
from .tables.inputs import History, InputOptions, check_steps, read_history
from .windows import Windows

if TYPE_CHECKING:
    import pandas as pd

Bounds = tuple[np.ndarray, np.ndarray]


class Forecaster:
    """A trained model with its scaling, sensors, time zone, calendar and prediction intervals.

    Attributes:
        facts: what is known of the model and of the series that it was trained on.
        network: the model with its scaling, original units in and out, see `ScaledNetwork`.
        intervals: the prediction intervals; None until `calibrate`.
        metrics: test metrics, as in `test_metrics.json`; {} if there are none.
    """

    def __init__(self, parts: Parts, intervals: Optional[Intervals] = None):
        self._parts = parts
        self.facts, self.network, self.metrics = parts.facts, parts.network, parts.metrics
        self.intervals = intervals

    @classmethod
    def load(cls, path: Union[str, Path]) -> "Forecaster":
        """Load a forecaster.

        Args:
            path: the folder of a run, for its best checkpoint; a checkpoint of a run; or a folder that `save` wrote.
        Raises: UserError if it is none of these, or its files cannot be used.
        """
        path = Path(path)
        if is_saved(path):
            return cls(*read_saved(path))
        parts = read_run(path)
        return cls(parts, stored.restore(parts.checkpoint.parent, parts.source))

    @classmethod
    def fit(
        cls,
        frame: "pd.DataFrame",
        model: str = "ELinFormer_small",
        *,
        name: str = "frame",
        input_len: int = 12,
        output_len: int = 12,
        gpus: Optional[str] = None,
        prepare: Optional[Mapping[str, Any]] = None,
        **fields: Any,
    ) -> "Forecaster":
        """Train a model on a table, and calibrate its intervals. The same call resumes an interrupted training.

        The dataset is written to `datasets/<name>` in the current folder, and the run to `checkpoints`.

        Args:
            frame: wide or long, see `predict`; its last rows become the validation and the test part.
            model: a name from `basicts-elin list`.
            name: name of the dataset.
            input_len, output_len: number of rows that a forecast needs, and that it gives.
            gpus: such as "0", or "cpu"; None: the first GPU if there is one.
            prepare: further arguments of `data.prepare.own.prepare_own`, such as `split` or `graph`.
            fields: fields of the configuration, such as `num_epochs=30` or `seed=1`.
        Raises: UserError if the table or an argument cannot be used. FailedRunError if the training fails.
        """
        from .fitting import train_on_frame

        lengths = {"input_len": input_len, "output_len": output_len}
        options = {"name": name, "gpus": gpus, "prepare": dict(prepare or {}), "fields": fields}
        forecaster = cls.load(train_on_frame(frame, model, **lengths, **options))
        forecaster.calibrate()
        return forecaster

    def save(self, folder: Union[str, Path]) -> Path:
        """Write weights, scaling, facts, metrics and intervals into a folder, as safetensors and JSON: no code.

        Raises: UserError if the folder holds anything but an earlier forecaster.
        """
        return write_saved(Path(folder), self._parts, self.intervals)

    def predict(
        self,
        recent: "pd.DataFrame",
        level: Levels = None,
        *,
        allow_missing: bool = False,
        fill: bool = False,
        clip: Optional[bool] = None,
        options: InputOptions = InputOptions(),
        read: ReadOptions = ReadOptions(),
    ) -> "pd.DataFrame":
        """Forecast the next O steps of every sensor. The result has the layout of the input.

        Args:
            recent: at least L rows, of which the last L are used. Wide: times as index or column, one column per
                sensor. Long: one row per time and sensor.
            level: level of the prediction intervals in per cent, one or several, such as 90 or [80, 90].
            allow_missing: treat absent sensors as missing values.
            fill: treat gaps in the rows as missing values.
            clip: set negative forecasts and bounds to 0; None: if the quantity cannot be negative.
            options, read: how to read what the table leaves open.
        Returns: wide: one row per step ahead; a column for each sensor and, with a level of 90, "NAME_lo90" and
            "NAME_hi90". Long: time, sensor, "forecast", "lo90", "hi90".
        Raises: UserError if the table does not fit the model, or intervals are asked for before `calibrate`.
        """
        options = replace(options, allow_missing=options.allow_missing or allow_missing, fill=options.fill or fill)
        series = read_frame(recent, self.read_options(read))
        history = read_history(series, self.facts, options)
        self.check_input(history, fill=options.fill)
        quantities = self.quantities(history, level, clip=clip)
        index = history.clock.index()[-self.facts.output_len :]
        time, sensor = series.headers
        if history.is_long:
            return long_frame(index, self.facts.node_names, quantities, time or TIME, sensor or SENSOR)
        frame = wide_frame(index, self.facts.node_names, quantities).rename_axis(time or recent.index.name)
        return frame.reset_index() if time else frame

    def quantities(
        self, history: History, level: Levels = None, *, clip: Optional[bool] = None
    ) -> dict[str, np.ndarray]:
        """The forecast of the next steps and the bounds of its intervals: name -> float32 [O, N]."""
        levels = self.levels(level)
        steps = self.facts.input_len + self.facts.output_len
        stamps, minutes = history.clock.timestamps()[-steps:], history.clock.minutes()[-self.facts.output_len :]
        first = len(history.values) - self.facts.input_len
        prediction = self._predict(history.values[first:], stamps, np.array([0]))
        bounds = self._bounds(prediction, minutes[None], levels)
        return {name: array[0] for name, array in self._named(prediction, bounds, clip).items()}

    def window_quantities(
        self, windows: Windows, level: Levels = None, *, clip: Optional[bool] = None, adaptive: bool = False
    ) -> dict[str, np.ndarray]:
        """As `quantities`, for many windows: name -> float32 [W, O, N].

        adaptive: adapt the intervals to the errors of earlier windows, see `intervals.adaptive`.
        """
        levels = self.levels(level)
        if levels and adaptive:
            assert self.intervals is not None, "checked by levels"
            bounds = nested({one: adaptive_bounds(self.intervals, windows, one) for one in levels})
        else:
            bounds = self._bounds(windows.prediction, windows.minutes, levels)
        return self._named(windows.prediction, bounds, clip)

    def _bounds(self, prediction: np.ndarray, minutes: np.ndarray, levels: list[float]) -> dict[float, Bounds]:
        """The static intervals of each level, both ends [W, O, N]."""
        if not levels:
            return {}
        assert self.intervals is not None, "checked by levels"
        return {one: self.intervals.bounds(prediction, minutes, one) for one in levels}

    def _named(
        self, prediction: np.ndarray, bounds: Mapping[float, Bounds], clip: Optional[bool]
    ) -> dict[str, np.ndarray]:
        found = {FORECAST: prediction}
        for level, ends in bounds.items():
            found |= zip(bound_names(level), ends, strict=True)
        return {name: self.clipped(array, clip) for name, array in found.items()}

    def check_input(self, history: History, *, fill: bool = False) -> list[str]:
        """Notes on the last L rows, see `inputs.check_steps`. Raises: UserError if the model cannot start from them."""
        rows = slice(len(history.values) - self.facts.input_len, len(history.values))
        return check_steps(history, self.facts, rows, fill=fill)

    def backtest(
        self,
        history: "pd.DataFrame",
        every: int = 1,
        *,
        options: InputOptions = InputOptions(),
        read: ReadOptions = ReadOptions(),
        batch_size: int = rolling.BATCH_SIZE,
    ) -> Backtest:
        """Forecasts every `every` rows of a table, with the actual values where the table has them.

        They are as the model gives them, and `Backtest.metrics` is of them; `window_quantities` clips.

        Args: as in `predict`.
        Raises: UserError as in `predict`, and for `every` below 1.
        """
        series = read_frame(history, self.read_options(read))
        return self.backtest_of(
            read_history(series, self.facts, options), every, fill=options.fill, batch_size=batch_size
        )

    def backtest_of(
        self,
        history: History,
        every: int = 1,
        *,
        fill: bool = False,
        batch_size: int = rolling.BATCH_SIZE,
        progress: Optional[Callable[[int], None]] = None,
    ) -> Backtest:
        """`backtest` of a table that has already been read."""
        return backtest_windows(self.network, history, self.facts, every, fill, batch_size, progress)

    def part_windows(self, dataset: Dataset, part: str, batch_size: int = rolling.BATCH_SIZE) -> Windows:
        """The forecasts of a part of a prepared dataset, "val" or "test", as an evaluation makes them."""
        facts = self.facts
        return rolling.part_windows(self.network, dataset, part, facts.input_len, facts.output_len, batch_size)

    def dataset(self) -> Dataset:
        """The dataset that the model was trained on. Raises: UserError if it is not there, or has changed."""
        folder = self._parts.dataset_folder
        if folder is None:
            raise UserError("dataset", "a saved forecaster, which has none", "a run", "calibrate it before save")
        if not folder.is_dir():
            expected = f"the dataset {self.facts.dataset}, for its validation part"
            raise UserError(folder, "missing", expected, "prepare it again, or work in the folder that holds datasets/")
        return open_dataset(folder)

    def calibrate(self, dataset: Optional[Dataset] = None) -> Intervals:
        """Make the intervals from the validation part of the training dataset, and store them beside the checkpoint.

        dataset: None: the one that the run names.
        Raises: UserError if it does not exist, or is not the one that the model was trained on.
        """
        dataset = self.dataset() if dataset is None else dataset
        trained = self._parts.dataset_sha256
        if any(trained.get(name, dataset.fingerprint[name]) != dataset.fingerprint[name] for name in ("data", "nodes")):
            expected = "those that the model was trained on"
            raise UserError(dataset.folder, "other data", expected, "prepare those data again")
        self.intervals = Intervals.fit(self.part_windows(dataset, "val"), self.facts.input_len)
        if self._parts.checkpoint is not None:
            stored.save(self._parts.checkpoint.parent, self.intervals, self._parts.source)
        return self.intervals

    def levels(self, level: Levels) -> list[float]:
        """The levels in per cent. Raises: UserError for what the intervals cannot give, or without intervals."""
        levels = check_levels(level)
        if levels and self.intervals is None:
            raise UserError(
                "level", "a model without intervals", "intervals", "call calibrate() before save or predict"
            )
        for one in levels:
            # before the model runs
            self.intervals.quantile(one)
        return levels

    def clipped(self, values: np.ndarray, clip: Optional[bool] = None) -> np.ndarray:
        """The values, negative ones set to 0 if `clip` says so or, with None, if the quantity cannot be negative."""
        is_clipped = self.facts.non_negative if clip is None else clip
        return np.maximum(values, 0) if is_clipped else values

    def _predict(self, values: np.ndarray, stamps: np.ndarray, starts: np.ndarray) -> np.ndarray:
        facts = self.facts
        return rolling.predict_windows(self.network, values, stamps, starts, facts.input_len, facts.output_len)

    def read_options(self, read: ReadOptions) -> ReadOptions:
        """The options, with the model's channel if they name none."""
        return read if read.channel is not None else replace(read, channel=self.facts.channel)

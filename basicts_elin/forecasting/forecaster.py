"""A trained model that forecasts the next steps of a table. L steps in, O steps ahead, N sensors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from numbers import Real
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
from .intervals.rank import LEVELS
from .storage.runs import Parts, read_run
from .storage.saved import is_saved, read_saved, write_saved
from .tables.frames import FORECAST, SENSOR, TIME, bound_names, long_frame, wide_frame
from .tables.inputs import History, InputOptions, check_steps, read_history
from .windows import Windows

if TYPE_CHECKING:
    import pandas as pd

Levels = Union[None, float, Sequence[float]]


class Forecaster:
    """A trained model with its scaling, its sensors, its clock and its intervals.

    Attributes:
        facts: of the model and of the series that it was trained on.
        network: original units in and out, see `ScaledNetwork`.
        intervals: None until `calibrate`.
        metrics: of the test part, as `test_metrics.json` has them; {} if there are none.
    """

    def __init__(self, parts: Parts, intervals: Optional[Intervals] = None):
        self._parts = parts
        self.facts, self.network, self.metrics = parts.facts, parts.network, parts.metrics
        self.intervals = intervals

    @classmethod
    def load(cls, path: Union[str, Path]) -> "Forecaster":
        """A forecaster.

        Args:
            path: the folder of a run, for its best checkpoint; a checkpoint of a run; or a folder that `save` wrote.
        Raises: UserError if there is neither, or the files cannot be used.
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
        """Train a model on a table, and make its intervals. The same call resumes an interrupted training.

        The dataset is written to `datasets/<name>` in the current folder, and the run to `checkpoints`.

        Args:
            frame: wide or long, see `predict`; its last rows are the validation and test part.
            model: a name that `basicts-elin list` offers.
            name: of the dataset.
            input_len, output_len: rows that a forecast needs, and rows that it gives.
            gpus: such as "0", or "cpu"; None: the first GPU if there is one.
            prepare: further arguments of `data.prepare.own.prepare_own`, such as `split` or `graph`.
            fields: of the run, such as `num_epochs=30` or `seed=1`.
        Raises: UserError if the table or an argument cannot be used. FailedRunError if the training fails.
        """
        from .fitting import train_on_frame

        lengths = {"input_len": input_len, "output_len": output_len}
        options = {"name": name, "gpus": gpus, "prepare": dict(prepare or {}), "fields": fields}
        forecaster = cls.load(train_on_frame(frame, model, **lengths, **options))
        forecaster.calibrate()
        return forecaster

    def save(self, folder: Union[str, Path]) -> Path:
        """Write weights, scaling, facts, metrics and intervals into a folder: safetensors and JSON, nothing that runs.

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
        """The next O steps of every sensor, in the shape of the input.

        Args:
            recent: L rows or more, of which the last L count. Wide: times as index or column, a column for each sensor.
                Long: a row for each time and sensor.
            level: probability of the intervals in per cent, one or several, such as 90 or [80, 90].
            allow_missing: treat absent sensors as missing values.
            fill: treat absent rows as missing values.
            clip: raise forecasts and intervals below 0 to 0; None: if the quantity cannot be negative.
            options, read: what the table does not say of itself.
        Returns: wide: a row for each step ahead; a column for each sensor and, with a level of 90, "NAME_lo90" and
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
        frame = wide_frame(index, self.facts.node_names, quantities, time).rename_axis(time or recent.index.name)
        return frame.reset_index() if time else frame

    def quantities(
        self, history: History, level: Levels = None, *, clip: Optional[bool] = None
    ) -> dict[str, np.ndarray]:
        """The forecast of the next steps, and the ends of its intervals: name -> float32 [O, N]."""
        levels = self.levels(level)
        steps = self.facts.input_len + self.facts.output_len
        stamps, minutes = history.clock.timestamps()[-steps:], history.clock.minutes()[-self.facts.output_len :]
        first = len(history.values) - self.facts.input_len
        prediction = self._predict(history.values[first:], stamps, np.array([0]))
        found = {FORECAST: prediction[0]}
        for one in levels:
            assert self.intervals is not None, "checked by levels"
            lower, upper = self.intervals.bounds(prediction, minutes[None], one)
            found |= dict(zip(bound_names(one), (lower[0], upper[0]), strict=True))
        return {name: self.clipped(array, clip) for name, array in found.items()}

    def window_quantities(
        self, windows: Windows, level: Levels = None, *, clip: Optional[bool] = None, adaptive: bool = False
    ) -> dict[str, np.ndarray]:
        """As `quantities`, of many windows: name -> float32 [W, O, N].

        adaptive: let the intervals follow the errors of earlier windows, see `intervals.adaptive`.
        """
        found, bounds = {FORECAST: windows.prediction}, {}
        for one in self.levels(level):
            assert self.intervals is not None, "checked by levels"
            if adaptive:
                bounds[one] = adaptive_bounds(self.intervals, windows, one)
            else:
                bounds[one] = self.intervals.bounds(windows.prediction, windows.minutes, one)
        for one, pair in (nested(bounds) if adaptive else bounds).items():
            found |= dict(zip(bound_names(one), pair, strict=True))
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
        """Forecasts from every `every`-th row of a table on, with the truth where the table has it.

        Args: as in `predict`.
        Raises: UserError as `predict`, and for `every` below 1.
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
        """`backtest` of a table that has been read."""
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
        """Make the intervals from the validation part of the training's dataset, and keep them beside the checkpoint.

        dataset: None: the one that the run names.
        Raises: UserError if it is not there, or not the one that the model was trained on.
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
        """The levels in per cent. Raises: UserError for numbers outside of [1, 99.9], or without intervals."""
        levels = check_levels(level)
        if levels and self.intervals is None:
            raise UserError(
                "level", "a model without intervals", "intervals", "call calibrate() before save or predict"
            )
        return levels

    def clipped(self, values: np.ndarray, clip: Optional[bool] = None) -> np.ndarray:
        """Values without those that are below 0, if the quantity cannot be negative or `clip` says so."""
        is_clipped = self.facts.non_negative if clip is None else clip
        return np.maximum(values, 0) if is_clipped else values

    def _predict(self, values: np.ndarray, stamps: np.ndarray, starts: np.ndarray) -> np.ndarray:
        facts = self.facts
        return rolling.predict_windows(self.network, values, stamps, starts, facts.input_len, facts.output_len)

    def read_options(self, read: ReadOptions) -> ReadOptions:
        """The options, with the model's channel where none is given."""
        return read if read.channel is not None else replace(read, channel=self.facts.channel)


def check_levels(level: Levels) -> list[float]:
    """The levels in per cent, each once. Raises: UserError for anything but numbers from 1 to 99.9."""
    if level is None:
        return []
    levels = [level] if isinstance(level, str) or not np.ndim(level) else list(level)
    for one in levels:
        is_number = isinstance(one, Real) and not isinstance(one, (bool, np.bool_))
        if not is_number or not 1 <= one <= LEVELS[-1]:
            hint = f"did you mean {100 * one:g}?" if is_number and 0 < one < 1 else "give it in per cent"
            found = f"{one:g}" if is_number else repr(one)
            raise UserError("level", found, f"per cent from 1 to {LEVELS[-1]}, such as 80 or 95", hint)
    return list(dict.fromkeys(map(float, levels)))

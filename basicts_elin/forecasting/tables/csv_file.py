"""Forecasts as CSV files. W windows, O steps ahead, N sensors."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import UserError
from ...files import check_place, replacing
from .frames import FORECAST, SENSOR, TIME, long_frame

if TYPE_CHECKING:
    import pandas as pd

    from ..backtest import Backtest

CUTOFF, ACTUAL = "cutoff", "actual"
_OTHERS = (".parquet", ".feather", ".xlsx", ".h5", ".npz", ".npy", ".json", ".png", ".svg", ".html")
# windows of a backtest that are written at once
_WINDOWS = 64


def check_output(path: Path, data: Path, *, force: bool) -> None:
    """Raises: UserError for a file that is not to be replaced: the data, or anything but a table of forecasts."""
    if path.suffix.lower() in _OTHERS:
        raise UserError("output", path, "a .csv file", f"--output {path.with_suffix('.csv')}")
    check_place(path, "output")
    if not path.exists():
        return
    if path.samefile(data):
        raise UserError("output", path, "a file of its own", "name another file")
    with path.open("rb") as file:
        header = file.readline(1000).decode(errors="replace").strip().split(",")
    is_ours = [name for name in header if name != CUTOFF][:3] == [TIME, SENSOR, FORECAST]
    if not (force or is_ours):
        raise UserError("output", f"{path} exists", "a new file", "name another file, or --force replaces it")


def write_frames(path: Path, frames: "Iterable[pd.DataFrame]") -> None:
    """Write tables of the same columns below each other, in a file that replaces `path` once it is whole."""
    with replacing(path, path.suffix) as file:
        for number, frame in enumerate(frames):
            frame.to_csv(file, index=False, header=not number, mode="a" if number else "w")


def backtest_frames(backtest: "Backtest", sensors: list[str], quantities: Mapping[str, np.ndarray]) -> Iterator:
    """Tables of some windows each: cutoff, time, sensor, forecast, actual, and the ends of the intervals.

    cutoff: the last time that a forecast knows.
    quantities: name -> [W, O, N], the forecast first.
    """
    windows, index = backtest.windows, backtest.index
    steps = windows.prediction.shape[1]
    columns = {FORECAST: quantities[FORECAST], ACTUAL: windows.target}
    columns |= {name: array for name, array in quantities.items() if name != FORECAST}
    for first in range(0, len(windows.rows), _WINDOWS):
        chosen = slice(first, first + _WINDOWS)
        rows = windows.rows[chosen, None] + np.arange(steps)
        frame: pd.DataFrame = long_frame(
            index[rows.reshape(-1)],
            sensors,
            {name: array[chosen].reshape(-1, len(sensors)) for name, array in columns.items()},
            TIME,
            SENSOR,
        )
        frame.insert(0, CUTOFF, index[windows.rows[chosen] - 1].repeat(steps * len(sensors)))
        yield frame

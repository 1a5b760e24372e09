"""A kind of file: how it is written, the command that prepares it, and what that must give."""

import contextlib
import importlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np
import pandas as pd

from basicts_elin.cli import main
from basicts_elin.data.dataset import Dataset, open_dataset
from basicts_elin.data.layout import PARTS
from basicts_elin.data.times.options import length

SENSORS = ["north", "east", "south"]
START = "2024-03-04 00:00"
NAME = "Kind"

# what an expectation says of the dataset and its printed summary: an assertion
Check = Callable[[Dataset, str], None]


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        group, name: its place in the table.
        options: the arguments of `prepare` after the file.
        make: writes the file into a folder, and returns its name.
        values: [T, N] that must be prepared; None if the file must be refused.
        dates: datetime64[m] [T] that must be prepared; None where `values` begin at START, hourly.
        check: more that must hold.
        refused: the field of the error, and texts that the error must have.
    """

    group: str
    name: str
    make: Callable[[Path], str]
    options: tuple[str, ...] = ()
    values: Optional[np.ndarray] = None
    dates: Optional[np.ndarray] = None
    check: Optional[Check] = None
    refused: tuple[str, ...] = ()


_KINDS: list[Kind] = []
# in the order of the page
_MODULES = ("tables", "arrays", "times", "missing", "graphs")


def kinds() -> list[Kind]:
    """All kinds, in the order of the page."""
    for module in _MODULES:
        importlib.import_module(f"{__package__}.{module}")
    return _KINDS


def kind(group: str, name: str, *options: str, **expected: Any) -> Callable[[Callable[[Path], str]], Any]:
    """Decorator of a function that writes a kind of file. Without expectation, the file must give `table()`."""
    if not {"values", "refused"} & expected.keys():
        expected["values"] = table().to_numpy()

    def add(make: Callable[[Path], str]) -> Callable[[Path], str]:
        _KINDS.append(Kind(group, name, make, options, **expected))
        return make

    return add


def table(days: int = 10, minutes: int = 60, start: str = START) -> pd.DataFrame:
    """Times x sensors, with a value of its own in each cell, and four cells missing."""
    times = pd.date_range(start, periods=days * 1440 // minutes, freq=f"{minutes}min", name="time")
    values = 10.5 + np.arange(len(times) * len(SENSORS), dtype=np.float64).reshape(-1, len(SENSORS)) % 997
    values[[5, 30, 31, 40], [0, 1, 1, 2]] = np.nan
    return pd.DataFrame(values, times, SENSORS)


def long_table() -> pd.DataFrame:
    """The same in Nixtla's layout, without the rows of missing values."""
    wide = table().rename_axis("ds").reset_index()
    return wide.melt("ds", var_name="unique_id", value_name="y")[["unique_id", "ds", "y"]].dropna()


def outcome(kind: Kind, folder: Path) -> tuple[int, str, str]:
    """Exit code, output and error of the command, started in `folder`."""
    with _inside(folder):
        file = kind.make(Path())
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["prepare", file, "--name", NAME, *kind.options])
    return code, out.getvalue(), err.getvalue().strip()


def prepared(folder: Path) -> tuple[Dataset, np.ndarray, Optional[np.ndarray]]:
    """The dataset, its values [T, N] and dates [T]."""
    dataset = open_dataset(folder / "datasets" / NAME)
    values = np.concatenate([dataset.values(part) for part in PARTS])
    dates = None if dataset.dates("train") is None else np.concatenate([dataset.dates(part) for part in PARTS])
    return dataset, values, dates


def describe(folder: Path) -> str:
    """What was prepared, as a cell of the table."""
    dataset, values, dates = prepared(folder)
    minutes = dataset.interval_minutes
    facts = [f"{values.shape[0]} × {values.shape[1]}", f"every {length(minutes)}"]
    if dataset.start is not None:
        facts.append(f"from {dataset.start}")
    facts.append(f"{np.isnan(values).sum()} missing")
    if dataset.adjacency is not None:
        matrix = np.asarray(dataset.adjacency)
        symmetric = "symmetric" if (matrix == matrix.T).all() else "directed"
        facts.append(f"graph with {np.count_nonzero(matrix)} entries, {symmetric}")
    return ", ".join(facts)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)

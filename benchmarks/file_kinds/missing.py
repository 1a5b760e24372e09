"""Marks of missing values."""

from pathlib import Path

import numpy as np

from .kind import kind, table

GROUP = "Missing values"
VALUES = table().to_numpy()


def _written(replace: dict[tuple[int, int], float], na_rep: str = "") -> str:
    frame = table()
    for cell, value in replace.items():
        frame.iloc[cell] = value
    frame.to_csv("data.csv", na_rep=na_rep)
    return "data.csv"


def _with(replace: dict[tuple[int, int], float]) -> np.ndarray:
    values = VALUES.copy()
    for cell, value in replace.items():
        values[cell] = value
    return values


@kind(GROUP, "zeros are values", values=_with({(7, 0): 0, (8, 1): 0}))
def _(folder: Path) -> str:
    return _written({(7, 0): 0, (8, 1): 0})


@kind(GROUP, "zeros are missing", "--missing", "0", values=_with({(7, 0): np.nan, (8, 1): np.nan}))
def _(folder: Path) -> str:
    return _written({(7, 0): 0, (8, 1): 0})


@kind(
    GROUP,
    "several markers",
    "--missing",
    "0",
    "-1",
    "-9999.9",
    values=_with(dict.fromkeys([(7, 0), (8, 1), (9, 2)], np.nan)),
)
def _(folder: Path) -> str:
    return _written({(7, 0): 0, (8, 1): -1, (9, 2): -9999.9})


@kind(GROUP, "infinity", refused=("file", "infinity", "2024-03-04 07:00"))
def _(folder: Path) -> str:
    return _written({(7, 0): np.inf})


@kind(GROUP, "infinity as a marker", "--missing", "inf", values=_with({(7, 0): np.nan}))
def _(folder: Path) -> str:
    return _written({(7, 0): np.inf})


@kind(GROUP, "a marker that is no number", "--missing", "NA", refused=("missing", "NA"))
def _(folder: Path) -> str:
    return _written({})


@kind(GROUP, "nothing but missing values", "--missing", "5", refused=("file", "data.csv"))
def _(folder: Path) -> str:
    (table() * 0 + 5).to_csv("data.csv")
    return "data.csv"


@kind(GROUP, "a sensor without any value", values=_with({(row, 1): np.nan for row in range(240)}))
def _(folder: Path) -> str:
    return _written({(row, 1): np.nan for row in range(240)})


@kind(GROUP, "too few rows", refused=("rows", "48 rows"))
def _(folder: Path) -> str:
    table(2).to_csv("data.csv")
    return "data.csv"


@kind(GROUP, "parts that do not sum to 1", "--split", "0.7", "0.2", "0.2", refused=("split", "0.7"))
def _(folder: Path) -> str:
    return _written({})

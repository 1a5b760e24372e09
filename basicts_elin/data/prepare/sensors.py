"""The sensors of a series: their ids, and a choice of them."""

from dataclasses import replace
from pathlib import Path
from typing import Optional

import numpy as np

from ...errors import UserError
from ..graphs.ids import read_ids
from ..io.raw import RawSeries


def num_sensors(series: RawSeries) -> int:
    return len(series.node_names) if series.node_names is not None else series.values.shape[1]


def named(series: RawSeries, file: Path, ids: Optional[Path]) -> RawSeries:
    """The series with the ids in the file `ids`, if one is given. Raises: UserError if they do not fit."""
    if ids is None:
        return series
    if series.node_names is not None:
        raise UserError("ids", ids, f"no file: {file} has its own ids", "omit --ids")
    names = read_ids(ids, "ids")
    expected = num_sensors(series)
    if len(names) != expected:
        raise UserError("ids", f"{len(names)} ids in {ids}", f"{expected}, one for each node", "correct the ids")
    return replace(series, node_names=names)


def selected(series: RawSeries, file: Path, sensors: Path) -> RawSeries:
    """The sensors that the file `sensors` names, in its order. Raises: UserError for an unknown id."""
    if series.node_names is None:
        raise UserError("sensors", sensors, f"none: {file} has no sensor ids", "name them by --ids FILE")
    chosen = read_ids(sensors, "sensors")
    place = {name: column for column, name in enumerate(series.node_names)}
    unknown = [name for name in chosen if name not in place]
    if unknown:
        found = f"{unknown[0]} in {sensors} ({len(unknown)} of {len(chosen)} ids are unknown)"
        expected = f"sensors of {file}, such as {series.node_names[0]}"
        raise UserError("sensors", found, expected, "correct the ids")
    columns = [place[name] for name in chosen]
    return _rows_of(series, chosen, columns) if series.sensors is not None else _columns_of(series, chosen, columns)


def _columns_of(series: RawSeries, names: list[str], columns: list[int]) -> RawSeries:
    covariates = None if series.covariates is None else np.ascontiguousarray(series.covariates[:, columns])
    values = np.ascontiguousarray(series.values[:, columns])
    return replace(series, values=values, covariates=covariates, node_names=names)


def _rows_of(series: RawSeries, names: list[str], columns: list[int]) -> RawSeries:
    assert series.sensors is not None and series.times is not None and series.node_names is not None, "a long table"
    number = np.full(len(series.node_names), -1)
    number[columns] = np.arange(len(columns))
    sensors = number[series.sensors]
    kept = sensors >= 0
    covariates = None if series.covariates is None else series.covariates[kept]
    return replace(
        series,
        values=series.values[kept],
        times=series.times[kept],
        sensors=sensors[kept],
        covariates=covariates,
        node_names=names,
    )

"""What an `.h5` file holds, and which of it is the series."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional, Union

import h5py
import numpy as np

from ....errors import UserError
from ..arrays.series import read_arrays
from ..damage import refusing_damage
from ..options import ReadOptions
from ..raw import RawSeries
from ..tables.column import NUMBER
from ..tables.table import read_table
from .appendable import AppendableFrame
from .fixed import FixedFrame
from .plain import PlainArrays, is_array
from .slices import text

_AXES = ("axis0", "axis1")
_EXPECTED = (
    "a frame in pandas's fixed or table format, dates x sensors, or an array [rows, nodes] or [rows, nodes, channels]"
)

Frame = Union[FixedFrame, AppendableFrame]


def read_h5_series(path: Path, options: ReadOptions) -> RawSeries:
    """The series in `path`: its only frame, whatever its key, or the only array that can be one.

    Raises: UserError if the file is damaged, if several frames or arrays can be the series, or none.
    """

    with _opened(path) as file:
        frame = _frame(file, path, options.key)
        if frame is not None:
            return read_table(frame, options)
        for name in ("time", "sensor"):
            if getattr(options, name) is not None:
                found = f"{getattr(options, name)!r}, but {path} holds no table"
                raise UserError(name, found, fix=f"omit --{name}")
        return read_arrays(PlainArrays(path, _content(file)[1]), options)


def read_h5(path: Path) -> RawSeries:
    """Values, dates (datetime64[m] [T]) and sensor ids of the only frame in `path`, as the public files have them.

    Raises: UserError if the file is damaged, or does not hold exactly one frame of numbers with an index of dates in
        local time and whole minutes.
    """

    with dated_frame(path) as (frame, dates):
        columns = list(range(1, len(frame.columns)))
        names = [frame.columns[column].name for column in columns]
        return RawSeries(frame.read([], columns).values, times=dates, node_names=names)


@contextmanager
def dated_frame(path: Path) -> Iterator[tuple[Frame, np.ndarray]]:
    """The only frame in `path`, open to be read in parts, and its dates, datetime64[m] [T].

    Raises: UserError as `read_h5`.
    """
    with _opened(path) as file:
        frame = _frame(file, path, None)
        if frame is None:
            keys = ", ".join(file) or "(none)"
            expected = "a frame, dates x sensors, that pandas wrote"
            raise UserError("file", f"{path} with the keys {keys}", expected, "frame.to_hdf(path, key='data')")
        if not frame.index_kind.startswith("datetime64") or frame.columns[0].zone is not None:
            zone = " with a time zone" if frame.columns[0].zone is not None else ""
            found = f"the index of {frame.where} is {frame.index_kind or 'another type'}{zone}"
            fix = "make it a DatetimeIndex without time zone"
            raise UserError("file", found, "dates in local time, one for each row", fix)
        other = next((column for column in frame.columns[1:] if column.kind != NUMBER), None)
        if other is not None:
            found = f"column {other.name} of {path} holds {other.kind}"
            raise UserError("file", found, "numbers in every column", "remove the column, or convert it")
        yield frame, _whole_minutes(frame.read([0], []).labels[0].array(), frame.where)


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    fix = "download it again, or save your own frame without compression"
    with refusing_damage(path, "an HDF5 file", fix), h5py.File(path, "r") as file:
        yield file


def _content(file: h5py.File) -> tuple[dict[str, Any], dict[str, h5py.Dataset]]:
    """The frames (a function that opens each), and the arrays that pandas did not write."""
    frames: dict[str, Any] = {}
    others: list[str] = []
    arrays: dict[str, h5py.Dataset] = {}

    def visit(name: str, node: h5py.HLObject) -> None:
        if isinstance(node, h5py.Group):
            if all(axis in node for axis in _AXES):
                frames[name] = FixedFrame
            elif "table" in node and isinstance(node["table"], h5py.Dataset) and node["table"].dtype.names:
                frames[name] = AppendableFrame
            elif "pandas_type" in node.attrs:
                others.append(name)
        elif is_array(node) and not any(name.startswith(f"{parent}/") for parent in (*frames, *others)):
            arrays[name] = node

    # The root may be a frame.
    visit("", file)
    file.visititems(visit)
    if others and not frames and not any(array.ndim in (2, 3) for array in arrays.values()):
        kind = text(file[others[0]].attrs["pandas_type"])
        content = (
            "a Series of pandas" if "series" in kind else "a frame of pandas whose rows or columns have two levels"
        )
        fix = "save one column for each sensor: frame.to_hdf(path, key='data')"
        raise UserError("file", f"{others[0]!r} of {file.filename} is {content}", "a frame, dates x sensors", fix)
    return frames, arrays


def _frame(file: h5py.File, path: Path, key: Optional[str]) -> Optional[Frame]:
    """The frame that is the series; None if the series is an array."""
    frames, arrays = _content(file)
    if key is not None:
        key = key.strip("/")
        if key not in frames and key not in arrays:
            expected = f"one of {', '.join([*frames, *arrays]) or '(none)'}"
            raise UserError("key", f"{key!r}, which is not a frame or array of {path}", expected, "correct --key")
        return frames[key](path, key, file[key]) if key in frames else None
    if len(frames) == 1:
        key, kind = next(iter(frames.items()))
        return kind(path, key, file[key or "/"])
    if frames:
        found = f"{path} with the frames {', '.join(frames)}"
        raise UserError("file", found, "one frame", "name the right one by --key")
    if not any(array.ndim in (2, 3) for array in arrays.values()):
        found = f"{path} with the keys {', '.join(file) or '(none)'}"
        raise UserError("file", found, _EXPECTED, "save a frame by frame.to_hdf(path, key='data')")
    return None


def _whole_minutes(exact: np.ndarray, where: str) -> np.ndarray:
    dates = exact.astype("datetime64[m]")
    if (dates != exact).any():
        row = int((dates != exact).argmax())
        raise UserError("file", f"row {row} of {where} has the date {exact[row]}", "whole minutes", "round the dates")
    return dates

"""The original `.h5` files: a pandas frame, dates x sensors.

It is read with h5py, because pandas unpickles attributes of the file. Unpickling runs code, and fails for files of
other pandas versions.
"""

from pathlib import Path

import h5py
import numpy as np

from ...errors import UserError, one_line
from .raw import RawSeries, to_float32

_AXES = ("axis0", "axis1")


def read_h5(path: Path) -> RawSeries:
    """Values, dates and sensor ids of the only frame in `path`, whatever its key.

    Raises: UserError if the file is damaged, or does not hold exactly one frame in pandas's fixed format, or if the
        frame's index is not dates or its columns are not numbers.
    """
    try:
        with h5py.File(path, "r") as file:
            key, frame = _the_frame(file, path)
            dates, names = _dates(frame["axis1"], f"{key!r} of {path}"), _names(frame["axis0"])
            values = _values(frame, key, path, (len(dates), len(names)))
    except UserError:
        raise
    except Exception as error:
        # A damaged file can fail in any way, from KeyError to MemoryError.
        fix = "download it again, or save your own frame without compression"
        raise UserError("file", f"{path} cannot be read ({one_line(error)})", "an HDF5 file", fix) from error
    return RawSeries(values, times=dates, node_names=names)


def _the_frame(file: h5py.File, path: Path) -> tuple[str, h5py.Group]:
    frames: dict[str, h5py.Group] = {}
    tables: list[str] = []

    def visit(name: str, node: h5py.HLObject) -> None:
        if isinstance(node, h5py.Group) and all(axis in node for axis in _AXES):
            frames[name] = node
        elif isinstance(node, h5py.Dataset) and name.endswith("/table"):
            tables.append(name.removesuffix("/table"))

    file.visititems(visit)
    if len(frames) == 1:
        return next(iter(frames.items()))
    if frames:
        found = f"{path} with the frames {', '.join(frames)}"
        raise UserError("file", found, "one frame", "save the right one in a file of its own")
    content = f"{tables[0]!r} in pandas's table format" if tables else f"the keys {', '.join(file) or '(none)'}"
    expected = "a frame, dates x sensors, in pandas's fixed format"
    raise UserError("file", f"{path} with {content}", expected, "save it by frame.to_hdf(path, key='data')")


def _dates(axis: h5py.Dataset, where: str) -> np.ndarray:
    """datetime64[m] [T] of an axis of integers since 1970."""
    kind = " ".join(_text(axis.attrs.get("kind")).split())
    if not kind.startswith("datetime64") or axis.attrs.get("tz") is not None:
        found = f"{kind or 'another type'}{' with a time zone' if kind.startswith('datetime64') else ''}"
        fix = "make it a DatetimeIndex without time zone"
        raise UserError("file", f"the index of {where} is {found}", "dates in local time, one for each row", fix)
    unit = kind.removeprefix("datetime64").strip("[]") or "ns"
    exact = np.asarray(axis).astype("int64").view(f"datetime64[{unit}]")
    dates = exact.astype("datetime64[m]")
    if (dates != exact).any():
        row = int((dates != exact).argmax())
        raise UserError("file", f"row {row} of {where} has the date {exact[row]}", "whole minutes", "round the dates")
    return dates


def _names(axis: h5py.Dataset) -> list[str]:
    return [_text(name) for name in np.asarray(axis)]


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else "" if value is None else str(value)


def _values(frame: h5py.Group, key: str, path: Path, shape: tuple[int, int]) -> np.ndarray:
    """float32 [T, N]. Pandas stores the columns of each type as one block."""
    names = _names(frame["axis0"])
    # Pandas writes an empty axis as one value with an attribute for its shape.
    is_empty = any("shape" in frame[axis].attrs for axis in _AXES)
    if len(set(names)) != len(names) or is_empty:
        found = f"{key!r} in {path} is empty, or two of its columns have the same name"
        raise UserError("file", found, "dates x sensors", "save the frame again")
    place = {name: column for column, name in enumerate(names)}
    values = np.full(shape, np.nan, np.float32)
    for number in range(int(frame.attrs["nblocks"])):
        block, items = frame[f"block{number}_values"], _names(frame[f"block{number}_items"])
        # Dates and durations are written as integers.
        kind = _text(block.attrs.get("value_type")) or str(block.dtype)
        if np.dtype(block.dtype).kind not in "iuf" or "time" in kind:
            found = f"column {items[0]} of {path} is {kind}"
            raise UserError("file", found, "numbers in every column", "remove the column, or convert it")
        part = np.asarray(block) if block.attrs.get("transposed") else np.asarray(block).T
        if part.shape != (len(values), len(items)):
            found = f"block {number} of {key!r} in {path} has the shape {list(part.shape)}"
            raise UserError("file", found, [len(values), len(items)], "download or save it again")
        values[:, [place[item] for item in items]] = to_float32(part)
    return values

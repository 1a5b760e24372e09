"""The original `.h5` files: a pandas frame, dates x sensors.

Read by h5py and not by pandas, which unpickles what a file carries as attributes: that runs code, and it fails for the
files of another pandas.
"""

from pathlib import Path

import h5py
import numpy as np

from ...errors import UserError, one_line
from .npz import RawSeries, to_float32

_AXES = ("axis0", "axis1")


def read_h5(path: Path) -> RawSeries:
    """Values, dates and sensor ids of the one frame in `path`, whatever its key.

    Raises:
        UserError: the file is damaged, holds no frame in pandas's fixed format or several, its index holds no dates, or
            its columns no numbers.
    """
    try:
        with h5py.File(path, "r") as file:
            key, frame = _the_frame(file, path)
            dates, names = _dates(frame["axis1"], f"{key!r} of {path}"), _names(frame["axis0"])
            values = _values(frame, key, path, (len(dates), len(names)))
    except UserError:
        raise
    except Exception as error:
        # a damaged file may fail in any way, from KeyError to MemoryError
        raise UserError(
            f"raw: {path} cannot be read as HDF5 ({one_line(error)}); is it cut short? Download it again, or save a "
            "frame of your own without compression"
        ) from error
    return RawSeries(values, dates=dates, node_names=names)


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
        raise UserError(f"raw: {path} holds several frames, {', '.join(frames)}; expected one: save it alone")
    found = f"{tables[0]!r} is in pandas's table format" if tables else f"its keys are {', '.join(file) or '(none)'}"
    raise UserError(
        f"raw: {path} holds no frame in pandas's fixed format, {found}; expected dates x sensors as written by "
        "frame.to_hdf(path, key='data')"
    )


def _dates(axis: h5py.Dataset, where: str) -> np.ndarray:
    """datetime64[m] [T] of an axis that holds integers since 1970."""
    kind = " ".join(_text(axis.attrs.get("kind")).split())
    if not kind.startswith("datetime64") or axis.attrs.get("tz") is not None:
        found = f"{kind or 'something else'}{' with a time zone' if kind.startswith('datetime64') else ''}"
        raise UserError(f"raw: the index of {where} holds {found}; expected dates in local time, one for each row")
    unit = kind.removeprefix("datetime64").strip("[]") or "ns"
    exact = np.asarray(axis).astype("int64").view(f"datetime64[{unit}]")
    dates = exact.astype("datetime64[m]")
    if (dates != exact).any():
        row = int((dates != exact).argmax())
        raise UserError(f"raw: row {row} of {where} is dated {exact[row]}; expected whole minutes")
    return dates


def _names(axis: h5py.Dataset) -> list[str]:
    return [_text(name) for name in np.asarray(axis)]


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else "" if value is None else str(value)


def _values(frame: h5py.Group, key: str, path: Path, shape: tuple[int, int]) -> np.ndarray:
    """float32 [T, N]; pandas keeps columns of one type together, a block for each type."""
    names = _names(frame["axis0"])
    # pandas writes what is empty as one value, with its shape beside it
    is_empty = any("shape" in frame[axis].attrs for axis in _AXES)
    if len(set(names)) != len(names) or is_empty:
        raise UserError(f"raw: {key!r} of {path} is empty or has two columns of one name; expected dates x sensors")
    place = {name: column for column, name in enumerate(names)}
    values = np.full(shape, np.nan, np.float32)
    for number in range(int(frame.attrs["nblocks"])):
        block, items = frame[f"block{number}_values"], _names(frame[f"block{number}_items"])
        # of dates and durations, which are written as integers
        kind = _text(block.attrs.get("value_type")) or str(block.dtype)
        if np.dtype(block.dtype).kind not in "iuf" or "time" in kind:
            raise UserError(f"raw: column {items[0]} of {path} holds {kind}; expected numbers in every column")
        part = np.asarray(block) if block.attrs.get("transposed") else np.asarray(block).T
        if part.shape != (len(values), len(items)):
            raise UserError(f"raw: block {number} of {key!r} in {path} has the shape {part.shape}; is it cut short?")
        values[:, [place[item] for item in items]] = to_float32(part)
    return values

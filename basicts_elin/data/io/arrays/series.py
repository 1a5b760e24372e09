"""Series in `.npy` and `.npz` files. T steps, N nodes, C channels."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Optional, Protocol

import numpy as np

from ....errors import UserError
from ..channels import channel_note, choose_channel, target_first
from ..damage import refusing_damage
from ..options import ReadOptions
from ..raw import RawSeries
from .stream import Header, read_channels, read_header, read_small

_KEY = "data"
_SHAPES = "numbers [rows, nodes] or [rows, nodes, channels]"
_ID_KEYS = (
    "ids",
    "id",
    "segments",
    "node_names",
    "names",
    "sensors",
    "sensor_ids",
    "nodes",
    "stations",
    "node_ids",
    "columns",
)
_TIME_KEYS = ("times", "time", "timestamps", "timestamp", "dates", "date", "datetime", "index", "ds")


def read_npy_series(path: Path, options: ReadOptions) -> RawSeries:
    """The array of an `.npy` file.

    Raises: UserError if it is no series, or the file is damaged.
    """
    _refuse(options, path, ("key", "time", "sensor"))

    with refusing_damage(path, "an .npy file"), path.open("rb") as stream:
        header = read_header(stream)
        _check(header, str(path))

        def channels(numbers: list[int]) -> np.ndarray:
            return read_channels(stream, header, numbers)

        return _series(channels, header, options, str(path), [])


def read_npz_series(path: Path, options: ReadOptions) -> RawSeries:
    """One array of an `.npz` file, and the times, sensor ids and channel names beside it.

    Without a key it is `data`, or the only array that can be a series.
    Raises: UserError if several arrays can be it, if it is none, or if the file is damaged.
    """
    _refuse(options, path, ("time", "sensor"))
    with _opened(path) as archive:
        return read_arrays(archive, options)


def npz_headers(path: Path) -> dict[str, Header]:
    """The arrays in an `.npz` file.

    Raises: UserError if the file is damaged.
    """
    with _opened(path) as archive:
        return archive.headers


@contextmanager
def _opened(path: Path) -> Iterator["_Archive"]:
    with path.open("rb") as content:
        # of a path, a file that cannot be opened would only be no archive
        is_archive = zipfile.is_zipfile(content)
    if not is_archive:
        found = f"{path} is not a zip archive, or only the start of one"
        raise UserError("file", found, "an .npz file", "download or copy it again")
    with refusing_damage(path, "an .npz file"), zipfile.ZipFile(path) as archive:
        yield _Archive(path, archive)


class ArrayFile(Protocol):
    """A file of named arrays, of which only the headers have been read."""

    path: Path
    headers: dict[str, Header]

    def small(self, name: str) -> np.ndarray:
        """A whole array."""

    def channels(self, name: str, channels: list[int]) -> np.ndarray:
        """These channels of an array [T, N] or [T, N, C], as float32 [T, N, channels]."""


def read_arrays(file: ArrayFile, options: ReadOptions) -> RawSeries:
    """The series in a file of arrays.

    Raises: UserError if several arrays can be it, or if it is none.
    """
    headers, path = file.headers, file.path
    key = options.key.strip("/") if options.key is not None else _choose(headers, path)
    if key not in headers:
        raise UserError("key", f"{key!r}, which is not in {path}", f"one of {_list(headers)}", "correct --key")
    _check(headers[key], f"{key!r} in {path}")
    notes = [f"the series is the array {key!r} of {', '.join(headers)}"] if len(headers) > 1 else []
    facts = {name: file.small(name) for name in _beside(headers, key, notes)}

    def read_channels(channels: list[int]) -> np.ndarray:
        return file.channels(key, channels)

    names = _channel_names(headers[key], facts)
    return _with_labels(_series(read_channels, headers[key], options, f"{key!r} in {path}", notes, names), facts)


class _Archive:
    def __init__(self, path: Path, archive: zipfile.ZipFile):
        self.path, self._archive = path, archive
        self._members = {name.removesuffix(".npy"): name for name in archive.namelist()}
        self.headers = {}
        for name, member in self._members.items():
            with archive.open(member) as stream:
                self.headers[name] = read_header(stream)

    def small(self, name: str) -> np.ndarray:
        with self._archive.open(self._members[name]) as stream:
            return read_small(stream, read_header(stream))

    def channels(self, name: str, channels: list[int]) -> np.ndarray:
        with self._archive.open(self._members[name]) as stream:
            return read_channels(stream, read_header(stream), channels)


def _refuse(options: ReadOptions, path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        if getattr(options, name) is not None:
            found = f"{getattr(options, name)!r}, but {path} holds no table"
            raise UserError(name, found, fix=f"omit --{name}")


def _check(header: Header, where: str) -> None:
    if header.holds_objects:
        fix = "save it as numbers: np.savez(path, data=array.astype(np.float32)); nothing in the file was executed"
        raise UserError("file", f"{where} holds Python objects, not numbers", _SHAPES, fix)
    if header.kind.kind not in "iufb":
        raise UserError("file", f"{where} of type {header.kind}", "integers or floats", "save numbers")
    if not header.fits_a_series:
        raise UserError("file", f"{where} of shape {list(header.shape)}", _SHAPES, "save the series as such an array")


def _choose(headers: dict[str, Header], path: Path) -> str:
    if _KEY in headers:
        return _KEY
    fitting = {name: header for name, header in headers.items() if header.fits_a_series}
    # A matrix with one row for each node of another array describes its nodes: a graph, or positions.
    nodes = {header.shape[1] for header in fitting.values() if header.shape[0] != header.shape[1]}
    series = [name for name, header in fitting.items() if header.shape[0] not in nodes]
    if len(series) == 1:
        return series[0]
    if len(headers) == 1:
        # The only array is refused for what it is.
        return next(iter(headers))
    objects = [name for name, header in headers.items() if header.holds_objects]
    fix = "name the series by --key" if fitting else "save the series as such an array"
    if objects and not fitting:
        fix = f"{', '.join(objects)} holds Python objects: save numbers, array.astype(np.float32)"
    raise UserError("file", f"{path} with the arrays {_list(headers)}", f"one array of {_SHAPES}", fix)


def _list(headers: dict[str, Header]) -> str:
    return ", ".join(f"{name} {header.kind} {list(header.shape)}" for name, header in headers.items()) or "(none)"


def _series(
    read: Callable[[list[int]], np.ndarray],
    header: Header,
    options: ReadOptions,
    where: str,
    notes: list[str],
    channel_names: Optional[list[str]] = None,
) -> RawSeries:
    count = header.shape[2] if len(header.shape) == 3 else 1
    names = channel_names or [str(number) for number in range(count)]
    target = choose_channel(names, options, where)
    kept = [target, *(number for number in range(count) if number != target and options.covariates)]
    values = read(kept)
    return RawSeries(
        values[..., 0] if len(kept) == 1 else np.ascontiguousarray(values[..., 0]),
        covariates=np.ascontiguousarray(values[..., 1:]) if len(kept) > 1 else None,
        channel_names=target_first(names, target, options),
        notes=(*notes, *channel_note(names, target, options)),
    )


def _beside(headers: dict[str, Header], key: str, notes: list[str]) -> list[str]:
    """The arrays of one dimension that describe the steps, nodes or channels of the series."""
    chosen = []
    for name, header in headers.items():
        if name == key or len(header.shape) != 1 or header.shape[0] not in headers[key].shape:
            continue
        if header.holds_objects:
            notes.append(f"the array {name!r} holds Python objects and is not read; save it as strings or numbers")
        elif header.kind.kind in "iufSUM":
            chosen.append(name)
    return chosen


def _channel_names(header: Header, facts: dict[str, np.ndarray]) -> Optional[list[str]]:
    """A list of texts that is as long as there are channels."""
    if len(header.shape) < 3:
        return None
    fitting = [
        array
        for name, array in facts.items()
        if array.dtype.kind in "SU" and len(array) == header.shape[2] and name.lower() not in _ID_KEYS + _TIME_KEYS
    ]
    names = _texts(fitting[0]) if len(fitting) == 1 else []
    return names if names and len(set(names)) == len(names) else None


def _with_labels(series: RawSeries, facts: dict[str, np.ndarray]) -> RawSeries:
    num_rows, num_nodes = series.values.shape
    by_name = {name.lower(): array for name, array in facts.items()}
    ids = next((by_name[name] for name in _ID_KEYS if name in by_name and len(by_name[name]) == num_nodes), None)
    if ids is None and num_nodes != num_rows:
        texts = [array for array in facts.values() if array.dtype.kind in "SU" and len(array) == num_nodes]
        ids = texts[0] if len(texts) == 1 and len(texts[0]) != len(series.channel_names or ()) else None
    times = next((by_name[name] for name in _TIME_KEYS if name in by_name and len(by_name[name]) == num_rows), None)
    if times is None:
        dates = [array for array in facts.values() if array.dtype.kind == "M" and len(array) == num_rows]
        times = dates[0] if len(dates) == 1 else None
    notes = list(series.notes)
    names = None
    if ids is not None:
        names = _texts(ids)
        if len(set(names)) != len(names):
            notes.append("the ids beside the series are not used: some are there twice")
            names = None
    if times is not None and times.dtype.kind in "SU":
        times = np.array(_texts(times), dtype=object)
    return replace(series, times=times, node_names=names, notes=tuple(notes))


def _texts(array: np.ndarray) -> list[str]:
    if array.dtype.kind == "S":
        return [text.decode("utf-8", "replace") for text in array.tolist()]
    if array.dtype.kind == "f" and (array == np.rint(array)).all():
        array = array.astype(np.int64)
    return [str(text) for text in array.tolist()]

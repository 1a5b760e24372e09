"""Folders: one file for each part of the time, or one for each sensor. T rows, N sensors."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

import numpy as np

from ...errors import UserError
from .batches import joined
from .channels import channel_note, choose_channel
from .kinds import FEATHER, HDF5, NPY, NPZ, PACKED, PARQUET, TEXT
from .options import ReadOptions
from .raw import RawSeries
from .reading import read_file

_KINDS = {
    **dict.fromkeys(TEXT, "text"),
    **dict.fromkeys(PARQUET, "Parquet"),
    **dict.fromkeys(FEATHER, "Feather"),
    **dict.fromkeys(HDF5, "HDF5"),
    **dict.fromkeys((NPY, NPZ), "numpy"),
}
_DATE = re.compile(
    r"(19|20)\d{2}[-_. ]?(0[1-9]|1[0-2]|Q[1-4])|(19|20)\d{2}|\b(0?[1-9]|1[0-2])\b|jan|feb|mar|apr|may|jun", re.I
)
_MORE_DATES = re.compile(r"jul|aug|sep|oct|nov|dec|part|week|day", re.I)
_ONE_FILE = "join the files into one"
# What people lay beside their data.
_NOTES = ("readme", "license", "licence", "notes", "about", "changelog")


@dataclass(frozen=True)
class _Part:
    path: Path
    series: RawSeries

    @property
    def stem(self) -> str:
        """The name without what says the kind."""
        return _stem(self.path)


def read_folder(folder: Path, options: ReadOptions) -> RawSeries:
    """The series in the files of a folder.

    Files that have the same columns (or most of them) are rows below each other: one for each month, say. Files with
    one column of values and common times are sensors beside each other, each named as its file.
    Raises: UserError if the folder has no such files, or it is not certain how they belong together.
    """
    if (folder / "data.dat").is_file() or (folder / "desc.json").is_file():
        from .basicts05 import read_legacy

        for name, value in vars(options).items():
            if value:
                found = f"given for {folder}, a folder of BasicTS 0.5: its first channel is the series"
                raise UserError(name, found, fix=f"omit --{name}")
        return read_legacy(folder)
    if (folder / "meta.json").is_file() and (folder / "train_data.npy").is_file():
        raise UserError("file", f"{folder} is a prepared dataset", "the files it was made from", "train on it by name")
    files, ignored = _files(folder)
    notes = [f"{len(files)} files of {folder.name} are read"]
    if ignored:
        what = "files and folders" if any(name.endswith("/") for name in ignored) else "files"
        notes.append(f"{len(ignored)} other {what} of {folder.name} are ignored: {', '.join(ignored[:5])}")
    if len(files) == 1:
        series = read_file(files[0], options)
        return replace(series, notes=(*notes, *series.notes))
    # The channel is chosen when it is known whether a column is a sensor or a channel.
    plain = replace(options, channel=None) if options.sensor is None else options
    parts = [_Part(file, read_file(file, plain)) for file in files]
    _check_alike(parts, folder)
    if parts[0].series.sensors is not None:
        series = _long(parts, notes, folder)
    elif _are_sensors(parts, folder):
        series = _sensors(parts, notes, folder, options)
    else:
        if options.channel is not None:
            fix = "omit --channel"
            raise UserError("channel", f"{options.channel!r}, but each column in {folder} is a sensor", fix=fix)
        series = _rows(parts, notes, folder)
    notes += dict.fromkeys(note for part in parts for note in part.series.notes)
    return replace(series, notes=tuple(notes))


def _files(folder: Path) -> tuple[list[Path], list[str]]:
    """The files to read, in the order of the numbers in their names, and the names of the others."""
    by_kind: dict[str, list[Path]] = {}
    ignored = []
    for path in sorted(folder.iterdir(), key=lambda path: _natural(path.name)):
        if path.name.startswith((".", "_")):
            continue
        kind = None if path.is_dir() or _stem(path).lower().startswith(_NOTES) else _KINDS.get(_suffix(path))
        if kind is None:
            ignored.append(f"{path.name}/" if path.is_dir() else path.name)
        else:
            by_kind.setdefault(kind, []).append(path)
    if not by_kind:
        found = f"no data files in {folder}{f', only others such as {ignored[0]}' if ignored else ''}"
        fix = "name another folder or file"
        if any(name.endswith("/") for name in ignored):
            fix = "folders in it are not read: move their files into one folder, or name one of them"
        raise UserError("file", found, "files .csv, .parquet, .feather, .h5 or .npz", fix)
    if len(by_kind) > 1:
        listed = ", ".join(f"{len(paths)} {kind} ({paths[0].name})" for kind, paths in by_kind.items())
        raise UserError("file", f"{folder} with {listed}", "files of one kind", "keep those that are the series")
    return next(iter(by_kind.values())), ignored


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return suffixes[-2] if len(suffixes) > 1 and suffixes[-1] in PACKED else suffixes[-1] if suffixes else ""


def _stem(path: Path) -> str:
    name = path.name
    for suffix in (*PACKED, _suffix(path)):
        name = name[: -len(suffix)] if suffix and name.lower().endswith(suffix) else name
    return name


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


def _check_alike(parts: list[_Part], folder: Path) -> None:
    """All files must have times of one kind, and be wide, or be long."""
    first = parts[0]
    for part in parts:
        if part.series.times is None:
            found = f"{part.path} has no times, so its place among the {len(parts)} files of {folder} is unknown"
            fix = "move it elsewhere if it is not part of the series, or join the files into one"
            raise UserError("file", found, "a time in each row", fix)
        if (part.series.sensors is None) != (first.series.sensors is None):
            long, wide = (part, first) if first.series.sensors is None else (first, part)
            found = f"{long.path} is a long table, {wide.path} a wide one"
            raise UserError("file", found, "files of one kind", "keep those that are the series")
        kinds = [one.series.times.dtype.kind for one in (first, part) if one.series.times is not None]
        if kinds[0] != kinds[1] or part.series.zone != first.series.zone:
            found = f"{first.path} and {part.path} write their times in different ways"
            raise UserError("file", found, "times of one kind", "write the times of all files alike")


def _are_sensors(parts: list[_Part], folder: Path) -> bool:
    """Whether each file is a sensor; False if each is a part of the time. Common times tell."""
    names = [part.series.node_names for part in parts]
    is_one = all(part.series.values.shape[1] == 1 for part in parts)
    is_same = all(name == names[0] for name in names)
    if not is_one and not is_same:
        return False
    times = [part.series.times for part in parts if part.series.times is not None]
    common = sum(_overlap(times[0], other) for other in times[1:]) / (len(times) - 1)
    if common > 0.5:
        return True
    dated = sum(bool(_DATE.search(part.stem) or _MORE_DATES.search(part.stem)) for part in parts)
    if common < 0.05 and (is_same or dated == len(parts)) and (not is_one or dated == len(parts)):
        return False
    if not is_one:
        return False
    found = (
        f"{len(parts)} files of {folder}, each with one column of values, have {common:.0%} of their times in common"
    )
    expected = "a file for each sensor, with common times, or one for each month, with the month in its name"
    raise UserError("file", found, expected, _ONE_FILE)


def _overlap(first: np.ndarray, second: np.ndarray) -> float:
    """The share of the smaller one that both have."""
    one, other = set(first.tolist()), set(second.tolist())
    return len(one & other) / max(1, min(len(one), len(other)))


def _sensors(parts: list[_Part], notes: list[str], folder: Path, options: ReadOptions) -> RawSeries:
    """Each file a sensor, as a long table. Its columns are channels."""
    stems = [part.stem for part in parts]
    if len(set(stems)) != len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        raise UserError(
            "file", f"several files of {folder} are called {twice}", "a file for each sensor", "rename them"
        )
    notes.append(f"each file is a sensor, named as the file, such as {stems[0]}")
    names = parts[0].series.node_names or [str(column) for column in range(parts[0].series.values.shape[1])]
    if len(names) > 1 and options.channel is None:
        found = f"the files of {folder} have common times and the same {len(names)} columns: {', '.join(names[:8])}"
        expected = "one column of values in the file of each sensor, or a file for each month"
        fix = "name the target by --channel if each file is a sensor; give one of the files if each is a channel"
        raise UserError("file", found, expected, fix)
    target = choose_channel(names, options, str(folder)) if len(names) > 1 else 0
    notes += channel_note(names, target, options)
    others = [column for column in range(len(names)) if column != target] if options.covariates else []
    lengths = [len(part.series.values) for part in parts]
    return RawSeries(
        joined([part.series.values[:, target].copy() for part in parts]),
        _joined_times(parts),
        parts[0].series.zone,
        sensors=np.repeat(np.arange(len(parts)), lengths),
        node_names=stems,
        covariates=joined([part.series.values[:, others] for part in parts]) if others else None,
        channel_names=[names[target], *(names[column] for column in others)] if len(names) > 1 else None,
    )


def _rows(parts: list[_Part], notes: list[str], folder: Path) -> RawSeries:
    """The rows of all files below each other; NaN where a file lacks a column."""
    notes.append(f"the rows of the files are joined, from {parts[0].path.name} on")
    # The file with the most columns gives their order.
    by_width = sorted(parts, key=lambda part: -part.series.values.shape[1])
    names = list(dict.fromkeys(name for part in by_width for name in part.series.node_names or ()))
    widths = {part.series.values.shape[1] for part in parts}
    if not names:
        if len(widths) > 1:
            found = f"the files of {folder} have {min(widths)} to {max(widths)} columns without names"
            raise UserError("file", found, "the same columns", "name the columns")
    elif any(part.series.node_names is None for part in parts):
        raise UserError("file", f"some files of {folder} have no header", "a header in each file", "add it")
    common = min(widths) / len(names) if names else 1.0
    shared = [name for name in names if all(name in _set(part) for part in parts)]
    if names and (not shared or common < 0.5):
        one = next(part for part in parts if part.series.values.shape[1] == min(widths))
        found = f"the files of {folder} have {len(shared)} of {len(names)} columns in common; {one.path.name} differs"
        raise UserError("file", found, "files with the same columns", "keep those that are the series")
    place = {name: column for column, name in enumerate(names)}
    total = sum(len(part.series.values) for part in parts)
    values = np.full((total, len(names) or widths.pop()), np.nan, np.float32)
    times = _joined_times(parts)
    row, zone = 0, parts[0].series.zone
    for number, part in enumerate(parts):
        part_names, rows = part.series.node_names, slice(row, row + len(part.series.values))
        if part_names is None or part_names == names:
            values[rows] = part.series.values
        else:
            values[rows, [place[name] for name in part_names]] = part.series.values
            absent = [name for name in names if name not in set(part_names)]
            if absent:
                notes.append(f"{part.path.name} lacks {len(absent)} columns, such as {absent[0]}: missing there")
        row = rows.stop
        # Each part is freed once it is copied.
        parts[number] = _Part(part.path, replace(part.series, values=np.empty((0, 0), np.float32)))
    return RawSeries(values, times, zone, node_names=names or None)


def _long(parts: list[_Part], notes: list[str], folder: Path) -> RawSeries:
    notes.append(f"the rows of the files are joined, from {parts[0].path.name} on")
    channels = parts[0].series.channel_names
    if any(part.series.channel_names != channels for part in parts):
        raise UserError("file", f"the files of {folder} have different columns of values", "the same", _ONE_FILE)
    names = list(dict.fromkeys(name for part in parts for name in part.series.node_names or ()))
    place = {name: number for number, name in enumerate(names)}
    sensors = []
    for part in parts:
        if part.series.sensors is not None and part.series.node_names is not None:
            sensors.append(np.array([place[name] for name in part.series.node_names], np.int64)[part.series.sensors])
    covariates: Optional[Sequence] = [part.series.covariates for part in parts if part.series.covariates is not None]
    return RawSeries(
        joined([part.series.values for part in parts]),
        _joined_times(parts),
        parts[0].series.zone,
        sensors=joined(sensors),
        node_names=names,
        covariates=joined(list(covariates)) if covariates else None,
        channel_names=channels,
    )


def _joined_times(parts: list[_Part]) -> np.ndarray:
    return np.concatenate([part.series.times for part in parts if part.series.times is not None])


def _set(part: _Part) -> set[str]:
    return set(part.series.node_names or ())

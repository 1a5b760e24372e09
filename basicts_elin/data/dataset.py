"""A prepared dataset. Its folder is opened once, and the object is passed on."""

import functools
import hashlib
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from ..errors import UserError, one_line
from .catalog import (
    MINUTES_PER_DAY,
    DatasetFacts,
    UnknownDatasetError,
    dataset_facts,
    find_facts,
    how_to_get,
    not_prepared,
    regular_settings,
    steps_per_day,
    unit_of,
)
from .dataset_times import read_breaks, read_origin, read_times, window_starts
from .io.npy import map_array
from .io.pickles import parse_arrays
from .layout import FILES, GRAPH_FILE, INTERVAL, META_FILE, PARTS, SETTINGS, meta_error, read_meta
from .quality import check_arrays
from .times.calendars import Calendar, calendar_of_meta
from .times.dates import format_time

DATASETS = Path("datasets")

_TIMESTAMPS = ("time of day", "day of week")


class Dataset:
    """One prepared folder in BasicTS 1.1's layout. T: rows of a part, N: nodes.

    A fact comes from `meta.json`. If it is missing there, the catalogue or a rule gives it. Each file is opened
    at most once, when it is first needed; arrays are memory-mapped. A dataset does not change: `copy.deepcopy` returns
    the same object. A pickle holds the path of the folder, and the process that reads it opens the folder.

    Attributes:
        folder: the path as it was given; messages name it.
        meta: content of `meta.json`; {} if there is none.
    """

    def __init__(self, folder: Path, meta: dict[str, Any]):
        self.folder, self.meta = folder, meta
        self._place = folder.resolve()
        self._state = _state(self._place)
        self._facts = find_facts(meta.get("name", folder.name))
        self._arrays: dict[tuple[str, str], np.ndarray] = {}
        self._is_sound = False

    def __deepcopy__(self, memo: dict) -> "Dataset":
        return self

    def __reduce__(self) -> tuple:
        return open_dataset, (self.folder,)

    def __repr__(self) -> str:
        return f"Dataset({str(self.folder)!r})"

    def is_current(self, folder: Path) -> bool:
        """Whether this is the dataset in `folder`, and no file there has changed since it was opened."""
        return folder.resolve() == self._place and _state(self._place) == self._state

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def num_nodes(self) -> int:
        return self.meta.get("num_vars") or self.values("train").shape[1]

    @property
    def num_rows(self) -> int:
        return sum(len(self.values(part)) for part in PARTS)

    @functools.cached_property
    def interval_minutes(self) -> int:
        """Minutes between rows. If they are not stated, they follow from the time of day of the training part."""
        known = self.meta.get(INTERVAL) or self._known("interval_minutes")
        if known is not None:
            return known
        advances = np.diff(self.timestamps("train")[:, 0].astype(np.float64))
        advances = advances[advances > 0]
        return max(1, round(float(np.median(advances)) * MINUTES_PER_DAY)) if len(advances) else MINUTES_PER_DAY

    @property
    def steps_per_day(self) -> int:
        return steps_per_day(self.interval_minutes)

    @property
    def null_value(self) -> float:
        """The number that marks a missing value; NaN if it is not stated."""
        found = self.meta.get(SETTINGS, {}).get("null_val")
        return float(self._known("null_value", np.nan) if found is None else found)

    @property
    def split(self) -> tuple[float, float, float]:
        """Fractions of the training, validation and test part."""
        found = self.meta.get(SETTINGS, {}).get("train_val_test_ratio") or self._known("split")
        return tuple(found or (len(self.values(part)) / self.num_rows for part in PARTS))

    @property
    def regular_settings(self) -> dict[str, Any]:
        """The settings in `meta.json`; for missing keys, the benchmark's."""
        return {**regular_settings(self.split, self.null_value), **self.meta.get(SETTINGS, {})}

    @property
    def domain(self) -> str:
        """The quantity measured; "" if it is not stated."""
        return self.meta.get("domain") or self._known("domain", "")

    @property
    def unit(self) -> str:
        return self.meta.get("unit") or unit_of(self.domain) or self._known("unit", "")

    @property
    def non_negative(self) -> bool:
        """Whether the quantity cannot be below 0."""
        return self.meta.get("non_negative", self._known("non_negative", False))

    @property
    def timestamp_rule(self) -> Optional[str]:
        """`catalog.ROW_INDEX` or `catalog.DATES`; None if it is not stated."""
        return self.meta.get("timestamp_rule") or self._known("timestamp_rule")

    @property
    def part_of(self) -> Optional[str]:
        """Name of the whole public dataset that this one is a part of."""
        return self.meta.get("part_of") or self._known("part_of")

    @property
    def start(self) -> Optional[str]:
        """Date and time of the first row, local time; None if it is not known."""
        return None if self._times is None else format_time(self._times[0][0])

    @property
    def gaps(self) -> tuple[tuple[str, int], ...]:
        """(last date before the gap, number of missing rows) for each gap between the dates."""
        _, gaps, _ = read_origin(self, self._facts)
        return tuple(map(tuple, gaps))

    @property
    def timezone(self) -> Optional[str]:
        """Name of the IANA. The rows are then regular in real time; without one, by the clock."""
        return self.meta.get("timezone")

    @functools.cached_property
    def calendar(self) -> Optional[Calendar]:
        """The local times that the series has; None: all."""
        found = self.meta.get("calendar")
        return None if found is None else calendar_of_meta(found)

    @property
    def windows_across_breaks(self) -> bool:
        """Whether a window may hold rows before and after a break: a night that the calendar skips, or a gap."""
        return self.meta.get("windows_across_breaks", True)

    @property
    def node_names(self) -> list[str]:
        """The sensor ids, or the numbers from 0 if `meta.json` has none.

        Raises: UserError if the number of names is not the number of nodes.
        """
        names = self.meta.get("node_names")
        if names is None:
            return [str(number) for number in range(self.num_nodes)]
        if len(names) != self.num_nodes:
            raise meta_error(self.folder, "node_names", f"{len(names)} names", f"{self.num_nodes}, one for each node")
        return [str(name) for name in names]

    def values(self, part: str) -> np.ndarray:
        """float32 [T, N] of "train", "val" or "test", memory-mapped if the file has that type."""
        stored = self.stored(part, "data")
        if stored.dtype == np.float32:
            return stored
        if (part, "values") not in self._arrays:
            with np.errstate(over="ignore"):
                self._arrays[part, "values"] = stored.astype(np.float32)
        return self._arrays[part, "values"]

    def timestamps(self, part: str) -> np.ndarray:
        """float32 [T, 2], time of day and day of week, both in [0, 1).

        `timestamps_description` in `meta.json` says which columns these are; without it they are the first two.
        """
        stored = self.stored(part, "timestamps")
        if stored.shape[1] != len(_TIMESTAMPS) or self.timestamp_columns != [0, 1]:
            if (part, "times") not in self._arrays:
                self._arrays[part, "times"] = np.ascontiguousarray(stored[:, self.timestamp_columns])
            stored = self._arrays[part, "times"]
        return stored.astype(np.float32, copy=False)

    @property
    def timestamp_columns(self) -> list[int]:
        """The columns of the stored timestamps that hold time of day and day of week."""
        names = self.meta.get("timestamps_description", [])
        described = [" ".join(str(name).lower().replace("_", " ").split()) for name in names]
        return [described.index(name) for name in _TIMESTAMPS] if {*_TIMESTAMPS} <= {*described} else [0, 1]

    def dates(self, part: str) -> Optional[np.ndarray]:
        """Local times datetime64[m] [T], from `meta.json` or the catalogue; None if the dates are not known.

        They must agree with the stored time of day, and with the day of week if the dataset's rule takes it from dates.

        Raises: UserError if `start` and `gaps` are not dates.
        """
        return None if self._times is None else self._times[0][self._rows(part)]

    def instants(self, part: str) -> Optional[np.ndarray]:
        """Real times datetime64[m] [T]: UTC with a time zone, else as `dates`; None if the dates are not known."""
        return None if self._times is None else self._times[1][self._rows(part)]

    def window_starts(self, part: str, input_len: int, output_len: int) -> np.ndarray:
        """The first row of each window of a part, int64. Raises: UserError if breaks leave no window."""
        return window_starts(self, part, input_len, output_len)

    @functools.cached_property
    def graph(self) -> Optional[bytes]:
        """The content of `adj_mx.pkl`; None if there is none."""
        file = self._place / GRAPH_FILE
        return file.read_bytes() if file.is_file() else None

    @functools.cached_property
    def adjacency(self) -> Any:
        """The content of the graph's pickle, see `io.pickles`; None without a graph."""
        return None if self.graph is None else parse_arrays(self.graph, self.folder / GRAPH_FILE, "graph")

    @functools.cached_property
    def fingerprint(self) -> dict[str, str]:
        """sha256 of the arrays ("data"), of the node names in their order ("nodes") and, if there is one, the graph."""
        # An array is a buffer. The type hints of numpy do not say so.
        data: Any = hashlib.sha256()
        names = "\n".join(self.node_names)
        for part in PARTS:
            for kind in ("timestamps", "data"):
                array = self.stored(part, kind)
                data.update(f"{part}_{kind} {array.dtype.str} {array.shape}".encode())
                for rows in np.array_split(array, max(1, array.nbytes // 2**24)):
                    data.update(np.ascontiguousarray(rows))
            if not self.windows_across_breaks:
                data.update(f"{part} windows without breaks".encode())
                data.update(np.packbits(read_breaks(self, part)))
        found = {"data": data.hexdigest(), "nodes": hashlib.sha256(names.encode()).hexdigest()}
        return found if self.graph is None else {**found, "graph": hashlib.sha256(self.graph).hexdigest()}

    def check(self) -> None:
        """Raises: UserError unless the arrays are sound and fit each other and `meta.json`."""
        if not self._is_sound:
            check_arrays(self)
            self._is_sound = True

    def stored(self, part: str, kind: str) -> np.ndarray:
        """The array "data" or "timestamps" of a part as its file has it, memory-mapped.

        Raises: UserError if the file is missing or damaged.
        """
        if (part, kind) not in self._arrays:
            self._arrays[part, kind] = self._open(f"{part}_{kind}.npy")
        return self._arrays[part, kind]

    def _open(self, name: str) -> np.ndarray:
        file, again = self.folder / name, f"prepare {self.name} again"
        if not (self._place / name).is_file():
            raise UserError(file, "missing", f"an array of dataset {self.name}", how_to_get(self.name))
        try:
            array = map_array(self._place / name)
        except OSError:
            raise
        except Exception as error:
            # A damaged header can fail in any way, from EOFError to SyntaxError.
            raise UserError(file, f"cannot be read ({one_line(error)})", "an .npy array", again) from error
        is_times = name.endswith("_timestamps.npy")
        expected = "floats [rows, columns]" if is_times else "numbers [rows, nodes]"
        if array.ndim != 2 or array.dtype.kind not in ("f" if is_times else "fiu"):
            raise UserError(file, f"{array.dtype} {list(array.shape)}", expected, again)
        return array

    def _known(self, fact: str, default: Any = None) -> Any:
        """The fact in the catalogue."""
        return default if self._facts is None else getattr(self._facts, fact)

    @functools.cached_property
    def _times(self) -> Optional[tuple[np.ndarray, np.ndarray]]:
        """The dates of all rows, and their instants."""
        return read_times(self, self._facts)

    def _rows(self, part: str) -> slice:
        """The rows of a part among those of all parts."""
        lengths = [len(self.timestamps(name)) for name in PARTS]
        first = sum(lengths[: PARTS.index(part)])
        return slice(first, first + lengths[PARTS.index(part)])


def open_dataset(folder: Union[str, Path]) -> Dataset:
    """The dataset in a prepared folder. Only `meta.json` is read yet.

    Raises: UserError if there is no folder, or `meta.json` cannot be used.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise not_prepared(folder.name, folder)
    return Dataset(folder, read_meta(folder))


def find_dataset(name: str) -> Union[Dataset, DatasetFacts]:
    """The dataset in `datasets/<name>` if it is prepared there, else its facts in the catalogue.

    Raises: UnknownDatasetError if there is neither. UserError if `meta.json` cannot be used.
    """
    folder = DATASETS / name
    if any((folder / file).is_file() for file in (META_FILE, "train_data.npy")):
        return open_dataset(folder)
    try:
        return dataset_facts(name)
    except UnknownDatasetError as error:
        expected = f"a folder in {DATASETS}/, or {error.expected}"
        raise UnknownDatasetError("dataset", name, expected, "prepare it, or correct the name") from None


def dataset_folder(config: MutableMapping[str, Any]) -> Path:
    """The folder of a configuration's dataset."""
    return Path(config["dataset_params"].get("data_file_path") or DATASETS / config["dataset_name"])


def dataset_of(config: MutableMapping[str, Any]) -> Dataset:
    """The dataset of a configuration, which carries it as `_dataset`, a field that BasicTS leaves out of its hash.

    It is opened if the configuration does not carry it, or if its files have changed since.

    Raises: UserError as `open_dataset`.
    """
    folder, found = dataset_folder(config), config.get("_dataset")
    if found is None or not found.is_current(folder):
        if not folder.is_dir():
            raise not_prepared(config["dataset_name"], folder)
        found = config["_dataset"] = open_dataset(folder)
    return found


def _state(folder: Path) -> tuple:
    """A value that changes if a file of the folder changes."""
    stats = [(folder / name).stat() if (folder / name).is_file() else None for name in (*FILES, GRAPH_FILE)]
    return tuple(stat and (stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in stats)

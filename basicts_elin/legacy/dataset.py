"""The datasets that legacy models read. No other module of `legacy` reads from datasets/.

T: rows of the series, N: nodes.
"""

import copy
import hashlib
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from ..data.catalog import DatasetFacts, UnknownDatasetError, not_prepared
from ..data.dataset import DATASETS, Dataset, find_dataset
from ..data.io.pickles import parse_arrays
from ..data.layout import GRAPH_FILE, PARTS, SETTINGS
from ..errors import UserError

# a prepared dataset, or what the catalogue knows of one
KnownDataset = Union[Dataset, DatasetFacts]

_STEPS = 12


def known_dataset(name: str) -> Optional[KnownDataset]:
    """The dataset of that name; None if it is neither prepared nor in the catalogue."""
    try:
        return find_dataset(name)
    except UnknownDatasetError:
        return None


def current_dataset(name: str, opened: Optional[Dataset]) -> KnownDataset:
    """`opened`, if it has that name and its files have not changed since; else what `find_dataset` finds."""
    if opened is not None and opened.name == name and opened.is_current(DATASETS / name):
        return opened
    return find_dataset(name)


class RunDataset:
    """The dataset of a run, as legacy code sees it. A part is also found by the name of the whole dataset.

    Args:
        dataset: the dataset of the run; None if it is the one that the configuration names.
    Attributes:
        graph_hashes: SHA-256 of each pickle that was read, by its file.
    """

    def __init__(self, dataset: Optional[KnownDataset] = None):
        self.graph_hashes: dict[Path, str] = {}
        self._known: dict[str, KnownDataset] = {}
        if dataset is not None:
            self._known = {name: dataset for name in (dataset.name, dataset.part_of) if name}

    def find(self, name: str) -> KnownDataset:
        """The dataset that a configuration calls `name`. Raises: UserError for an unknown one."""
        if name not in self._known:
            self._known[name] = find_dataset(name)
        return self._known[name]

    def open(self, name: str) -> Dataset:
        """As `find`. Raises: UserError also for a dataset that is not prepared."""
        found = self.find(name)
        if not isinstance(found, Dataset):
            raise not_prepared(found.name, DATASETS / found.name)
        return found

    def settings(self, name: str) -> dict[str, Any]:
        """BasicTS's `regular_settings`, with the number of steps of input and output."""
        found = self.find(name)
        stored = found.meta.get(SETTINGS, {}) if isinstance(found, Dataset) else found.regular_settings
        defaults = {"norm_each_channel": False, "rescale": True, "metrics": ["MAE", "RMSE", "MAPE"]}
        own = {"train_val_test_ratio": list(found.split), "null_val": found.null_value}
        return {"input_len": _STEPS, "output_len": _STEPS, **defaults, **stored, **own}

    def series(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """All values [T, N] and timestamps [T, 2], time of day and day of week in [0, 1)."""
        dataset = self.open(name)
        values, times = ([read(part) for part in PARTS] for read in (dataset.values, dataset.timestamps))
        return np.concatenate(values), np.concatenate(times)

    def pickled(self, file: Path) -> Any:
        """The content of a pickle. A path into datasets/ means the dataset that the configuration calls by that name.

        Raises: UserError if a dataset has no such file.
        """
        if file.parent.parent != DATASETS:
            return self._read(file)
        dataset = self.open(file.parent.name)
        if file.name != GRAPH_FILE:
            return self._read(dataset.folder / file.name)
        place = dataset.folder / GRAPH_FILE
        if dataset.graph is None:
            raise UserError(place, "missing", "the graph, which this legacy model needs", _with_graph(dataset))
        self.graph_hashes[place] = hashlib.sha256(dataset.graph).hexdigest()
        # legacy code may change it in place
        return copy.deepcopy(dataset.adjacency)

    def adjacency(self, file: Path) -> np.ndarray:
        """The adjacency matrix in a pickle [N, N], writable. Raises: UserError if the dataset has another N."""
        content = self.pickled(file)
        # DCRNN's pickles hold ids, and indices by id, before the matrix
        matrix = np.array(content[2] if isinstance(content, (list, tuple)) else content)
        if file.parent.parent == DATASETS:
            dataset = self.open(file.parent.name)
            nodes = dataset.num_nodes
            if matrix.shape != (nodes, nodes):
                found = " x ".join(map(str, matrix.shape)) or type(content).__name__
                expected = f"{nodes} x {nodes}, for {nodes} nodes"
                raise UserError(dataset.folder / file.name, found, expected, _with_graph(dataset))
        return matrix

    def _read(self, file: Path) -> Any:
        if not file.is_file():
            raise UserError(file, "missing", "a file that this legacy model needs")
        content = file.read_bytes()
        self.graph_hashes[file] = hashlib.sha256(content).hexdigest()
        return parse_arrays(content, file, "graph")


def _with_graph(dataset: Dataset) -> str:
    return f"put it there, or `basicts-elin prepare {dataset.name} --force ...` with --distances or --adjacency"

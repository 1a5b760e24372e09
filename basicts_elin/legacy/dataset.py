"""The datasets that legacy models read. No other module of legacy/ reads from datasets/.

T: rows of the series, N: nodes.
"""

import copy
import hashlib
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from ..data.catalog import DatasetFacts, UnknownDatasetError, not_prepared
from ..data.dataset import DATASETS, Dataset, find_dataset
from ..data.io.pickles import load_arrays
from ..data.layout import GRAPH_FILE, PARTS
from ..errors import UserError

KnownDataset = Union[Dataset, DatasetFacts]


def known_dataset(name: str) -> Optional[KnownDataset]:
    """The dataset if it is prepared, else its facts in the catalogue; None for an unknown one."""
    try:
        return find_dataset(name)
    except UnknownDatasetError:
        return None


class RunDataset:
    """The dataset of a run, which a legacy configuration may call by the name of the whole dataset.

    Attributes:
        dataset: of the run; None if it is the one that the configuration names.
        graph_hashes: SHA-256 of each graph that was read, by its file.
    Raises: UserError for an unknown dataset.
    """

    def __init__(self, dataset: Union[None, str, KnownDataset] = None):
        self.dataset = find_dataset(dataset) if isinstance(dataset, str) else dataset
        self.graph_hashes: dict[Path, str] = {}
        self._others: dict[str, KnownDataset] = {}

    def facts(self, name: str) -> KnownDataset:
        """The dataset that a configuration calls `name`, or its facts. Raises: UserError for an unknown one."""
        if self.dataset is not None and name in (self.dataset.name, self.dataset.part_of):
            return self.dataset
        if name not in self._others:
            self._others[name] = find_dataset(name)
        return self._others[name]

    def opened(self, name: str) -> Dataset:
        """The dataset that a configuration calls `name`. Raises: UserError if it is not prepared."""
        found = self.facts(name)
        if not isinstance(found, Dataset):
            raise not_prepared(found.name, DATASETS / found.name)
        return found

    def series(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """All its values [T, N] and timestamps [T, 2], time of day and day of week in [0, 1)."""
        dataset = self.opened(name)
        values, times = (np.concatenate([of(part) for part in PARTS]) for of in (dataset.values, dataset.timestamps))
        return values, times

    def pickled(self, file: Path) -> Any:
        """What a pickle holds. A path into datasets/ leads to the run's dataset, if the configuration calls it that.

        Raises: UserError if there is no such file in a dataset.
        """
        if not _is_graph(file):
            content = load_arrays(file, "graph")
            self.graph_hashes[file] = hashlib.sha256(file.read_bytes()).hexdigest()
            return content
        dataset = self.opened(file.parent.name)
        place = dataset.folder / GRAPH_FILE
        if dataset.graph is None:
            raise UserError(place, "missing", "the graph, which this legacy model needs", _with_graph(place))
        self.graph_hashes[place] = hashlib.sha256(dataset.graph).hexdigest()
        return copy.deepcopy(dataset.adjacency)

    def adjacency(self, file: Path) -> np.ndarray:
        """The adjacency matrix in a pickle [N, N], writable. Raises: UserError if the dataset has another N."""
        content = self.pickled(file)
        # DCRNN's pickles hold ids, and indices by id, before the matrix
        matrix = np.array(content[2] if isinstance(content, (list, tuple)) else content)
        if _is_graph(file):
            dataset = self.opened(file.parent.name)
            nodes, place = dataset.num_nodes, dataset.folder / GRAPH_FILE
            if matrix.shape != (nodes, nodes):
                found = " x ".join(map(str, matrix.shape)) or type(content).__name__
                raise UserError(place, found, f"{nodes} x {nodes}, for {nodes} nodes", _with_graph(place))
        return matrix


def _is_graph(file: Path) -> bool:
    """Whether the path is that of a dataset's graph."""
    return file.parent.parent == DATASETS and file.name == GRAPH_FILE


def _with_graph(file: Path) -> str:
    return f"give the graph by `basicts-elin prepare {file.parent.name} --force ...` with --distances or --adjacency"

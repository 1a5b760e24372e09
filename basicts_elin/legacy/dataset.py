"""The datasets that legacy models read. No other module of this package reads from datasets/.

T: rows of the series, N: nodes.
"""

import hashlib
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..data.availability import how_to_get
from ..data.catalog import CATALOG, DatasetFacts, dataset_facts
from ..data.io.pickles import load_arrays
from ..data.layout import PARTS, read_meta
from ..errors import UserError

DATASETS = Path("datasets")


def is_known(name: str) -> bool:
    """Whether there is such a dataset."""
    return name in CATALOG


def facts_of(name: str) -> DatasetFacts:
    """The facts of a dataset. Raises: UserError for an unknown one."""
    return dataset_facts(name)


def part_of(name: str) -> Optional[str]:
    """The dataset that this one is a part of; None for a whole or unknown one."""
    return facts_of(name).whole if is_known(name) else None


class RunDataset:
    """The dataset of a run, which a legacy configuration may call by the name of the whole dataset.

    Attributes:
        name: of the run's dataset; None if it is the one that the configuration names.
        graph_hashes: SHA-256 of each graph that was read, by its file.
    """

    def __init__(self, name: Optional[str] = None):
        self.name, self.graph_hashes = name, {}
        self._whole = part_of(name) if name else None

    def facts(self, name: str) -> DatasetFacts:
        """The facts of the dataset that a configuration calls `name`."""
        return facts_of(self._actual(name))

    def meta(self, name: str) -> dict[str, Any]:
        """Its `meta.json`."""
        return read_meta(self.folder(name))

    def series(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """All its values [T, N] and timestamps [T, 2], time of day and day of week in [0, 1)."""
        folder = self.folder(name)
        values, times = (
            np.concatenate([np.load(folder / f"{part}_{kind}.npy") for part in PARTS])
            for kind in ("data", "timestamps")
        )
        return values, times[:, :2]

    def pickled(self, file: Path) -> Any:
        """What a pickle holds. A path into datasets/ leads to the run's dataset, if the configuration calls it that.

        Raises: UserError if there is no such file in a dataset.
        """
        place = self._place(file)
        if _is_in_dataset(place) and not place.is_file():
            raise UserError(place, "missing", "the graph, which this legacy model needs", _with_graph(place))
        content = load_arrays(place, "graph")
        self.graph_hashes[place] = hashlib.sha256(place.read_bytes()).hexdigest()
        return content

    def adjacency(self, file: Path) -> np.ndarray:
        """The adjacency matrix in a pickle [N, N], writable. Raises: UserError if the dataset has another N."""
        content, place = self.pickled(file), self._place(file)
        # DCRNN's pickles hold ids, and indices by id, before the matrix
        matrix = np.array(content[2] if isinstance(content, (list, tuple)) else content)
        if _is_in_dataset(place):
            nodes = self.meta(place.parent.name)["shape"][1]
            if matrix.shape != (nodes, nodes):
                found = " x ".join(map(str, matrix.shape)) or type(content).__name__
                raise UserError(place, found, f"{nodes} x {nodes}, for {nodes} nodes", _with_graph(place))
        return matrix

    def folder(self, name: str) -> Path:
        """The folder of the dataset that a configuration calls `name`. Raises: UserError if it is not prepared."""
        actual = self._actual(name)
        folder = DATASETS / actual
        if not (folder / "meta.json").is_file():
            raise UserError(folder / "meta.json", "missing", f"dataset {actual}, prepared", how_to_get(actual))
        return folder

    def _actual(self, name: str) -> str:
        return self.name if self.name and name == self._whole else name

    def _place(self, file: Path) -> Path:
        return self.folder(file.parent.name) / file.name if _is_in_dataset(file) else file


def _is_in_dataset(file: Path) -> bool:
    return file.parent.parent == DATASETS


def _with_graph(file: Path) -> str:
    return f"give the graph by `basicts-elin prepare {file.parent.name} --force ...` with --distances or --adjacency"

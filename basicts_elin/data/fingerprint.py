"""What tells one dataset from another: the sums of its arrays."""

import hashlib
from pathlib import Path

import numpy as np

from .io.writer import GRAPH_FILE
from .labels import node_names
from .layout import PARTS


def dataset_fingerprint(folder: Path) -> dict[str, str]:
    """sha256 of the arrays of a prepared dataset, "data", and of the names of its nodes in their order, "nodes".

    Also of the file of its graph, "graph", where there is one.
    """
    data, nodes = hashlib.sha256(), hashlib.sha256()
    for part in PARTS:
        for kind in ("timestamps", "data"):
            array = np.load(Path(folder) / f"{part}_{kind}.npy", mmap_mode="r")
            data.update(f"{part}_{kind} {array.dtype.str} {array.shape}".encode())
            for rows in np.array_split(array, max(1, array.nbytes // 2**24)):
                data.update(np.ascontiguousarray(rows))
    names = node_names(Path(folder), array.shape[1])
    nodes.update("\n".join(map(str, names)).encode())
    found = {"data": data.hexdigest(), "nodes": nodes.hexdigest()}
    graph = Path(folder) / GRAPH_FILE
    return {**found, "graph": hashlib.sha256(graph.read_bytes()).hexdigest()} if graph.is_file() else found

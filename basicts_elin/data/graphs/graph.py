"""Sensor graphs as matrices, and BasicTS's `adj_mx.pkl`. N: sensors."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ...errors import UserError
from .ids import SAME_SENSORS, Places, repeated


@dataclass(frozen=True)
class Graph:
    """A matrix float32 [N, N] of weights or distances, and the ids of its nodes if its file has them."""

    matrix: np.ndarray
    ids: Optional[list[str]] = None


@dataclass(frozen=True)
class SensorGraph:
    """The graph of the sensors of a dataset.

    Attributes:
        matrix: weights float32 [N, N], 0 without an edge. Row: from; column: to.
        notes: how it was made, for `meta.json`, and then what was read, one line each.
    """

    matrix: np.ndarray
    notes: tuple[str, ...]


def pickled(matrix: np.ndarray) -> bytes:
    """The content of `adj_mx.pkl`."""
    return pickle.dumps(matrix, protocol=4)


def graph_of(content: Any, path: Path, field: str = "adjacency") -> Graph:
    """The graph that a file holds: a matrix, a list of its rows, or DCRNN's list of ids, their places and the matrix.

    Args:
        content: of the file.
        path: the file, for the message.
        field: the argument that named it, for the message.
    Raises: UserError unless the matrix is square and without NaN, with an id for each node if there are ids.
    """
    ids = None
    is_list = isinstance(content, (list, tuple))
    if is_list and len(content) == 3 and isinstance(content[0], (list, tuple)) and _is_matrix(content[2]):
        ids, content = [str(name) for name in content[0]], content[2]
    if isinstance(content, (list, tuple)) and _is_matrix(content):
        content = np.asarray(content)
    shape = getattr(content, "shape", None)
    if shape is None or len(shape) != 2 or shape[0] != shape[1] or content.dtype.kind not in "biuf":
        found = type(content).__name__ if shape is None else f"{content.dtype} {list(shape)}"
        expected = "a square matrix of numbers [nodes, nodes]"
        raise UserError(field, f"{found} in {path}", expected, "save such a matrix as .npy")
    return checked_graph(content, ids, path, field)


def checked_graph(matrix: np.ndarray, ids: Optional[list[str]], path: Path, field: str) -> Graph:
    """The graph of a square matrix. Infinity stays, which is no edge in a matrix of distances.

    Raises: UserError if the matrix holds NaN, or the ids are not those of its nodes.
    """
    with np.errstate(over="ignore"):
        values = np.asarray(matrix).astype(np.float32, copy=False)
    if np.isnan(values).any():
        row, column = np.argwhere(np.isnan(values))[0]
        found = f"NaN or infinity in {path} ({np.isnan(values).sum()} x NaN, the first in row {row}, column {column})"
        raise UserError(field, found, "numbers, 0 without an edge", "write 0 where there is no edge")
    if ids is not None and len(ids) != len(values):
        raise UserError(field, f"{len(ids)} ids in {path}", f"{len(values)}, one for each node", "correct the ids")
    if ids is not None and repeated(ids) is not None:
        raise UserError(field, f"duplicate ids in {path}, such as {repeated(ids)}", "each node once", "correct the ids")
    return Graph(values, ids)


def fit_graph(
    graph: Graph, path: Path, num_nodes: int, names: Optional[Sequence[str]], field: str = "adjacency"
) -> np.ndarray:
    """The graph's matrix in the order of the dataset's nodes: by id if both sides have ids, else unchanged.

    Raises: UserError if a node is not in the graph, or the sizes differ.
    """
    if graph.ids is not None and names is not None:
        places = Places(graph.ids)
        missing = [name for name in names if name not in places]
        if missing:
            found = f"{path} without node {missing[0]} ({len(missing)} of {num_nodes} are missing)"
            common = len(missing) < num_nodes
            fix = SAME_SENSORS if common else f"{SAME_SENSORS}, or without ids if they are in the order of the data"
            raise UserError(field, found, f"all {num_nodes} nodes of the dataset", fix)
        order = np.array([places.get(name) for name in names], dtype=np.int64)
        is_same = len(order) == len(graph.matrix) and (np.diff(order) == 1).all()
        return graph.matrix if is_same else graph.matrix[np.ix_(order, order)]
    if len(graph.matrix) != num_nodes:
        size = len(graph.matrix)
        raise UserError(field, f"{path} is {size} x {size}", f"{num_nodes} x {num_nodes}", SAME_SENSORS)
    return graph.matrix


def _is_matrix(content: Any) -> bool:
    """Whether the content is a matrix, or a list of rows of equal length that hold numbers."""
    if not isinstance(content, (list, tuple)):
        return getattr(content, "ndim", None) == 2
    rows = [row for row in content if isinstance(row, (list, tuple)) or getattr(row, "ndim", None) == 1]
    return (
        bool(rows)
        and len(rows) == len(content)
        and len({len(row) for row in rows}) == 1
        and all(
            isinstance(value, (bool, int, float)) for row in rows if isinstance(row, (list, tuple)) for value in row
        )
    )

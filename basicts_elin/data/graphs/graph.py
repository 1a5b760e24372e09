"""Sensor graphs, from the files they are published in to BasicTS's `adj_mx.pkl`."""

import csv
import pickle
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ...errors import UserError, one_line
from ..io.pickles import load_arrays

_SAME_SENSORS = "give the graph of the same sensors"


@dataclass(frozen=True)
class Graph:
    """A weighted adjacency matrix float32 [N, N], and the ids of its nodes if its file has them."""

    matrix: np.ndarray
    ids: Optional[list[str]] = None


def pickled(matrix: np.ndarray) -> bytes:
    """The content of `adj_mx.pkl`."""
    return pickle.dumps(matrix, protocol=4)


def read_ids(path: Path, field: str) -> list[str]:
    """Sensor ids, one per line, or separated by commas.

    Raises: UserError if the file is missing or empty, or names a sensor twice.
    """
    ids = [text for text in re.split(r"[\s,]+", _text(path, field)) if text]
    if not ids:
        raise UserError(field, f"{path} is empty", "sensor ids, one per line", "name another file")
    duplicate = next((name for position, name in enumerate(ids) if name in ids[:position]), None)
    if duplicate is not None:
        raise UserError(field, f"{duplicate} twice in {path}", "each sensor once", "remove the duplicates")
    return ids


def read_distances(
    path: Path, num_nodes: int, ids: Optional[Sequence[str]] = None, ignored: Collection[str] = ()
) -> np.ndarray:
    """The matrix float32 [N, N] of an edge list, as BasicTS builds it: each edge is 1 in both directions.

    Args:
        path: CSV with the columns from, to, cost. The cost is not used.
        num_nodes: N.
        ids: of the N nodes, as the file names them; None if it uses their numbers from 0.
        ignored: ids of other nodes, whose edges are ignored.
    Raises: UserError if a line is not an edge between two known nodes.
    """
    names = [str(number) for number in range(num_nodes)] if ids is None else list(ids)
    place = {name: position for position, name in enumerate(names)}
    matrix = np.zeros((num_nodes, num_nodes), np.float32)
    may_be_header = True
    for number, line in enumerate(_lines(path), start=1):
        ends = [cell.strip() for cell in line[:2]]
        if not any(ends):
            continue
        is_header = may_be_header and not any(end in place or end.isdigit() for end in ends)
        may_be_header = False
        if is_header or any(end in ignored for end in ends):
            continue
        where = f"line {number} of {path}"
        if len(line) < 2:
            raise UserError("distances", f"{','.join(line)!r} in {where}", "from,to,cost", "correct the line")
        unknown = next((end for end in ends if end not in place), None)
        if unknown is not None:
            expected = (
                f"0 to {num_nodes - 1}, or sensor ids with --ids FILE"
                if ids is None
                else f"one of the {num_nodes} sensor ids, such as {ids[0]}"
            )
            raise UserError("distances", f"node {unknown!r} in {where}", expected, _SAME_SENSORS)
        start, end = (place[name] for name in ends)
        matrix[start, end] = matrix[end, start] = 1
    return matrix


def read_adjacency(path: Path) -> Graph:
    """A square matrix from `.npy`, `.csv` (numbers only) or a pickle, which may have ids before it (DCRNN's).

    Raises: UserError if the file is missing, of another type, does not hold a finite square matrix, or is a pickle of
        anything but plain data. Such a pickle is not executed.
    """
    kind, expected = path.suffix.lower(), f"a file of type {', '.join(_READERS)}"
    if not path.is_file():
        raise UserError("adjacency", f"{path} is not a file", expected, "name another file")
    if kind not in _READERS:
        raise UserError("adjacency", path, expected, "save the matrix as .npy")
    return graph_of(_READERS[kind](path), path)


def graph_of(content: Any, path: Path) -> Graph:
    """The graph that a file holds: a matrix, or DCRNN's list of ids, their places and the matrix.

    Raises: UserError unless the matrix is finite and square, with an id for each node if there are ids.
    """
    ids = None
    if isinstance(content, (list, tuple)) and len(content) == 3 and isinstance(content[0], (list, tuple)):
        ids, content = [str(name) for name in content[0]], content[2]
    shape = getattr(content, "shape", None)
    if shape is None or len(shape) != 2 or shape[0] != shape[1] or content.dtype.kind not in "biuf":
        found = type(content).__name__ if shape is None else f"{content.dtype} {list(shape)}"
        expected = "a square matrix of numbers [nodes, nodes]"
        raise UserError("adjacency", f"{found} in {path}", expected, "save such a matrix as .npy")
    with np.errstate(over="ignore"):
        matrix = content.astype(np.float32)
    if not np.isfinite(matrix).all():
        raise UserError("adjacency", f"NaN or infinity in {path}", "numbers, 0 without an edge", "correct the matrix")
    if ids is not None and len(ids) != len(matrix):
        raise UserError(
            "adjacency", f"{len(ids)} ids in {path}", f"{len(matrix)}, one for each node", "correct the ids"
        )
    if ids is not None and len(set(ids)) != len(ids):
        raise UserError("adjacency", f"duplicate ids in {path}", "each node once", "correct the ids")
    return Graph(matrix, ids)


def fit_graph(graph: Graph, path: Path, num_nodes: int, names: Optional[Sequence[str]]) -> np.ndarray:
    """The graph's matrix in the order of the dataset's nodes: by id if both sides have ids, else unchanged.

    Raises: UserError if a node is not in the graph, or the sizes differ.
    """
    if graph.ids is not None and names is not None:
        place = {name: position for position, name in enumerate(graph.ids)}
        missing = [name for name in names if name not in place]
        if missing:
            found = f"{path} without node {missing[0]} ({len(missing)} of {num_nodes} are missing)"
            raise UserError("adjacency", found, f"all {num_nodes} nodes of the dataset", _SAME_SENSORS)
        order = [place[name] for name in names]
        return graph.matrix[np.ix_(order, order)]
    if len(graph.matrix) != num_nodes:
        size = len(graph.matrix)
        raise UserError("adjacency", f"{path} is {size} x {size}", f"{num_nodes} x {num_nodes}", _SAME_SENSORS)
    return graph.matrix


def _lines(path: Path) -> list[list[str]]:
    try:
        return list(csv.reader(_text(path, "distances").splitlines()))
    except csv.Error as error:
        found = f"{path} cannot be read ({one_line(error)})"
        raise UserError("distances", found, "a CSV of from,to,cost", "save it again") from error


def _text(path: Path, field: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            field, f"{path} cannot be read ({one_line(error)})", "a text file", "name another file"
        ) from error


def _load_npy(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except Exception as error:
        # A damaged header can fail in any way, from EOFError to MemoryError.
        found = f"{path} cannot be read ({one_line(error)})"
        raise UserError("adjacency", found, "an .npy array of numbers", "save it again") from error


def _load_csv(path: Path) -> np.ndarray:
    text, expected = _text(path, "adjacency"), "a matrix of numbers separated by commas"
    if not text.strip():
        raise UserError("adjacency", f"{path} is empty", expected, "save it again")
    try:
        return np.loadtxt(text.splitlines(), delimiter=",", ndmin=2)
    except ValueError as error:
        found = f"{path} cannot be read ({one_line(error)})"
        raise UserError("adjacency", found, expected, "save it again") from error


_READERS = {".npy": _load_npy, ".csv": _load_csv, ".pkl": lambda path: load_arrays(path, "adjacency")}

"""Sensor graphs, from the files they are published in to BasicTS's `adj_mx.pkl`."""

import csv
import pickle
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from ..errors import UserError, one_line
from .io.pickles import load_arrays


@dataclass(frozen=True)
class Graph:
    """A weighted adjacency matrix float32 [N, N], with the ids of its nodes where its file has them."""

    matrix: np.ndarray
    ids: Optional[list[str]] = None


def pickled(matrix: np.ndarray) -> bytes:
    """The content of `adj_mx.pkl`."""
    return pickle.dumps(matrix, protocol=4)


def read_ids(path: Path, field: str) -> list[str]:
    """Sensor ids, one a line, or all on one line between commas.

    Raises: UserError where the file is missing or empty, or names a sensor twice.
    """
    ids = [text for text in re.split(r"[\s,]+", _text(path, field)) if text]
    if not ids:
        raise UserError(f"{field}: {path} is empty; expected sensor ids, one a line")
    doubled = next((name for position, name in enumerate(ids) if name in ids[:position]), None)
    if doubled is not None:
        raise UserError(f"{field}: {path} names {doubled} twice; expected each sensor once")
    return ids


def read_distances(
    path: Path, num_nodes: int, ids: Optional[Sequence[str]] = None, left_out: Collection[str] = ()
) -> np.ndarray:
    """The matrix float32 [N, N] of an edge list, as BasicTS makes it: 1 in both directions between the ends of an edge.

    Args:
        path: CSV with the columns from, to, cost; the cost is not used.
        num_nodes: N.
        ids: of the N nodes, as the file names them; None where it names rows of the matrix, from 0.
        left_out: ids of other nodes, whose edges are left out.
    Raises: UserError for a line that is no edge between two known nodes.
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
        if is_header or any(end in left_out for end in ends):
            continue
        if len(line) < 2:
            raise UserError(f"distances: line {number} of {path} is {','.join(line)!r}; expected from,to,cost")
        unknown = next((end for end in ends if end not in place), None)
        if unknown is not None:
            expected = (
                f"0 to {num_nodes - 1}, the rows of the data, or sensor ids with --ids FILE"
                if ids is None
                else f"one of the {num_nodes} sensor ids, such as {ids[0]}"
            )
            raise UserError(
                f"distances: line {number} of {path} names the node {unknown!r}; expected {expected}: is it another "
                "dataset's?"
            )
        start, end = (place[name] for name in ends)
        matrix[start, end] = matrix[end, start] = 1
    return matrix


def read_adjacency(path: Path) -> Graph:
    """A square matrix from `.npy`, `.csv` (numbers alone), or a pickle of it, also with ids before it (DCRNN's).

    Raises: UserError where the file is missing, of another type, holds anything but a finite square matrix, or is a
        pickle of anything but plain data, which is not executed.
    """
    if not path.is_file():
        raise UserError(f"adjacency: {path} is missing or no file; expected .npy, .csv or .pkl")
    kind = path.suffix.lower()
    if kind not in _READERS:
        raise UserError(f"adjacency: {path} is neither of {', '.join(_READERS)}; save the matrix as .npy")
    content = _READERS[kind](path)
    ids = None
    if isinstance(content, (list, tuple)) and len(content) == 3 and isinstance(content[0], (list, tuple)):
        ids, content = [str(name) for name in content[0]], content[2]
    shape = getattr(content, "shape", None)
    if shape is None or len(shape) != 2 or shape[0] != shape[1] or content.dtype.kind not in "biuf":
        found = type(content).__name__ if shape is None else f"{content.dtype} {list(shape)}"
        raise UserError(f"adjacency: {path} holds {found}; expected a square matrix of numbers [nodes, nodes]")
    with np.errstate(over="ignore"):
        matrix = content.astype(np.float32)
    if not np.isfinite(matrix).all():
        raise UserError(f"adjacency: {path} holds NaN or infinity; expected numbers, 0 where there is no edge")
    if ids is not None and len(ids) != len(matrix):
        raise UserError(f"adjacency: {path} has {len(ids)} ids for {len(matrix)} nodes; expected one for each")
    if ids is not None and len(set(ids)) != len(ids):
        raise UserError(f"adjacency: {path} names a node twice; expected one id for each")
    return Graph(matrix, ids)


def fit_graph(graph: Graph, path: Path, num_nodes: int, names: Optional[Sequence[str]]) -> np.ndarray:
    """The graph's matrix in the order of the dataset's nodes: by id where both sides have ids, else as it is.

    Raises: UserError where a node is not in the graph, or the sizes differ.
    """
    if graph.ids is not None and names is not None:
        place = {name: position for position, name in enumerate(graph.ids)}
        missing = [name for name in names if name not in place]
        if missing:
            raise UserError(
                f"adjacency: {path} has no node {missing[0]} ({len(missing)} of the dataset's {num_nodes} are not in "
                "it); expected the graph of the same sensors"
            )
        order = [place[name] for name in names]
        return graph.matrix[np.ix_(order, order)]
    if len(graph.matrix) != num_nodes:
        size = len(graph.matrix)
        raise UserError(f"adjacency: {path} is {size} x {size}; the dataset has {num_nodes} nodes: is it another's?")
    return graph.matrix


def _lines(path: Path) -> list[list[str]]:
    try:
        return list(csv.reader(_text(path, "distances").splitlines()))
    except csv.Error as error:
        raise UserError(f"distances: {path} is no CSV ({one_line(error)}); expected from,to,cost") from error


def _text(path: Path, field: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{field}: {path} cannot be read as text ({one_line(error)})") from error


def _load_npy(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except Exception as error:
        # a damaged header may fail in any way, from EOFError to MemoryError
        raise UserError(f"adjacency: {path} is no .npy array of numbers ({one_line(error)}); save it again") from error


def _load_csv(path: Path) -> np.ndarray:
    text = _text(path, "adjacency")
    if not text.strip():
        raise UserError(f"adjacency: {path} is empty; expected a matrix of numbers between commas")
    try:
        return np.loadtxt(text.splitlines(), delimiter=",", ndmin=2)
    except ValueError as error:
        raise UserError(f"adjacency: {path} is no matrix of numbers between commas ({one_line(error)})") from error


_READERS = {".npy": _load_npy, ".csv": _load_csv, ".pkl": lambda path: load_arrays(path, "adjacency")}

"""A sensor graph from any file that people have. N: sensors of the data."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ...errors import UserError
from ..catalog import DatasetFacts
from ..io.kinds import NPY, NPZ
from ..io.pickles import load_arrays
from .archive import read_archive, read_array
from .columns import named_columns
from .distances import check_distances, listed_distances, looks_like_distances
from .edges import Network
from .graph import Graph, SensorGraph, fit_graph, graph_of
from .ids import Places
from .lists import EDGES, list_graph
from .matrix import square_size, table_graph
from .rules import BINARY, GAUSSIAN, GraphOptions, gaussian
from .table import SUFFIXES, Table, array_table, read_table

MATRIX = "matrix"
_FIELDS = {EDGES: "distances", MATRIX: "adjacency", None: "graph"}
_PICKLES = (".pkl", ".pickle")
TYPES = (NPY, NPZ, *_PICKLES, *SUFFIXES)
# An edge list has few columns, a matrix as many as rows.
_MAX_EDGE_COLUMNS = 4


def read_graph(
    path: Path,
    num_nodes: int,
    names: Optional[Sequence[str]] = None,
    *,
    kind: Optional[str] = None,
    all_names: Optional[Sequence[str]] = None,
    options: GraphOptions = GraphOptions(),
    facts: Optional[DatasetFacts] = None,
) -> SensorGraph:
    """The graph of the sensors of a dataset, in their order.

    Args:
        path: an edge list, or a matrix, of one of `TYPES`.
        num_nodes: N.
        names: the N sensor ids; None if the sensors are numbered from 0.
        kind: "edges" or "matrix"; None for either.
        all_names: the ids of the whole network, if `names` are a part of it.
        options: the rule from distances to weights.
        facts: of the dataset, if it is in the catalogue.
    Raises: UserError if the file cannot be read, its meaning is not certain, or it is of other sensors.
    """
    path, field = Path(path), _FIELDS[kind]
    whole = names if all_names is None else all_names
    network = Network(num_nodes if whole is None else len(whole), whole)
    content = _read(path, field, {num_nodes, network.num_nodes}, options)
    if (
        isinstance(content, np.ndarray)
        and _has_edge_shape(content)
        and (kind != MATRIX or len(content) > _MAX_EDGE_COLUMNS)
    ):
        content = array_table(content, path)
    if isinstance(content, Table):
        if kind == MATRIX:
            _refuse_list(content, network, field)
        if kind == EDGES or (kind is None and _is_list(content, network, num_nodes, field)):
            _refuse_matrix(content, network, num_nodes, field)
            return list_graph(content, network, num_nodes, names, options, facts, field)
        graph = table_graph(content, network.places if whole is not None else Places(()), field)
    elif kind == EDGES:
        shape = getattr(content, "shape", None)
        found = f"{type(content).__name__ if shape is None else list(shape)} in {path}"
        raise UserError(field, found, "a list of edges [edges, 2 or 3]", "give a matrix by --adjacency")
    else:
        graph = graph_of(content, path, field)
    return _matrix_graph(graph, path, num_nodes, names, network, options, facts, field)


def _read(path: Path, field: str, sizes: set[int], options: GraphOptions) -> Any:
    """The content of the file: a `Table`, an array, or what a pickle holds."""
    expected, suffix = f"a file of type {', '.join(TYPES)}", path.suffix.lower()
    if not path.is_file():
        found = f"{path} is a folder" if path.is_dir() else f"{path} is not a file"
        raise UserError(field, found, expected, "name another file")
    if options.key is not None and suffix != NPZ:
        raise UserError("graph_key", f"given with {path}", "an .npz file", "omit --graph-key")
    readers: dict[str, Callable[[], Any]] = {
        NPY: lambda: read_array(path, field),
        NPZ: lambda: read_archive(path, field, sizes, options.key),
        **dict.fromkeys(_PICKLES, lambda: load_arrays(path, field)),
        **dict.fromkeys(SUFFIXES, lambda: read_table(path, field)),
    }
    if suffix not in readers:
        raise UserError(field, path, expected, "save a matrix as .npy, or an edge list as .csv")
    return readers[suffix]()


def _has_edge_shape(array: np.ndarray) -> bool:
    return (
        array.ndim == 2 and array.shape[1] in (2, 3) and array.shape[0] != array.shape[1] and array.dtype.kind in "iuf"
    )


def _is_list(table: Table, network: Network, num_nodes: int, field: str) -> bool:
    """Whether a table is an edge list. Raises: UserError if it may as well be a matrix."""
    has_names = named_columns(table, field) is not None
    fits = square_size(table) in (num_nodes, network.num_nodes)
    if not fits:
        return has_names or table.width <= _MAX_EDGE_COLUMNS
    if table.width > _MAX_EDGE_COLUMNS or has_names:
        return has_names and table.width <= _MAX_EDGE_COLUMNS
    ends = [cell for row in table.rows for cell in row[:2]]
    if any(end not in network.places for end in ends):
        return False
    found = f"{len(table.rows)} rows x {table.width} columns in {table.path}, which are edges or a matrix"
    raise UserError(field, found, "a file of one meaning", "give it by --distances or --adjacency")


def _refuse_list(table: Table, network: Network, field: str) -> None:
    has_names = named_columns(table, field) is not None and not any(cell in network.places for cell in table.rows[0])
    is_long = square_size(table) is None and 1 < table.width < len(table.rows) - 1
    if table.width <= _MAX_EDGE_COLUMNS and (has_names or is_long):
        found = f"{len(table.rows)} rows x {table.width} columns in {table.path}, beginning {', '.join(table.rows[0])}"
        fix = "give a list of edges by --distances or --graph"
        raise UserError(field, found, "a square matrix of numbers [nodes, nodes]", fix)


def _refuse_matrix(table: Table, network: Network, num_nodes: int, field: str) -> None:
    if table.width > _MAX_EDGE_COLUMNS and square_size(table) in (num_nodes, network.num_nodes):
        found = f"a matrix of {len(table.rows)} rows x {table.width} columns in {table.path}"
        raise UserError(field, found, "a list of edges: from,to,cost", "give a matrix by --adjacency")


def _matrix_graph(
    graph: Graph,
    path: Path,
    num_nodes: int,
    names: Optional[Sequence[str]],
    network: Network,
    options: GraphOptions,
    facts: Optional[DatasetFacts],
    field: str,
) -> SensorGraph:
    size, notes = len(graph.matrix), []
    if graph.ids is None and network.names is not None and size == network.num_nodes:
        graph = Graph(graph.matrix, list(network.names))
    elif graph.ids is not None:
        notes.append("by the ids in the file" if names is not None else "the ids in the file are not used")
    weights, made = _weights(graph.matrix, path, options, facts, field)
    fitted = fit_graph(Graph(weights, graph.ids), path, num_nodes, names, field)
    if size > num_nodes:
        notes.append(f"{size - num_nodes} of its {size} sensors are not in the data, and are left out")
    return SensorGraph(fitted, (f"{made}; matrix {path.name}, {np.count_nonzero(fitted)} entries", *notes))


def _weights(
    matrix: np.ndarray, path: Path, options: GraphOptions, facts: Optional[DatasetFacts], field: str
) -> tuple[np.ndarray, str]:
    """The weights of a matrix, and how they were made."""
    is_distances = options.rule is None and looks_like_distances(matrix)
    if is_distances and not np.array_equal(matrix, matrix.T):
        found = f"0 on the diagonal, and up to {matrix.max():g} for nearly all pairs, in {path}"
        fix = "add --graph-rule gaussian if they are distances; divide weights by the largest"
        raise UserError(field, found, "weights up to 1, or distances that are the same in both directions", fix)
    if options.rule == GAUSSIAN or is_distances:
        check_distances(matrix, str(path), field)
        listed = listed_distances(matrix)
        weigh = gaussian(matrix[listed], options, facts, field)
        reason = (
            f"symmetric, 0 on the diagonal, values for nearly all pairs, up to {matrix.max():g}: distances"
            if is_distances
            else "--graph-rule"
        )
        return np.where(listed, weigh.weights(matrix), np.float32(0)), f"{weigh}; {reason}"
    if np.isinf(matrix).any():
        found = f"NaN or infinity in {path} ({np.isinf(matrix).sum()} x infinity)"
        fix = "write 0 where there is no edge, or add --graph-rule gaussian if these are distances"
        raise UserError(field, found, "numbers, 0 without an edge", fix)
    if options.rule == BINARY:
        return (matrix != 0).astype(np.float32), "binary, 1 where the matrix is not 0; --graph-rule"
    options.refuse_unused("a matrix of weights")
    return matrix, "weights as they are"

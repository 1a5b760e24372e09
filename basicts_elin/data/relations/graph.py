"""Relations by the graph: links, hops, and Laplacian codes. N: nodes."""

import numpy as np

from ...errors import UserError
from ..dataset import Dataset
from ..graphs.graph import graph_of
from ..layout import GRAPH_FILE

# hops between nodes without a path
UNREACHABLE = 511


def dataset_links(dataset: Dataset, model: str) -> np.ndarray:
    """The links of a dataset's graph, see `links_of`. Raises: UserError unless it has a graph of its nodes.

    model: the name of the model that needs them, for the message.
    """
    file, nodes = dataset.folder / GRAPH_FILE, dataset.num_nodes
    fix = f"put it there, or `basicts-elin prepare {dataset.name} --force ...` with --graph, --distances or --adjacency"
    if dataset.graph is None:
        raise UserError(file, "missing", f"the graph, which {model} needs", fix)
    matrix = graph_of(dataset.adjacency, file, "graph").matrix
    if len(matrix) != nodes:
        raise UserError(file, f"{len(matrix)} x {len(matrix)}", f"{nodes} x {nodes}, for {nodes} nodes", fix)
    return links_of(matrix)


def links_of(adjacency: np.ndarray) -> np.ndarray:
    """Whether two different nodes have an edge in either direction, bool [N, N]; adjacency: weights, 0 without one."""
    edges = np.isfinite(adjacency) & (adjacency != 0)
    links = edges | edges.T
    np.fill_diagonal(links, False)
    return links


def hop_counts(links: np.ndarray) -> np.ndarray:
    """The number of links on the shortest path between each two nodes, int64 [N, N]; `UNREACHABLE` without a path."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import shortest_path

    hops = shortest_path(csr_array(links.astype(np.float64)), method="D", directed=False, unweighted=True)
    return np.where(np.isfinite(hops), hops, UNREACHABLE).astype(np.int64)


def far_mask(hops: np.ndarray, max_hops: int) -> np.ndarray:
    """True where nodes are `max_hops` apart or more, bool [N, N]."""
    return hops >= max_hops


def laplacian_codes(links: np.ndarray, columns: int) -> np.ndarray:
    """Eigenvectors of the normalised Laplacian I - D^-1/2 A D^-1/2, as columns, float64 [N, columns].

    In ascending order of the eigenvalues. As in the original, the first eigenvectors are left out: one for each node
    without links, and one more. (Each further component of the graph also has an eigenvalue 0. Its eigenvector stays.)
    The entry of the largest magnitude in a column is positive; of equal ones, the first. If a small graph has too few
    eigenvectors, the remaining columns are 0.
    """
    degree = links.sum(axis=1)
    inverse = np.zeros(len(links))
    np.power(degree, -0.5, out=inverse, where=degree > 0)
    laplacian = np.eye(len(links)) - inverse[:, None] * links * inverse
    _, vectors = np.linalg.eigh(laplacian)
    first = int((degree == 0).sum()) + 1
    vectors = _with_fixed_signs(vectors[:, first : first + columns])
    return np.pad(vectors, ((0, 0), (0, columns - vectors.shape[1])))


def _with_fixed_signs(vectors: np.ndarray) -> np.ndarray:
    if not vectors.size:
        return vectors
    magnitude = np.abs(vectors)
    # entries that are equal by symmetry differ in their last digits
    row = (magnitude > magnitude.max(axis=0) * (1 - 1e-6)).argmax(axis=0)
    return vectors * np.sign(vectors[row, np.arange(vectors.shape[1])])

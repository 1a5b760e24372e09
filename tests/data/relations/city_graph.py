"""Tiny with a graph: nodes 0 - 1 - 2 - 3 in a line, node 4 without a link."""

import numpy as np
from tiny import NODES

from basicts_elin.data.graphs.graph import pickled


def line_graph(nodes=NODES, linked=4):
    """Weights in one direction only, and of a node to itself."""
    matrix = np.eye(nodes, dtype=np.float32)
    for node in range(linked - 1):
        matrix[node, node + 1] = 0.5
    return matrix


def add_graph(folder, matrix=None):
    (folder / "adj_mx.pkl").write_bytes(pickled(line_graph() if matrix is None else matrix))
    return folder

"""From an edge list to the weights of a graph. N: sensors of the data."""

from collections.abc import Sequence
from typing import Optional

import numpy as np

from ...errors import UserError
from ..catalog import DatasetFacts
from .edges import Edges, Network, find_edges
from .graph import SensorGraph
from .ids import Places
from .rules import BINARY, GAUSSIAN, GraphOptions, gaussian
from .table import Table

EDGES = "edges"


def list_graph(
    table: Table,
    network: Network,
    num_nodes: int,
    names: Optional[Sequence[str]],
    options: GraphOptions,
    facts: Optional[DatasetFacts],
    field: str,
) -> SensorGraph:
    """The graph of an edge list.

    Binary: an edge is 1 in both directions, as BasicTS builds it. Gaussian: each row is a directed edge whose weight
    follows from its distance, as DCRNN builds it; what is not listed is 0, also from a sensor to itself.

    Args:
        table: the list.
        network: the sensors of the whole network, which `names` are a part of.
        num_nodes: N.
        names: the N sensor ids; None if the sensors are numbered from 0.
        options: the rule.
        facts: of the dataset, if it is in the catalogue.
        field: the argument that named the file, for the message.
    Raises: UserError if a row is not of the network, or gives no distance where one is needed.
    """
    edges = find_edges(table, network, field)
    rule, reason = _rule(edges, options, facts)
    order = _order(network, num_nodes, names)
    ends = order[edges.ends]
    inside = (ends >= 0).all(axis=1)
    start, end = ends[inside].T
    matrix = np.zeros((num_nodes, num_nodes), np.float32)
    if rule == BINARY:
        options.refuse_unused("the binary rule")
        matrix[start, end] = matrix[end, start] = 1
        made = "binary, an edge is 1 in both directions"
        unused = _unused(edges)
    else:
        distances, first = _distances(edges, table, field)
        weigh = gaussian(distances[first], options, facts, field)
        matrix[start, end] = weigh.weights(distances[inside])
        made, unused = f"{weigh}, directed as listed", []
    notes = (
        f"{made}; {reason}; list {table.path.name}, {np.count_nonzero(matrix)} entries",
        *edges.notes,
        *unused,
        *_isolated(matrix, names),
    )
    return SensorGraph(matrix, notes)


def _rule(edges: Edges, options: GraphOptions, facts: Optional[DatasetFacts]) -> tuple[str, str]:
    """The rule, and why: the user's, the catalogue's, or by what the list holds."""
    if options.rule is not None:
        return options.rule, "as --graph-rule says"
    if facts is not None and facts.graph_rule is not None:
        return facts.graph_rule, f"the rule of {facts.part_of or facts.name}"
    loops = edges.ends[:, 0] == edges.ends[:, 1]
    if edges.costs is not None:
        at_zero = set(edges.ends[loops & (edges.costs == 0), 0].tolist())
        if at_zero and not loops.all() and at_zero == set(edges.ends.ravel().tolist()):
            return GAUSSIAN, "every sensor is listed to itself at 0"
    return BINARY, "not every sensor is listed to itself at 0"


def _order(network: Network, num_nodes: int, names: Optional[Sequence[str]]) -> np.ndarray:
    """The place among the data of each sensor of the network, int64; -1 for a sensor that is not in the data."""
    if names is None or network.names is None:
        return np.arange(num_nodes)
    chosen = Places(names)
    return np.array([-1 if place is None else place for place in map(chosen.get, network.names)], dtype=np.int64)


def _distances(edges: Edges, table: Table, field: str) -> tuple[np.ndarray, np.ndarray]:
    """The distances float64 [E], and the first row of each pair of sensors.

    Raises: UserError if a row has no distance, one below 0, or another one than a row of the same pair.
    """
    if edges.costs is None:
        found = f"no column of distances in {table.path}"
        fix = "name the columns from, to, cost in the first line, or add --graph-rule binary"
        raise UserError(field, found, "from,to,cost", fix)
    costs = edges.costs
    wrong = ~np.isfinite(costs) | (costs < 0)
    if wrong.any():
        row = int(edges.rows[wrong.argmax()])
        found = f"{','.join(table.rows[row])!r} in {table.where(row)} ({wrong.sum()} of {len(costs)} rows)"
        fix = "correct the line, or add --graph-rule binary if the costs are not distances"
        raise UserError(field, found, "a distance of 0 or more", fix)
    _, first, pair = np.unique(edges.ends, axis=0, return_index=True, return_inverse=True)
    differ = costs != costs[first][pair.ravel()]
    if differ.any():
        row = int(edges.rows[differ.argmax()])
        found = f"{','.join(table.rows[row])!r} in {table.where(row)}, another distance than before"
        raise UserError(field, found, "one distance for each pair", "keep one row of each pair")
    return costs, first


def _unused(edges: Edges) -> list[str]:
    """What the binary rule leaves out."""
    if edges.costs is None:
        return []
    if "weight" in edges.cost_name.lower() and bool(((edges.costs >= 0) & (edges.costs <= 1)).all()):
        return [f"the weights in column {edges.cost_name!r} are not used: a matrix, by --adjacency, keeps them"]
    return ["the costs are not used"]


def _isolated(matrix: np.ndarray, names: Optional[Sequence[str]]) -> tuple[str, ...]:
    """A note if sensors have no edge to others."""
    linked = matrix != 0
    np.fill_diagonal(linked, False)
    alone = np.flatnonzero(~(linked.any(axis=0) | linked.any(axis=1)))
    if not len(alone):
        return ()
    name = alone[0] if names is None else names[alone[0]]
    return (f"{len(alone)} of {len(matrix)} sensors have no edge to another, such as {name}",)

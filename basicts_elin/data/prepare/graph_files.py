"""The graph of a dataset, from the file that an option names."""

from pathlib import Path
from typing import Optional

from ...errors import UserError
from ..catalog import DatasetFacts
from ..graphs.graph import SensorGraph
from ..graphs.reading import read_graph
from ..graphs.rules import GraphOptions


def graph_of_files(
    num_nodes: int,
    names: Optional[list[str]],
    all_names: Optional[list[str]],
    *,
    graph: Optional[Path],
    distances: Optional[Path],
    adjacency: Optional[Path],
    options: GraphOptions,
    facts: Optional[DatasetFacts] = None,
) -> Optional[SensorGraph]:
    """The graph in the one file that is given; None if there is none.

    Args:
        num_nodes, names: of the dataset.
        all_names: of the raw file, before sensors were selected.
        graph, distances, adjacency: a file of either kind, a list of edges, a matrix.
        facts: of a public dataset.
    Raises: UserError if two files are given, or the file cannot be used.
    """
    files = {"graph": (graph, None), "distances": (distances, "edges"), "adjacency": (adjacency, "matrix")}
    given = [(field, path, kind) for field, (path, kind) in files.items() if path is not None]
    if len(given) > 1:
        field, path, _ = given[1]
        raise UserError(field, path, "one graph", f"omit --{given[0][0]} or --{field}")
    if not given:
        if options != GraphOptions():
            raise UserError("graph_rule", "options for a graph, but no graph", "a graph file", "add --graph FILE")
        return None
    _, path, kind = given[0]
    return read_graph(path, num_nodes, names, kind=kind, all_names=all_names, options=options, facts=facts)

"""Table 1: the facts of each dataset in the paper and in the prepared files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import numpy as np

from ..data.availability import dataset_status
from ..data.dataset import open_dataset
from ..data.graphs.graph import graph_of
from ..data.layout import GRAPH_FILE, META_FILE
from . import published

COLUMNS = ("dataset", "nodes", "edges", "timesteps", "interval_minutes", "first", "last")

_HEAD = """# The datasets of the paper's Table 1 and the prepared files

Made by `{command}` from [{name}]({source}). "paper": printed in {paper}.
A cell is empty where the paper, or the file, does not say it, or the dataset was not prepared. Edges of a file: entries
off the diagonal, each pair once where the matrix is symmetric.

"""
_TITLES = ("nodes", "edges", "steps", "minutes", "range")


def dataset_row(name: str, datasets: Path) -> Optional[dict[str, str]]:
    """The facts of a prepared dataset; None if it is not prepared. It need not have a `meta.json`."""
    folder = datasets / name
    if {*dataset_status(folder).missing} - {META_FILE}:
        return None
    dataset = open_dataset(folder)
    first, last = (dataset.dates(part) for part in ("train", "test"))
    edges = "" if dataset.graph is None else count_edges(graph_of(dataset.adjacency, folder / GRAPH_FILE).matrix)
    facts = {
        "dataset": name,
        "nodes": dataset.num_nodes,
        "edges": edges,
        "timesteps": dataset.num_rows,
        "interval_minutes": dataset.interval_minutes,
        "first": "" if first is None else str(first[0]),
        "last": "" if last is None else str(last[-1]),
    }
    return {column: str(value) for column, value in facts.items()}


def count_edges(matrix: np.ndarray) -> int:
    """Of an adjacency matrix [N, N], without loops; a pair counts once where the matrix is symmetric."""
    entries = np.count_nonzero(matrix) - np.count_nonzero(np.diagonal(matrix))
    return int(entries // 2 if np.array_equal(matrix, matrix.T) else entries)


def page(rows: Sequence[dict[str, str]], source: str, command: str) -> str:
    """The page of the datasets in the paper and in the rows."""
    found = {row["dataset"]: row for row in rows}
    lines = ["| dataset | " + " | ".join(f"{title}: paper | file" for title in _TITLES) + " |"]
    lines.append("|---" * (1 + 2 * len(_TITLES)) + "|")
    for name in dict.fromkeys([*published.datasets_of(published.TABLE1), *found]):
        row = found.get(name, dict.fromkeys(COLUMNS, ""))
        period = f"{row['first']} to {row['last']}" if row["first"] else ""
        ours = [row["nodes"], row["edges"], row["timesteps"], row["interval_minutes"], period]
        cells = [cell for pair in zip(published.dataset_facts(name), ours, strict=True) for cell in pair]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    head = _HEAD.format(command=command, name=source.rpartition("/")[2], source=source, paper=published.PAPER)
    return head + "\n".join(lines) + "\n"

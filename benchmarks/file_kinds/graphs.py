"""Files of a sensor graph, beside a table of four sensors."""

import pickle
from pathlib import Path
from typing import Optional

import numpy as np
import pandas as pd
import scipy.sparse

from basicts_elin.data.dataset import Dataset

from .kind import Check, kind, table

GROUP = "A graph"
NODES = ["101", "102", "103", "104"]
EDGES = [("101", "102", 400.0), ("102", "103", 900.0), ("103", "104", 250.0)]
BINARY = np.array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]], np.float32)
WEIGHTS = np.array([[1, 0.5, 0, 0], [0.25, 1, 0.5, 0], [0, 0, 1, 0.75], [0, 0, 0.5, 1]], np.float32)
SERIES = table().assign(last=table()["south"] + 1).set_axis(NODES, axis=1)


def _gives(matrix: np.ndarray) -> Check:
    def check(dataset: Dataset, printed: str) -> None:
        np.testing.assert_allclose(np.asarray(dataset.adjacency), matrix, atol=1e-6)

    return check


def _series() -> str:
    SERIES.to_csv("data.csv")
    return "data.csv"


def _edges(rows: list[tuple], header: Optional[str], name: str = "edges.csv", sep: str = ",") -> str:
    lines = [sep.join(map(str, row)) for row in rows]
    Path(name).write_text("\n".join([*([header] if header else []), *lines]) + "\n")
    return _series()


def graph(name: str, file: str, *options: str, matrix: Optional[np.ndarray] = None, refused: tuple[str, ...] = ()):
    """As `kind`, of the file given to --graph."""
    if refused:
        return kind(GROUP, name, "--graph", file, *options, refused=refused)
    return kind(GROUP, name, "--graph", file, *options, values=SERIES.to_numpy(), check=_gives(matrix))


def gaussian(edges: list[tuple], sigma: Optional[float] = None, threshold: float = 0.1) -> np.ndarray:
    """exp(-(d / sigma)²), directed; entries below the threshold are 0."""
    distances = np.array([distance for _, _, distance in edges])
    sigma = distances.std() if sigma is None else sigma
    matrix = np.zeros((4, 4))
    for start, end, distance in edges:
        matrix[NODES.index(start), NODES.index(end)] = np.exp(-((distance / sigma) ** 2))
    return np.where(matrix < threshold, 0, matrix)


ALL_PAIRS = [*((node, node, 0.0) for node in NODES), *EDGES, ("104", "101", 700.0)]


@graph("edges `from,to,cost`", "edges.csv", matrix=BINARY)
def _(folder: Path) -> str:
    return _edges(EDGES, "from,to,cost")


@graph("edges with the row number in front, `,from,to,cost`", "edges.csv", matrix=BINARY)
def _(folder: Path) -> str:
    pd.DataFrame(EDGES, columns=["from", "to", "cost"]).to_csv("edges.csv")
    return _series()


@graph("edges `id,from,to`", "edges.csv", matrix=BINARY)
def _(folder: Path) -> str:
    return _edges([(number, *edge[:2]) for number, edge in enumerate(EDGES)], "id,from,to")


@graph("edges `cost,to,from`", "edges.csv", matrix=BINARY)
def _(folder: Path) -> str:
    return _edges([edge[::-1] for edge in EDGES], "cost,to,from")


@graph("edges without a header", "edges.csv", matrix=BINARY)
def _(folder: Path) -> str:
    return _edges(EDGES, None)


@graph("edges by the numbers of the nodes", "edges.csv", matrix=BINARY)
def _(folder: Path) -> str:
    return _edges([(0, 1, 400), (1, 2, 900), (2, 3, 250)], "from,to,cost")


@graph("edges, ids as 101.0", "edges.csv", matrix=BINARY)
def _(folder: Path) -> str:
    return _edges([(f"{start}.0", f"{end}.0", cost) for start, end, cost in EDGES], "from,to,cost")


@graph("edges separated by semicolons", "edges.csv", matrix=BINARY)
def _(folder: Path) -> str:
    return _edges(EDGES, "from;to;cost", sep=";")


@graph("edges of more sensors than the data have", "edges.csv", matrix=BINARY)
def _(folder: Path) -> str:
    return _edges([*EDGES, ("104", "999", 5.0), ("998", "999", 7.0)], "from,to,cost")


@graph("edges of other sensors only", "edges.csv", refused=("graph", "900"))
def _(folder: Path) -> str:
    return _edges([("900", "901", 5.0), ("901", "902", 7.0)], "from,to,cost")


@graph("edges, gaussian", "edges.csv", "--graph-rule", "gaussian", matrix=gaussian(EDGES))
def _(folder: Path) -> str:
    return _edges(EDGES, "from,to,cost")


@graph("distances of all pairs: each sensor is listed to itself at 0", "edges.csv", matrix=gaussian(ALL_PAIRS))
def _(folder: Path) -> str:
    return _edges(ALL_PAIRS, "from,to,cost")


@graph(
    "the same, with a deviation and a threshold",
    "edges.csv",
    *("--graph-sigma", "800", "--threshold", "0.5"),
    matrix=gaussian(ALL_PAIRS, 800, 0.5),
)
def _(folder: Path) -> str:
    return _edges(ALL_PAIRS, "from,to,cost")


@graph("a matrix as `.npy`", "graph.npy", matrix=WEIGHTS)
def _(folder: Path) -> str:
    np.save("graph.npy", WEIGHTS)
    return _series()


@graph("a matrix as CSV", "graph.csv", matrix=WEIGHTS)
def _(folder: Path) -> str:
    np.savetxt("graph.csv", WEIGHTS, delimiter=",")
    return _series()


@graph("a matrix as CSV with ids, in another order", "graph.csv", matrix=WEIGHTS)
def _(folder: Path) -> str:
    frame = pd.DataFrame(WEIGHTS, NODES, NODES)
    frame.loc[NODES[::-1], NODES[::-1]].to_csv("graph.csv")
    return _series()


@graph("a matrix as DCRNN's pickle: ids, places, matrix", "graph.pkl", matrix=WEIGHTS)
def _(folder: Path) -> str:
    places = {node: number for number, node in enumerate(NODES)}
    Path("graph.pkl").write_bytes(pickle.dumps([NODES, places, WEIGHTS], protocol=2))
    return _series()


@graph("a pickle of lists", "graph.pkl", matrix=WEIGHTS)
def _(folder: Path) -> str:
    Path("graph.pkl").write_bytes(pickle.dumps(WEIGHTS.tolist()))
    return _series()


@graph("a sparse matrix of scipy", "graph.npz", matrix=WEIGHTS)
def _(folder: Path) -> str:
    scipy.sparse.save_npz("graph.npz", scipy.sparse.csr_matrix(WEIGHTS))
    return _series()


@graph("a pickle that asks for code to run", "graph.pkl", refused=("graph", "graph.pkl"))
def _(folder: Path) -> str:
    Path("graph.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    return _series()


@graph("a matrix of another size", "graph.npy", refused=("graph", "3 x 3", "4 x 4"))
def _(folder: Path) -> str:
    np.save("graph.npy", np.eye(3))
    return _series()


PLACES = np.array([0.0, 400, 1300, 1550])
DISTANCES = np.abs(np.subtract.outer(PLACES, PLACES))
KERNEL = np.exp(-((DISTANCES / DISTANCES.std()) ** 2))


@graph("a matrix of distances between all sensors", "graph.csv", matrix=np.where(KERNEL < 0.1, 0, KERNEL))
def _(folder: Path) -> str:
    np.savetxt("graph.csv", DISTANCES, delimiter=",")
    return _series()


@kind(GROUP, "edges, given as a matrix", "--adjacency", "edges.csv", refused=("adjacency", "--distances or --graph"))
def _(folder: Path) -> str:
    return _edges(EDGES, "from,to,cost")

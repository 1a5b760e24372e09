"""Prepares the synthetic dataset."""

from pathlib import Path

from ..catalog import dataset_facts
from ..graphs.graph import pickled
from . import synthetic
from .known import row_timeline
from .staging import check_destination
from .writer import write_dataset


def prepare_synthetic(
    *,
    out: Path = Path("datasets"),
    num_nodes: int = 64,
    num_days: int = 28,
    seed: int = 0,
    plot: bool = False,
    force: bool = False,
) -> Path:
    """Make the dataset SyntheticTraffic with its graph, and print a summary.

    Args:
        out: the folder in which the folder `SyntheticTraffic` is written.
        num_nodes, num_days, seed: see `synthetic.synthetic_traffic`.
        plot: also draw `quality.png`.
        force: replace an existing folder. Files in it that are not written again are kept.

    Returns: the folder `out/SyntheticTraffic`.

    Raises: UserError if an argument is out of range, or the folder exists and `force` is not set.
    """
    facts = dataset_facts(synthetic.NAME)
    folder = Path(out) / facts.name
    check_destination(folder, force=force)
    values, network = synthetic.synthetic_traffic(num_nodes, num_days, seed)
    made_with = {"num_nodes": num_nodes, "num_days": num_days, "seed": seed}
    origin = {"made_with": made_with, "first_row": 0}
    graph = pickled(network.adjacency)
    timeline = row_timeline(facts, 0, len(values))
    write_dataset(folder, facts, values, timeline, graph=graph, origin=origin, plot=plot, force=force)
    return folder

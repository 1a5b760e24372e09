"""Which datasets are prepared, and how to get the others."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..errors import UserError
from ..plugins import load_plugins
from .catalog import BASICTS_DOWNLOAD, CATALOG, prepare_command
from .dataset import open_dataset
from .layout import ARRAYS, FILES, GRAPH_FILE


@dataclass(frozen=True)
class Status:
    """What a dataset's folder holds.

    Attributes:
        missing: names of the missing arrays; `meta.json` is optional.
        shape: rows and nodes from `meta.json`, else from the arrays; None if neither can be read.
        has_graph: whether there is an `adj_mx.pkl`.
    """

    missing: tuple[str, ...]
    shape: Optional[tuple[int, int]]
    has_graph: bool


def dataset_status(folder: Path) -> Status:
    missing = tuple(name for name in ARRAYS if not (folder / name).is_file())
    return Status(missing, None if missing == ARRAYS else _shape(folder), (folder / GRAPH_FILE).is_file())


def _shape(folder: Path) -> Optional[tuple[int, int]]:
    try:
        dataset = open_dataset(folder)
        return dataset.meta.get("num_time_steps") or dataset.num_rows, dataset.num_nodes
    except (UserError, OSError):
        return None


def status_lines(datasets: Path) -> list[str]:
    """One line for each dataset in the catalogue or in the folder `datasets`, then the sources of the raw files."""
    load_plugins()
    found = {path.parent.name for file in FILES for path in datasets.glob(f"[!.]*/{file}")}
    own = sorted(found - {*CATALOG})
    width = max(map(len, [*CATALOG, *own]))
    lines = [f"{name:<{width}}  {_describe(name, dataset_status(datasets / name))}" for name in [*CATALOG, *own]]
    for source in dict.fromkeys(facts.source for facts in CATALOG.values() if facts.source):
        names = [facts.name for facts in CATALOG.values() if facts.source == source and facts.part_of is None]
        lines.append(f"raw files of {', '.join(names)}: {source}")
    return [*lines, f"or preprocessed, to be unpacked into this folder: {BASICTS_DOWNLOAD}"]


def _describe(name: str, status: Status) -> str:
    if status.missing:
        is_absent = status.missing == ARRAYS
        found = "not prepared" if is_absent else f"incomplete, without {', '.join(status.missing)}"
        command = f": {prepare_command(CATALOG[name])}{'' if is_absent else ' --force'}" if name in CATALOG else ""
        return found + command
    if status.shape is None:
        return "damaged: prepare it again"
    rows, nodes = status.shape
    return f"prepared, {rows} rows x {nodes} nodes, {'with' if status.has_graph else 'without'} a graph"

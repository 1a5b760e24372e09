"""Which datasets are there, and how to get those that are not."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .catalog import BASICTS_DOWNLOAD, CATALOG, DATES, DatasetFacts
from .io.writer import GRAPH_FILE
from .layout import PARTS, read_meta

FILES = ("meta.json", *(f"{part}_{kind}.npy" for part in PARTS for kind in ("data", "timestamps")))


@dataclass(frozen=True)
class Status:
    """What lies in a dataset's folder.

    Attributes:
        missing: files that are not there; all of them where there is no folder.
        shape: rows and nodes as `meta.json` has them; None where it does not.
        has_graph: whether there is an `adj_mx.pkl`.
    """

    missing: tuple[str, ...]
    shape: Optional[tuple[int, int]]
    has_graph: bool


def dataset_status(folder: Path) -> Status:
    missing = tuple(name for name in FILES if not (folder / name).is_file())
    shape = None if "meta.json" in missing else _shape(folder / "meta.json")
    return Status(missing, shape, (folder / GRAPH_FILE).is_file())


def _shape(meta_file: Path) -> Optional[tuple[int, int]]:
    try:
        meta = read_meta(meta_file.parent)
        return int(meta["num_time_steps"]), int(meta["num_vars"])
    except (ValueError, OverflowError, KeyError, TypeError):
        # UserError is a ValueError
        return None


def how_to_get(name: str) -> str:
    """Where a dataset comes from, for the end of a sentence."""
    facts = CATALOG.get(name)
    if facts is None:
        return "put BasicTS 1.1's files there"
    made = f"make it by `{prepare_command(facts)}`"
    if facts.source is None:
        return made
    if facts.whole is not None:
        return f"{made} (raw file of {facts.whole}: {facts.source})"
    return f"{made} (raw file: {facts.source}), or unpack BasicTS's download into datasets/ ({BASICTS_DOWNLOAD})"


def not_prepared(name: str, folder: Path) -> str:
    """What is said of a dataset that has no folder."""
    return f"dataset {name} is not prepared: there is no folder {folder} here; {how_to_get(name)}"


def prepare_command(facts: DatasetFacts) -> str:
    """The command that makes a dataset from its raw file, or from nothing."""
    command, whole = f"basicts-elin prepare {facts.name}", facts.whole or facts.name
    if facts.source is not None:
        command += f" --raw {whole.lower()}.h5" if facts.timestamp_rule == DATES else f" --raw {whole}.npz"
    if facts.whole is None:
        return command
    return f"{command} --rows {facts.first_row}:" if facts.first_row else f"{command} --sensors FILE"


def status_lines(datasets: Path) -> list[str]:
    """A line for each dataset of the catalogue and each other one in the folder `datasets`; where raw files are."""
    own = sorted(path.parent.name for path in datasets.glob("*/meta.json") if path.parent.name not in CATALOG)
    width = max(map(len, [*CATALOG, *own]))
    lines = [f"{name:<{width}}  {_describe(name, dataset_status(datasets / name))}" for name in [*CATALOG, *own]]
    for source in dict.fromkeys(facts.source for facts in CATALOG.values() if facts.source):
        names = [facts.name for facts in CATALOG.values() if facts.source == source and facts.whole is None]
        lines.append(f"raw files of {', '.join(names)}: {source}")
    return [*lines, f"or preprocessed, to be unpacked into this folder: {BASICTS_DOWNLOAD}"]


def _describe(name: str, status: Status) -> str:
    if status.missing:
        absent = status.missing == FILES
        found = "not prepared" if absent else f"incomplete, without {', '.join(status.missing)}"
        command = f": {prepare_command(CATALOG[name])}{'' if absent else ' --force'}" if name in CATALOG else ""
        return found + command
    if status.shape is None:
        return "meta.json is damaged: prepare it again"
    rows, nodes = status.shape
    return f"prepared, {rows} rows x {nodes} nodes, {'with' if status.has_graph else 'without'} a graph"

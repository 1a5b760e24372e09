"""Reads a legacy configuration from the user's checkout."""

import hashlib
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..errors import UserError, one_line
from .checkout import BASELINES, Source
from .dataset import KnownDataset, RunDataset, known_dataset
from .shim.activate import active, repeatable
from .shim.utils import reading_from

# modules of the packages in the extra `legacy`
_IN_EXTRA = ("pywt", "scipy", "sklearn")


@dataclass(frozen=True)
class Reading:
    """A configuration that was read.

    Attributes:
        source: where it is.
        cfg: its content.
        dataset: the run's.
        sha256: SHA-256 of the files that the configuration consists of.
        graph: SHA-256 of the graph that it reads, if any.
    """

    source: Source
    cfg: dict[str, Any]
    dataset: KnownDataset
    sha256: str
    graph: Optional[str]


@contextmanager
def reading(source: Source, dataset: Optional[KnownDataset] = None) -> Iterator[Reading]:
    """Read a configuration. The shim is active as long as the context lasts.

    Args:
        source: where it is.
        dataset: the run's, which may be a part of the one that the configuration names; None = the one it names.
    Raises: UserError if the file is missing, fails or holds no configuration, and for a dataset that is neither the one
        that the configuration names nor a part of it with all its nodes.
    """
    if not source.path.is_file():
        raise UserError(source.path, "missing", "a configuration of BasicTS 0.5")
    if dataset is not None:
        _check_nodes(source, dataset)
    run = RunDataset(dataset)
    with reading_from(run), active(source.root):
        with repeatable():
            module = _imported(source)
        cfg = getattr(module, "CFG", None)
        if not isinstance(cfg, dict):
            raise UserError(source.path, "no CFG", "a configuration of BasicTS 0.5")
        dataset = _dataset(source, cfg, dataset, run)
        yield Reading(source, cfg, dataset, _sha256(source.root), ",".join(run.graph_hashes.values()) or None)


def _check_nodes(source: Source, dataset: KnownDataset) -> None:
    """An architecture is built for all nodes of the whole dataset."""
    whole = known_dataset(dataset.part_of) if dataset.part_of else None
    if whole is not None and whole.num_nodes != dataset.num_nodes:
        expected = f"{whole.num_nodes} nodes, those of {whole.name}, for which {source} is made"
        raise UserError("dataset", f"{dataset.name} with {dataset.num_nodes} nodes", expected)


def _dataset(source: Source, cfg: dict[str, Any], dataset: Optional[KnownDataset], run: RunDataset) -> KnownDataset:
    """The dataset of the run: by default, the one that the configuration names."""
    data = cfg.get("DATASET")
    named = data.get("NAME") if isinstance(data, dict) else None
    if not isinstance(named, str):
        raise UserError("CFG.DATASET.NAME", f"{named!r} in {source}", "the name of a dataset")
    if dataset is None:
        return run.find(named)
    if named not in (dataset.name, dataset.part_of):
        raise UserError("dataset", dataset.name, f"{named}, or a part of it, as {source} says")
    return dataset


def _imported(source: Source) -> Any:
    try:
        return importlib.import_module(f"{BASELINES}.{source.model}.{source.file}")
    except UserError:
        raise
    except ImportError as error:
        raise UserError(source, one_line(error), "imports that exist", _import_fix(error)) from error
    except (Exception, SystemExit) as error:
        # whatever the configuration's own code raises
        found = f"{type(error).__name__}: {one_line(error)}"
        raise UserError(source, found, "a configuration that runs without an error") from error


def _import_fix(error: ImportError) -> str:
    package = _top_level(error.name or "")
    if package == "basicts":
        return "choose another model: the shim lacks this module of BasicTS 0.5"
    if not isinstance(error, ModuleNotFoundError):
        return ""
    if package == BASELINES:
        return "complete the checkout"
    return "pip install -e '.[legacy]'" if package in _IN_EXTRA else f"install {package}"


def _top_level(module: str) -> str:
    return module.partition(".")[0]


def _sha256(root: Path) -> str:
    """Of every file of the checkout that was imported, with its name."""
    modules = (module for name, module in sys.modules.items() if _top_level(name) == BASELINES)
    files = {getattr(module, "__file__", None) for module in modules}
    digest = hashlib.sha256()
    for file in sorted(filter(None, files)):
        digest.update(Path(file).relative_to(root).as_posix().encode() + b"\0" + Path(file).read_bytes())
    return digest.hexdigest()

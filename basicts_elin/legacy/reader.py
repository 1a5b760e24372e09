"""A configuration of BasicTS 0.5, read from the user's own checkout."""

import hashlib
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..data.catalog import CATALOG, dataset_facts
from ..env_vars import ROOT_VARIABLE
from ..errors import UserError, nearest, one_line
from ..legacy_checkout import CHECKOUT
from .shim.activate import BASELINES, repeatable, shadow
from .shim.utils import standing_for

# what BasicTS 0.5 has and no later version
_LANDMARK = Path("basicts", "runners", "base_tsf_runner.py")

# of the packages that baselines import, those in the extra, by the name of their module
_IN_EXTRA = ("pywt", "scipy", "sklearn")


@dataclass(frozen=True)
class Source:
    """Where a configuration is: `root`/baselines/`baseline`/`file`.py."""

    root: Path
    baseline: str
    file: str

    @property
    def path(self) -> Path:
        return self.root / BASELINES / self.baseline / f"{self.file}.py"

    @property
    def name(self) -> str:
        return f"{self.baseline}/{self.file}.py of BasicTS 0.5"


@dataclass(frozen=True)
class Reading:
    """What a configuration says, and the SHA-256 of the files that say it and of the graph that they read, if any."""

    source: Source
    cfg: dict[str, Any]
    sha256: str
    graph: Optional[str]


def legacy_root() -> Optional[Path]:
    """The checkout that the environment names; None where it names none. Raises: UserError where it is none."""
    value = os.environ.get(ROOT_VARIABLE)
    if not value:
        return None
    root = Path(value).expanduser().resolve()
    if not (root / BASELINES).is_dir():
        raise UserError(f"{ROOT_VARIABLE}={value}: there is no folder {BASELINES} in it; expected {CHECKOUT}")
    return root


def baseline_names(root: Path) -> list[str]:
    return sorted({file.parent.name for file in (root / BASELINES).glob("*/*.py")}, key=str.lower)


def source_of_path(path: Path) -> Optional[Source]:
    """The configuration at `path`, if it lies where those of BasicTS 0.5 do: in baselines/<Model>/ of a checkout."""
    path = path.resolve()
    if len(path.parents) < 3 or path.parents[1].name != BASELINES or path.suffix != ".py":
        return None
    # a folder of that name may as well hold configurations of BasicTS 1.1
    is_checkout = (path.parents[2] / _LANDMARK).is_file()
    return Source(path.parents[2], path.parent.name, path.stem) if is_checkout else None


def named_source(baseline: str, name: str) -> tuple[Source, Optional[str]]:
    """The configuration legacy/`baseline`/`name` of the checkout that the environment names, and the run's dataset.

    `name` is a file's or, where there is none, a dataset that is a part of the one that a file is named after. The
    dataset is None where the file says it.
    Raises: UserError where there is no such configuration.
    """
    facts = CATALOG.get(name)
    root = legacy_root()
    if root is None:
        raise UserError(f"legacy/{baseline}/{name} needs {CHECKOUT}")
    known = baseline_names(root)
    if baseline not in known:
        raise UserError(f"model: {root / BASELINES} has no {baseline!r}{nearest(baseline, known)}: {', '.join(known)}")
    sources = [Source(root, baseline, file) for file in (name, facts and facts.part_of) if file]
    found = next((source for source in sources if source.path.is_file()), None)
    if found is None:
        files = sorted(file.stem for file in sources[0].path.parent.glob("*.py"))
        raise UserError(f"legacy/{baseline}/{name}: there is no {sources[-1].path}; there are {', '.join(files)}")
    return found, name if facts else None


@contextmanager
def reading(source: Source, dataset: Optional[str] = None) -> Iterator[Reading]:
    """The configuration, with the stand-in in the place of `basicts` for as long as this lasts.

    dataset: that of the run, where it may be a part of the one that the configuration names; None = the latter.
    Raises: UserError where the file is missing, fails, or holds no configuration, and for a part with fewer nodes.
    """
    if not source.path.is_file():
        raise UserError(f"config file {source.path} is missing; expected a configuration of BasicTS 0.5")
    if dataset:
        _check_nodes(source, dataset)
    with standing_for(dataset) as read, shadow(source.root):
        with repeatable():
            module = _imported(source)
        cfg = getattr(module, "CFG", None)
        if not isinstance(cfg, dict):
            raise UserError(f"config file {source.path} holds no CFG; expected a configuration of BasicTS 0.5")
        yield Reading(source, cfg, _sha256(source.root), ",".join(read.values()) or None)


def check_dataset(found: Reading, dataset: str) -> None:
    """Raise UserError unless `dataset` is the one that the configuration names, or a part of it."""
    named = found.cfg["DATASET"]["NAME"]
    if named not in (dataset, dataset_facts(dataset).part_of):
        raise UserError(f"{found.source.name} is of {named}; it cannot run on {dataset}")


def _check_nodes(source: Source, dataset: str) -> None:
    """An architecture is made for all nodes."""
    part = dataset_facts(dataset)
    nodes = dataset_facts(part.part_of or dataset).num_nodes
    if part.num_nodes != nodes:
        raise UserError(f"{source.name} is made for {nodes} nodes; {dataset} has {part.num_nodes}")


def _imported(source: Source) -> Any:
    try:
        return importlib.import_module(f"{BASELINES}.{source.baseline}.{source.file}")
    except UserError:
        raise
    except ImportError as error:
        what = f"{one_line(error)}{_hint(error)}"
        raise UserError(f"{source.name} imports something that is not there: {what}") from error
    except (Exception, SystemExit) as error:
        # whatever the configuration's own code raises
        raise UserError(f"{source.name} fails with {type(error).__name__}: {one_line(error)}") from error


def _hint(error: ImportError) -> str:
    package = _top_level(error.name or "")
    if package == "basicts":
        return " (BasicTS 0.5 has it, the stand-in has not)"
    if not isinstance(error, ModuleNotFoundError):
        return ""
    if package == BASELINES:
        return " (the checkout lacks it)"
    return " (pip install -e '.[legacy]')" if package in _IN_EXTRA else f" (install {package})"


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

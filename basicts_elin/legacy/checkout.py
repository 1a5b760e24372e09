"""Finds the user's checkout of BasicTS 0.5 and its configurations. Works without BasicTS."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..env_vars import ROOT_VARIABLE
from ..errors import UserError, nearest
from .dataset import KnownDataset, known_dataset

# the folder of the models, and the package from which they import each other
BASELINES = "baselines"

HOW_TO_NAME = f"name it by --legacy-root FOLDER or {ROOT_VARIABLE}"
CHECKOUT = "a checkout of BasicTS 0.5 (git clone -b v0.5.8 https://github.com/GestaltCogTeam/BasicTS)"

# BasicTS 0.5 has this file, and no later version has it
_LANDMARK = Path("basicts", "runners", "base_tsf_runner.py")


@dataclass(frozen=True)
class Source:
    """A legacy configuration: the file `root`/baselines/`model`/`file`.py."""

    root: Path
    model: str
    file: str

    @property
    def path(self) -> Path:
        return self.root / BASELINES / self.model / f"{self.file}.py"

    def __str__(self) -> str:
        return f"{BASELINES}/{self.model}/{self.file}.py"


def legacy_root() -> Optional[Path]:
    """The checkout that the environment names; None if it names none.

    Raises: UserError if the folder that it names is not a checkout.
    """
    value = os.environ.get(ROOT_VARIABLE)
    if not value:
        return None
    root = Path(value).expanduser().resolve()
    if not (root / BASELINES).is_dir():
        raise UserError(ROOT_VARIABLE, f"{value}, without a folder {BASELINES}", CHECKOUT)
    return root


def legacy_names(root: Path) -> list[str]:
    """The models of a checkout, in alphabetical order."""
    return sorted({file.parent.name for file in (root / BASELINES).glob("*/*.py")}, key=str.lower)


def source_of_path(path: Path) -> Optional[Source]:
    """The configuration at `path`, if that is baselines/<Model>/<file>.py in a checkout; else None."""
    path = path.resolve()
    if len(path.parents) < 3 or path.parents[1].name != BASELINES or path.suffix != ".py":
        return None
    # the user may keep configurations of BasicTS 1.1 in a folder of that name
    is_checkout = (path.parents[2] / _LANDMARK).is_file()
    return Source(path.parents[2], path.parent.name, path.stem) if is_checkout else None


def named_source(model: str, name: str) -> tuple[Source, Optional[KnownDataset]]:
    """The configuration of legacy/`model`/`name` in the checkout that the environment names, and the run's dataset.

    Args:
        model: folder of the model.
        name: of a dataset, or of a file of the model. The configuration is the file of that name or, without one, the
            file named after the whole dataset, if this one is a part.
    Returns: the configuration, and the dataset if `name` is one. Otherwise None: the configuration names the dataset.
    Raises: UserError if there is no such configuration.
    """
    root = legacy_root()
    if root is None:
        raise UserError(f"legacy/{model}/{name}", "no checkout of BasicTS 0.5", CHECKOUT, HOW_TO_NAME)
    known = legacy_names(root)
    if model not in known:
        expected = f"one of {', '.join(known)}, as in {root}{nearest(model, known)}"
        raise UserError("model", f"legacy/{model}", expected)
    dataset = known_dataset(name)
    sources = [Source(root, model, file) for file in (name, dataset and dataset.part_of) if file]
    found = next((source for source in sources if source.path.is_file()), None)
    if found is None:
        files = sorted(file.stem for file in sources[0].path.parent.glob("*.py"))
        raise UserError("dataset", name, f"one that legacy/{model} is configured for: {', '.join(files)}")
    return found, dataset

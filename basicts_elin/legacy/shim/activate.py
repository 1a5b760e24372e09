"""Puts the shim in the place of `basicts` while legacy code is imported or run."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from .. import shim
from ..checkout import BASELINES


@contextmanager
def active(root: Path) -> Iterator[None]:
    """In this context `basicts` is the shim, and `baselines` is the folder of that name in the checkout `root`.

    Modules imported in it keep their references to the shim. Nothing is written to the checkout, not even bytecode.
    """
    before = {name: module for name, module in sys.modules.items() if _is_replaced(name)}
    path, writes_nothing = list(sys.path), sys.dont_write_bytecode
    _forget()
    baselines = ModuleType(BASELINES)
    baselines.__path__ = [str(root / BASELINES)]
    sys.modules |= {BASELINES: baselines, "basicts": shim}
    sys.modules |= {f"basicts.{name}": module for name, module in {**shim.MODULES, **shim.INNER}.items()}
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        _forget()
        sys.modules |= before
        # legacy configurations append the root of the checkout
        sys.path[:] = path
        sys.dont_write_bytecode = writes_nothing


@contextmanager
def repeatable() -> Iterator[None]:
    """In this context random numbers start from fixed seeds. Afterwards the run's own generators continue as before.

    A configuration may use random numbers for constants of the model: scipy's eigenvectors have signs that depend on a
    random start (STWave).
    """
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    default_rng = np.random.default_rng
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    np.random.default_rng = lambda seed=None: default_rng(0 if seed is None else seed)
    try:
        yield
    finally:
        np.random.default_rng = default_rng
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


def _is_replaced(name: str) -> bool:
    return name.partition(".")[0] in ("basicts", BASELINES)


def _forget() -> None:
    for name in filter(_is_replaced, list(sys.modules)):
        del sys.modules[name]

"""The stand-in in the place of `basicts`, for as long as something of BasicTS 0.5 is being read."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from .. import shim as standin

BASELINES = "baselines"


@contextmanager
def shadow(root: Path) -> Iterator[None]:
    """While this lasts, `basicts` is the stand-in and `baselines` the folder of that name in the checkout `root`.

    What was imported then keeps its references to the stand-in. Of the checkout nothing is written, not even bytecode.
    """
    before = {name: module for name, module in sys.modules.items() if _is_shadowed(name)}
    path, writes_nothing = list(sys.path), sys.dont_write_bytecode
    _forget()
    baselines = ModuleType(BASELINES)
    baselines.__path__ = [str(root / BASELINES)]
    sys.modules |= {BASELINES: baselines, "basicts": standin}
    sys.modules |= {f"basicts.{name}": module for name, module in {**standin.MODULES, **standin.INNER}.items()}
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        _forget()
        sys.modules |= before
        # configurations append their root to it
        sys.path[:] = path
        sys.dont_write_bytecode = writes_nothing


@contextmanager
def repeatable() -> Iterator[None]:
    """The same random numbers every time, and those of the run as they were.

    A configuration may compute with random numbers what is no weight of the model: scipy's eigenvectors, whose signs
    follow from a random start (STWave).
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


def _is_shadowed(name: str) -> bool:
    return name.partition(".")[0] in ("basicts", BASELINES)


def _forget() -> None:
    for name in filter(_is_shadowed, list(sys.modules)):
        del sys.modules[name]

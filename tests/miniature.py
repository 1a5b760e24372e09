"""Fixtures: the miniature legacy models, and the user's own checkout of BasicTS 0.5."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny import NAME, NODES

from basicts_elin.data.graphs.graph import pickled
from basicts_elin.env_vars import ROOT_VARIABLE

MINIATURE = Path(__file__).resolve().parent / "miniature_checkout"

# before the tests set it to something else
REAL_ROOT = os.environ.get(ROOT_VARIABLE)


@pytest.fixture
def adjacency():
    """Directed and weighted, with a node that has no edge."""
    matrix = np.random.default_rng(0).uniform(0.2, 1, (NODES, NODES)).astype(np.float32)
    matrix[3] = matrix[:, 3] = 0
    return matrix


@pytest.fixture
def checkout(tiny, adjacency, monkeypatch):
    """A copy of the miniature checkout, which the environment names, beside the dataset Tiny with a graph."""
    root = tiny / "BasicTS-0.5"
    shutil.copytree(MINIATURE, root)
    (tiny / "datasets" / NAME / "adj_mx.pkl").write_bytes(pickled(adjacency))
    monkeypatch.setenv(ROOT_VARIABLE, str(root))
    return root


@pytest.fixture
def edit(checkout):
    """Replaces a line of a miniature configuration, or adds one."""

    def replace(old, new, model="Mini"):
        file = checkout / "baselines" / model / "Tiny.py"
        text = file.read_text()
        assert not old or text.count(old) == 1
        file.write_text(text.replace(old, new) if old else f"{text}{new}\n")

    return replace


@pytest.fixture
def real_root():
    """The user's checkout of BasicTS 0.5."""
    if not REAL_ROOT:
        pytest.skip(f"needs a checkout of BasicTS 0.5, named by {ROOT_VARIABLE}")
    return Path(REAL_ROOT).resolve()

"""The public PDFormer's numbers, see `models.pdformer_vectors`."""

import os
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def pdformer_vectors(request):
    """From the file that the variable names, else from the developers' folder."""
    path = os.environ.get("PDFORMER_VECTORS") or request.getfixturevalue("shared") / "reference/pdformer_vectors.npz"
    if not Path(path).is_file():
        pytest.skip(f"needs the public model's vectors, {path}")
    with np.load(path) as found:
        return dict(found)

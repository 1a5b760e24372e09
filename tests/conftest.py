from pathlib import Path

import pytest
import torch
from tiny import tiny, workplace  # noqa: F401  the fixtures of a dataset that a run takes a moment with

# The tests' tensors are tiny: handing them to a second thread costs ten times what it saves.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The developers' folder beside the checkout (paper, reference vectors, real measurements); users lack it."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("needs the folder shared/ beside the checkout, which only developers have")
    return folder

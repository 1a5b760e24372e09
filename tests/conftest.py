from collections import Counter, defaultdict
from pathlib import Path

import pytest
import torch
from public_pdformer import pdformer_vectors  # noqa: F401  a fixture
from tiny import tiny, workplace  # noqa: F401  the fixtures of a dataset that a run takes a moment with
from without_jit import without_jit  # noqa: F401  a fixture

# The tests' tensors are tiny: handing them to a second thread costs ten times what it saves.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The developers' folder beside the checkout (paper, reference vectors, real measurements); users lack it."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("needs the folder shared/ beside the checkout, which only developers have")
    return folder


_FUZZ = pytest.StashKey[dict[str, Counter]]()


@pytest.fixture(scope="session")
def fuzz_counts(pytestconfig):
    """Exit codes of the commands that were given made-up input, by what was made up; printed at the end."""
    return pytestconfig.stash.setdefault(_FUZZ, defaultdict(Counter))


def pytest_terminal_summary(terminalreporter, config):
    counts = config.stash.get(_FUZZ, {})
    for name, codes in {**counts, "in all": sum(counts.values(), Counter())}.items() if counts else ():
        ends = f"{codes[0]} taken, {codes[2]} refused, {codes[1]} failed in a line"
        terminalreporter.write_line(f"fuzz, {name}: {codes.total()} cases, {ends}")

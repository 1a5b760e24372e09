import pytest
from cli.commands import CONFIG
from cli.reproducing import made_runs  # noqa: F401  a fixture
from data.conftest import small_catalogue  # noqa: F401  PEMS08 and METR-LA of a few nodes
from miniature import adjacency, checkout, edit  # noqa: F401  fixtures


@pytest.fixture
def place(tiny):
    """A folder with the dataset Tiny and a configuration for it."""
    (tiny / "cfg" / "Tiny_small").mkdir(parents=True)
    (tiny / "cfg" / "Tiny_small" / "Tiny.py").write_text(CONFIG)
    return tiny

from dataclasses import replace

import pytest
from data.largest.made import DISTRICTS, STEPS, save

from basicts_elin.data import catalog


@pytest.fixture
def out(tmp_path, monkeypatch):
    """LargeST with the sensors and the steps of the made files."""
    for name in ("SD", "GBA", "GLA", "CA"):
        facts = catalog.CATALOG[name]
        nodes = sum(district in facts.districts for district in DISTRICTS)
        monkeypatch.setitem(catalog.CATALOG, name, replace(facts, num_nodes=nodes, num_rows=STEPS))
    return tmp_path / "datasets"


@pytest.fixture
def published(tmp_path):
    return save(tmp_path / "ca")

"""What docs/attention.md says is what was measured, and its examples run."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "attention.md").read_text()


@pytest.mark.parametrize("name", ["attention_cpu"])
def test_the_tables_are_those_of_the_results(name):
    spec = importlib.util.spec_from_file_location("benchmark_tables", ROOT / "benchmarks" / "tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    assert tables.markdown(tables.read_rows(ROOT / "results" / f"{name}.csv")) in PAGE


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL), ids=["own", "basicts"])
def test_the_examples_run(code):
    names = {}
    exec(code, names)
    assert names.get("output", names.get("model")) is not None

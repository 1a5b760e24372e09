"""The table of exports."""

import importlib.util

import pytest
from cli.commands import ROOT

from basicts_elin.zoo.registry import variant_names

SCRIPT, CSV, PAGE = (
    ROOT / "benchmarks" / "exports.py",
    ROOT / "results" / "exports_cpu.csv",
    ROOT / "docs" / "exports.md",
)
FORMATS = ("onnx", "torch")
# those that the project promises
PROMISED = ("ELinFormer", "STAEformer", "STID", "iTransformer")


@pytest.fixture(scope="module")
def exports():
    spec = importlib.util.spec_from_file_location("benchmark_of_exports", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(exports):
    return {(row["model"], row["format"]): row for row in exports.read_rows(CSV)}


def test_the_page_is_that_of_the_committed_rows(exports, rows):
    assert PAGE.read_text() == exports.render([*rows.values()])


def test_every_model_has_its_rows(rows):
    models = [name for name in variant_names() if not name.endswith("_small")]
    assert rows.keys() == {(name, one) for name in models for one in FORMATS}
    for row in rows.values():
        assert float(row["difference"]) <= 1e-5 if row["exports"] == "yes" else row["reason"]


def test_our_models_are_exported_with_every_attention(rows):
    found = {key: row["exports"] for key, row in rows.items() if key[0].startswith(PROMISED)}
    assert len(found) == 2 * 15 and set(found.values()) == {"yes"}


def test_refusals_are_rows(exports):
    rows = [row for row in exports.measure(["NLinear", "DUET"]) if row["format"] == "torch"]
    assert [row["exports"] for row in rows] == ["yes", "no"]
    assert "random" in rows[1]["reason"]

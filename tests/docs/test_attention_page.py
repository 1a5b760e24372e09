"""The figures of docs/attention.md are those of the results."""

import importlib.util
from pathlib import Path

import pytest

from basicts_elin import EntropyEqualAttention

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "attention.md").read_text()


@pytest.fixture(scope="module")
def tables():
    spec = importlib.util.spec_from_file_location("benchmark_rows", ROOT / "benchmarks" / "result_rows.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["attention_cpu", "model_cpu"])
def test_the_tables_are_those_of_the_results(tables, name):
    assert tables.markdown(tables.read_rows(ROOT / "results" / f"{name}.csv")) in PAGE


@pytest.mark.parametrize(
    ("name", "parts"),
    [("model_cpu", ("0.67, 0.40, 0.17 and 0.07", "1.31, 1.23, 1.24 and 1.28")),
     ("model_cpu_kept_memory", ("0.73, 0.68 and 0.46", "1.33, 1.30 and 1.23"))],
)  # fmt: skip
def test_the_parts_are_those_of_the_results(tables, name, parts):
    found = {}
    for row in tables.read_rows(ROOT / "results" / f"{name}.csv"):
        found.setdefault(row["variant"], []).append(float(row["milliseconds"]))
    for reference, expected in zip(("STAEformer, softmax matmul", "STAEformer, no mixing"), parts, strict=True):
        ratios = [ours / theirs for ours, theirs in zip(found["ELinFormer"], found[reference], strict=True)]
        *first, last = (f"{ratio:.2f}" for ratio in ratios)
        assert f"{', '.join(first)} and {last}" == expected
        assert expected in " ".join(PAGE.split())


def test_the_table_of_paths_is_that_of_the_results(tables):
    rows = tables.read_rows(ROOT / "results" / "paths_cpu.csv")
    shown = [row for row in rows if (row["hidden_size"], row["entropy"]) == ("152", "taylor")]
    assert tables.markdown([{**row, "variant": row["path"]} for row in shown]) in PAGE


def test_auto_is_near_the_best_path(tables):
    rows = tables.read_rows(ROOT / "results" / "paths_cpu.csv")
    sizes = {}
    for row in rows:
        sizes.setdefault((row["hidden_size"], row["heads"], row["entropy"], row["tokens"]), []).append(row)
    assert len(sizes) == 54
    for (hidden_size, heads, entropy, tokens), paths in sizes.items():
        chosen = EntropyEqualAttention(int(hidden_size), int(heads), entropy=entropy).path_for(int(tokens))
        for column, limit in (("milliseconds", 1.25), ("saved_mib", 1.05 if entropy == "taylor" else 1.41)):
            costs = {row["path"]: float(row[column]) for row in paths}
            assert costs[chosen] <= limit * min(costs.values())

"""The tables of docs/lengths.md are those of the results, and `auto` is near the best path at every length."""

import importlib.util
import sys

import pytest
from docs.pages import ROOT

from basicts_elin import EntropyEqualAttention
from basicts_elin.results.store import read_results
from basicts_elin.zoo.registry import find


@pytest.fixture(scope="module")
def lengths():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location("benchmark_of_lengths", ROOT / "benchmarks" / "lengths.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.pop(0)
    return module


@pytest.fixture(scope="module")
def rows(lengths):
    return lengths.read_rows(ROOT / "results" / "lengths_cpu.csv")


def test_the_tables_are_those_of_the_results(lengths, rows):
    page = (ROOT / "docs" / "lengths.md").read_text(encoding="utf-8")
    assert page == lengths.with_tables(page, rows)
    assert lengths.errors_table() in page
    steps = [(row["variant"], int(row["tokens"])) for row in rows if row["what"] == lengths.MODEL]
    order = [(model, length) for model in lengths.MODELS for length in lengths.LENGTHS]
    # a cell is empty where the machine was too small or too slow
    assert steps == [size for size in order if size in steps] and ("ELinFormer_small", 96) in steps


def test_auto_is_near_the_best_path_over_time(lengths, rows):
    layers = [row for row in rows if row["what"] == lengths.LAYER]
    sizes = {(int(row["hidden_size"]), int(row["heads"]), int(row["tokens"])) for row in layers}
    assert sizes == {(*width, length) for width in lengths.WIDTHS for length in lengths.LENGTHS}
    for hidden_size, heads, tokens in sizes:
        own = [row for row in layers if (row["hidden_size"], row["tokens"]) == (str(hidden_size), str(tokens))]
        chosen = EntropyEqualAttention(hidden_size, heads).path_for(tokens)
        # the memory is exact; the time was measured on a machine that others used
        for column, limit in (("milliseconds", 1.5), ("saved_mib", 1.2)):
            costs = {row["path"]: float(row[column]) for row in own}
            assert costs[chosen] <= limit * min(costs.values())


def test_the_models_that_are_measured_can_be_trained_by_name(lengths):
    assert all(find(name).name == name for name in lengths.MODELS)


def test_the_errors_are_of_one_model_with_each_length(lengths):
    results = [result for file in lengths.ERRORS if file.is_file() for result in read_results(file)]
    of_stid = [result for result in results if result.model == "STID"]
    assert {result.num_epochs for result in of_stid} == {100}
    assert (12, "PEMS08_tail") in {(result.input_len, result.dataset) for result in of_stid}

"""The comparison of the models that both BasicTS 1.1 and BasicTS 0.5 have."""

import importlib.util
import sys

import pytest
import torch
from cli.commands import ROOT
from miniature import real_root  # noqa: F401  fixture
from torch import nn

from basicts_elin.zoo.entries.basicts_models import basicts_names

ROWS = ROOT / "results" / "generations_cpu.csv"


@pytest.fixture(scope="module")
def generations():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location("benchmark_of_generations", ROOT / "benchmarks" / "generations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.pop(0)
    return module


def test_the_page_is_that_of_the_committed_rows(generations):
    page = (ROOT / "docs" / "generations.md").read_text()
    rows = generations.read_rows(ROWS)
    assert page == generations.with_table(page, rows)
    assert generations.table(rows) in page
    assert {row["model"] for row in rows} < set(basicts_names())


def test_weights_of_one_shape_are_the_same_whatever_their_names_and_kernels(generations):
    one = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
    other = nn.ModuleDict({"norm": nn.LayerNorm(4), "map": nn.Conv2d(3, 4, (1, 1))})
    generations.fill(one)
    generations.fill(other)
    assert torch.equal(one[0].weight, other["map"].weight[..., 0, 0])
    assert torch.equal(one[1].bias, other["norm"].weight) and torch.equal(one[0].bias, one[1].bias)
    shapes = [sorted(shape for shape, _ in generations.tensors(model)) for model in (one, other)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    ("difference", "shifted", "said"),
    [("1e-16", "1e-16", "equal"), ("0.12", "1e-6", "equal with shifted times"), ("0.12", "0.12", "differ by 12 %")],
)
def test_what_is_said_of_the_outputs(generations, difference, shifted, said):
    row = {"reason": "", "same_shapes": "True", "difference": difference, "difference_shifted": shifted}
    assert generations.verdict(row) == said
    assert generations.verdict({**row, "same_shapes": "False"}) == "different parameters"


@pytest.mark.parametrize(("model", "said"), [("NLinear", "equal"), ("STID", "different parameters")])
def test_a_model_is_compared(generations, model, said, real_root):  # noqa: F811
    before = torch.get_default_dtype()
    try:
        row = generations.row(real_root, model)
    finally:
        torch.set_default_dtype(before)
    found = {"reason": "", **{name: str(value) for name, value in row.items()}}
    assert generations.verdict(found) == said

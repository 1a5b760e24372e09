"""The exported graph of a linear path holds no tensor of sensors x sensors."""

import pytest
from forecasting.export.exported import forecaster_of, small
from torch import Tensor

from basicts_elin.forecasting.export.program import exported_program

# no other size of the model is 50, nor two of its sizes multiplied
SENSORS = 50


def square_tensors(name, **fields):
    """The nodes of the graph with two dimensions, or their product in one, of the number of sensors."""
    forecaster = forecaster_of(small(name, SENSORS, **fields), SENSORS)
    values = [node.meta.get("val") for node in exported_program(forecaster.network, forecaster.facts).graph.nodes]
    shapes = [tuple(value.shape) for value in values if isinstance(value, Tensor)]
    assert any(SENSORS in shape for shape in shapes)
    return [shape for shape in shapes if shape.count(SENSORS) > 1 or SENSORS**2 in shape]


@pytest.mark.parametrize("path", ["linear", "gram", "auto"])
@pytest.mark.parametrize("entropy", ["taylor", "taylor2", "gaussian"])
def test_linear_paths_hold_none(path, entropy):
    assert not square_tensors("ELinFormer", path=path, entropy=entropy)


@pytest.mark.parametrize(
    ("name", "fields"), [("STAEformer_matmul", {}), ("ELinFormer", {"path": "quadratic"})], ids=str
)
def test_others_do(name, fields):
    assert square_tensors(name, **fields)

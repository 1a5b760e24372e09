"""Files as old as the public ones, see python2/make.py."""

from pathlib import Path

import numpy as np
import pytest

from basicts_elin.data.graphs.reading import read_graph
from basicts_elin.data.io.h5 import read_h5

FOLDER = Path(__file__).parent / "python2"


@pytest.mark.parametrize("name", ["strings", "integers"])
def test_a_frame_of_python_2_is_read(name):
    series = read_h5(FOLDER / f"{name}.h5")
    assert series.node_names == ["773869", "767541"]
    np.testing.assert_array_equal(series.values, np.arange(200).reshape(100, 2))
    expected = np.datetime64("2012-03-01T00:00") + 5 * np.arange(100)
    np.testing.assert_array_equal(series.times, expected)


def test_a_graph_of_python_2_is_read():
    graph = read_graph(FOLDER / "adj_mx.pkl", 2, ["767541", "773869"])
    np.testing.assert_array_equal(graph.matrix, [[3, 2], [1, 0]])

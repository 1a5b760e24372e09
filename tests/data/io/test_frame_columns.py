"""A DataFrame with columns of several types is read as if cell by cell."""

import numpy as np
import pandas as pd
import pytest

from basicts_elin.data.io import frames
from basicts_elin.data.io.frames import read_frame

TIMES = pd.date_range("2024-03-04", periods=4, freq="h")
VALUES = {
    "10": np.array([1, 2, 3, 4]),
    "11": np.array([0.1, np.nan, 1e300, -0.5], np.float64),
    "12": pd.array([1, None, 3, 4], "Int64"),
    "13": np.array([1.5, 2.5, 3.5, 4.5], np.float32),
}
EXPECTED = np.array([[1, 0.1, 1, 1.5], [2, np.nan, np.nan, 2.5], [3, np.inf, 3, 3.5], [4, -0.5, 4, 4.5]], np.float32)


def test_columns_of_numbers_of_several_types():
    series = read_frame(pd.DataFrame({"time": TIMES, **VALUES}))
    np.testing.assert_array_equal(series.values, EXPECTED)
    assert series.node_names == ["10", "11", "12", "13"]


def test_numbers_beside_a_column_that_has_to_be_parsed():
    texts = pd.Series(["5", "6", None, "8"], dtype=object)
    values = frames.FrameTable(pd.DataFrame({"time": TIMES, **VALUES, "14": texts})).read([], [1, 2, 3, 4, 5]).values
    np.testing.assert_array_equal(values[:, :4], EXPECTED)
    np.testing.assert_array_equal(values[:, 4], np.array([5, 6, np.nan, 8], np.float32))


def test_the_sample_of_a_column_is_that_of_its_cells():
    (time, *columns) = frames.FrameTable(pd.DataFrame({"time": TIMES, **VALUES})).columns
    assert time.kind == "time"
    assert [column.sample for column in columns] == [
        ("1", "2", "3", "4"),
        ("0.1", "1e+300", "-0.5"),
        ("1", "3", "4"),
        ("1.5", "2.5", "3.5", "4.5"),
    ]


@pytest.mark.parametrize("dtype", ["object", "str", "category"])
def test_ids_of_a_long_table(dtype):
    ids = pd.Series([" b", "a", "b ", "a"] * 2).astype(dtype)
    times = TIMES[:4].repeat(2)
    series = read_frame(pd.DataFrame({"time": times, "sensor": ids, "value": range(8)}))
    assert series.node_names == ["b", "a"] and series.sensors.tolist() == [0, 1] * 4


def test_an_empty_id_is_no_sensor():
    table = pd.DataFrame({"time": TIMES, "sensor": ["b", None, "b", ""], "value": range(4)})
    assert frames.FrameTable(table).read([1], [2]).labels[1].codes.tolist() == [0, -1, 0, -1]

"""Matrices as tables, with or without ids."""

import numpy as np
import pandas as pd
import pytest
from data.small_series import save_lines
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refuses

from basicts_elin.data.graphs.reading import read_graph

IDS = ["Köln", "北京", "400001", "d", "e"]
NUMBERS = [400001, 400017, 400030, 400040, 400045]
MATRIX = np.random.default_rng(5).random((5, 5)).astype(np.float32)
TURNED = [3, 0, 4, 2, 1]


def read(path, names=None, num_nodes=5):
    return read_graph(path, num_nodes, names).matrix


@pytest.mark.parametrize("ids", [IDS, NUMBERS, [float(number) for number in NUMBERS], range(5), range(1, 6)], ids=str)
@pytest.mark.parametrize("how", [{}, {"index": False}, {"header": False}, {"index_label": "id"}], ids=str)
@pytest.mark.parametrize("separator", [{}, {"sep": ";", "decimal": ","}, {"sep": "\t", "encoding": "utf-16"}], ids=str)
def test_ids_decide_the_order_however_pandas_writes_them(tmp_path, ids, how, separator):
    pd.DataFrame(MATRIX, ids, ids).to_csv(tmp_path / "m.csv", **how, **separator)
    np.testing.assert_array_equal(read(tmp_path / "m.csv"), MATRIX)
    names = [str(int(name)) if isinstance(name, float) else str(name) for name in ids]
    turned = read(tmp_path / "m.csv", [names[place] for place in TURNED])
    np.testing.assert_array_equal(turned, MATRIX[np.ix_(TURNED, TURNED)])


def test_rows_and_columns_may_be_in_another_order(tmp_path):
    frame = pd.DataFrame(MATRIX, IDS, IDS)
    frame.iloc[:, TURNED].to_csv(tmp_path / "m.csv")
    np.testing.assert_array_equal(read(tmp_path / "m.csv", IDS), MATRIX)


def test_ids_choose_a_part(tmp_path):
    pd.DataFrame(MATRIX, IDS, IDS).to_csv(tmp_path / "m.csv")
    np.testing.assert_array_equal(read(tmp_path / "m.csv", IDS[3:0:-1], 3), MATRIX[3:0:-1, 3:0:-1])


@pytest.mark.parametrize("name", ["m.csv", "m.txt", "m.tsv"])
def test_numbers_separated_by_blanks(tmp_path, name):
    np.savetxt(tmp_path / name, MATRIX, header="a comment")
    np.testing.assert_array_equal(read(tmp_path / name), MATRIX)


@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
@pytest.mark.parametrize("name", [None, "sensor"])
def test_a_matrix_in_columns(tmp_path, suffix, name):
    path, frame = tmp_path / f"m{suffix}", pd.DataFrame(MATRIX, pd.Index(IDS, name=name), IDS)
    frame.to_parquet(path) if suffix == ".parquet" else frame.reset_index(drop=True).to_feather(path)
    turned = [IDS[place] for place in TURNED]
    np.testing.assert_array_equal(read(path, turned), MATRIX[np.ix_(TURNED, TURNED)])


def test_numbers_that_may_be_weights_are_no_ids(tmp_path):
    rows = ["3,1,2", "0,1,0", "1,0,7", "0,1,0"]
    with refuses("graph", found="4 rows x 3 columns"):
        read_graph(save_lines(tmp_path / "m.csv", *rows), 3, kind=None)
    with refuses("adjacency", found="4 rows x 3 columns", expected="square"):
        read_graph(tmp_path / "m.csv", 3, kind="matrix")
    found = read_graph(tmp_path / "m.csv", 3, ["1", "2", "3"], kind="matrix").matrix
    np.testing.assert_array_equal(found, [[0, 7, 1], [1, 0, 0], [1, 0, 0]])


def test_other_ids_of_rows_than_of_columns_are_refused(tmp_path):
    pd.DataFrame(MATRIX, IDS, [*IDS[:4], "x"]).to_csv(tmp_path / "m.csv")
    with refuses("graph", found="row 'e'", expected="the same ids"):
        read(tmp_path / "m.csv")


def test_an_id_twice_is_refused(tmp_path):
    pd.DataFrame(MATRIX, [*IDS[:4], "d"], [*IDS[:4], "d"]).to_csv(tmp_path / "m.csv")
    with refuses("graph", found="d twice"):
        read(tmp_path / "m.csv")


def test_sensors_with_nothing_in_common_are_refused(tmp_path):
    pd.DataFrame(MATRIX, IDS, IDS).to_csv(tmp_path / "m.csv")
    with refuses("graph", found="5 of 5", fix="without ids"):
        read(tmp_path / "m.csv", list("vwxyz"))


@pytest.mark.parametrize("cell", ["", "x", "1 000"])
def test_a_cell_without_a_number_is_named(tmp_path, cell):
    frame = pd.DataFrame(MATRIX, IDS, IDS).astype(object)
    frame.iloc[1, 2] = cell
    frame.to_csv(tmp_path / "m.csv")
    with refuses("graph", found=(repr(cell), "line 3", "column 4"), fix="0 without an edge"):
        read(tmp_path / "m.csv", IDS)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0, 1, width=32), min_size=36, max_size=36),
    st.permutations(range(6)),
    st.sampled_from([{}, {"index": False}, {"header": False}]),
)
def test_any_matrix_with_ids_comes_back(tmp_path_factory, values, order, how):
    path, ids = tmp_path_factory.mktemp("m") / "m.csv", list("uvwxyz")
    matrix = np.array(values, np.float32).reshape(6, 6)
    pd.DataFrame(matrix, ids, ids).to_csv(path, **how)
    np.testing.assert_array_equal(read(path, [ids[place] for place in order], 6), matrix[np.ix_(order, order)])

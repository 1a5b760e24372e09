"""Matrices in `.npz` files, also scipy's sparse ones."""

import numpy as np
import pytest
from data.small_series import Executed
from refusal import refuses

from basicts_elin.data.graphs.reading import read_graph
from basicts_elin.data.graphs.rules import GraphOptions

MATRIX = np.random.default_rng(6).random((5, 5)).astype(np.float32).round(2)
MATRIX[[0, 1, 3, 3], [1, 4, 0, 3]] = 0


@pytest.fixture
def npz(tmp_path):
    return tmp_path / "graph.npz"


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "dia"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, bool])
def test_sparse_matrices_of_scipy_come_back(npz, kind, dtype):
    sparse = pytest.importorskip("scipy.sparse")
    matrix = MATRIX.astype(dtype)
    sparse.save_npz(npz, sparse.coo_matrix(matrix).asformat(kind))
    np.testing.assert_array_equal(read_graph(npz, 5).matrix, matrix)


def sparse(**changes):
    kept = np.argwhere(MATRIX)
    arrays = {"row": kept[:, 0], "col": kept[:, 1], "format": b"coo", "shape": [5, 5], "data": MATRIX[tuple(kept.T)]}
    return arrays | changes


def test_entries_at_the_same_place_are_added(npz):
    np.savez(npz, **sparse(row=[1, 1, 2], col=[2, 2, 0], data=[1.0, 2.0, 4.0]))
    graph = read_graph(npz, 5).matrix
    assert graph[1, 2] == 3 and graph[2, 0] == 4 and np.count_nonzero(graph) == 2


@pytest.mark.parametrize(
    "changes",
    [{"format": b"bsr"}, {"row": [0]}, {"row": np.full(21, -1)}, {"col": np.full(21, 5)}, {"shape": 5}],
    ids=str,
)
def test_a_damaged_sparse_matrix_is_refused(npz, changes):
    np.savez(npz, **sparse(**changes))
    with refuses("graph", found=npz, expected="sparse"):
        read_graph(npz, 5)


@pytest.mark.parametrize("shape", [(4, 4), (5, 4), (10**9, 10**9)])
def test_a_sparse_matrix_of_another_size_is_refused(npz, shape):
    np.savez(npz, **sparse(shape=shape))
    with refuses("graph", found=(npz, list(shape)), expected="[5, 5]"):
        read_graph(npz, 5)


def test_the_only_square_array_that_fits_is_taken(npz):
    np.savez(npz, data=np.ones((30, 5, 1)), square=np.ones((3, 3)), graph=MATRIX, ids=np.array(["a", 1], dtype=object))
    np.testing.assert_array_equal(read_graph(npz, 5).matrix, MATRIX)


def test_one_of_several_is_chosen(npz):
    np.savez(npz, lines=MATRIX.T, near=MATRIX)
    with refuses("graph", found=("'lines'", "'near'"), fix="--graph-key"):
        read_graph(npz, 5)
    np.testing.assert_array_equal(read_graph(npz, 5, options=GraphOptions(key="near")).matrix, MATRIX)
    with refuses("graph_key", found="'far'", expected="lines, near"):
        read_graph(npz, 5, options=GraphOptions(key="far"))


def test_a_key_is_only_for_an_archive(npz):
    np.save(npz.with_suffix(".npy"), MATRIX)
    with refuses("graph_key", fix="omit"):
        read_graph(npz.with_suffix(".npy"), 5, options=GraphOptions(key="near"))


def test_an_archive_without_a_square_array_is_refused(npz):
    np.savez(npz, data=np.ones((30, 5, 1)))
    with refuses("graph", found=("'data'", [30, 5, 1]), expected="[5, 5]"):
        read_graph(npz, 5)


def test_objects_are_refused_and_not_executed(npz, tmp_path):
    np.savez(npz, graph=np.array([[Executed(tmp_path / "mark")]], dtype=object))
    with refuses("graph", found="Python objects", fix="save numbers"):
        read_graph(npz, 1)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY"])
def test_a_damaged_archive_is_refused(npz, content):
    npz.write_bytes(content)
    with refuses("graph", found=npz, expected=".npz"):
        read_graph(npz, 5)

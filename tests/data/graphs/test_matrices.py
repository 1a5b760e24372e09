"""Adjacency matrices from the files they are published in."""

import pickle
import tracemalloc

import numpy as np
import pytest
from data.small_series import Executed, save_lines
from refusal import refuses

from basicts_elin.data.graphs.archive import read_array
from basicts_elin.data.graphs.graph import Graph, fit_graph, graph_of, pickled
from basicts_elin.data.graphs.reading import TYPES, read_graph

IDS = ["773869", "767541", "b"]
MATRIX = np.random.default_rng(3).normal(size=(3, 3)).astype(np.float32)


def read(path, num_nodes=3, names=None):
    return read_graph(path, num_nodes, names, kind="matrix").matrix


def test_a_large_matrix_is_read_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("basicts_elin.data.io.arrays.stream.BATCH_VALUES", 10_000)
    matrix = np.random.default_rng(0).random((500, 500))
    np.save(tmp_path / "adj.npy", matrix)
    tracemalloc.start()
    try:
        found = read_array(tmp_path / "adj.npy", "adjacency")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(found, matrix.astype(np.float32))
    # a second copy, even in float32, would need as much again
    assert found.dtype == np.float32 and peak < 1.5 * found.nbytes


def save_adjacency(path, matrix):
    if path.suffix == ".npy":
        np.save(path, matrix)
    elif path.suffix == ".csv":
        np.savetxt(path, matrix, delimiter=",")
    else:
        path.write_bytes(pickle.dumps(matrix))
    return path


@pytest.mark.parametrize("suffix", [".npy", ".csv", ".pkl"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32, bool])
def test_a_matrix_comes_back_as_float32(tmp_path, suffix, dtype):
    matrix = (10 * MATRIX).astype(dtype)
    found = read(save_adjacency(tmp_path / f"graph{suffix}", matrix))
    np.testing.assert_array_equal(found, matrix.astype(np.float32))
    assert found.dtype == np.float32


def test_the_case_of_the_suffix_does_not_matter(tmp_path):
    save_adjacency(tmp_path / "graph.npy", MATRIX).rename(tmp_path / "GRAPH.NPY")
    np.testing.assert_array_equal(read(tmp_path / "GRAPH.NPY"), MATRIX)


def test_an_adjacency_with_its_direction_is_not_made_symmetric(tmp_path):
    found = read(save_adjacency(tmp_path / "graph.csv", np.triu(np.ones((3, 3)), 1)))
    assert found.tolist() == [[0, 1, 1], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", [list, tuple])
def test_ids_come_with_the_matrix(tmp_path, protocol, kind):
    content = kind([IDS, {name: place for place, name in enumerate(IDS)}, MATRIX])
    (tmp_path / "graph.pkl").write_bytes(pickle.dumps(content, protocol=protocol))
    np.testing.assert_array_equal(read(tmp_path / "graph.pkl", names=IDS[::-1]), MATRIX[::-1, ::-1])


@pytest.mark.parametrize("content", [(IDS, None, MATRIX), (IDS, {}, MATRIX.tolist())])
def test_the_places_in_a_pickle_are_not_needed(content, tmp_path):
    assert graph_of(content, tmp_path).ids == IDS


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", [np.asmatrix, np.ndarray.tolist, lambda rows: tuple(map(tuple, rows.tolist())), list])
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_matrices_and_lists_of_rows_come_back(tmp_path, protocol, kind):
    (tmp_path / "graph.pkl").write_bytes(pickle.dumps(kind(MATRIX), protocol=protocol))
    np.testing.assert_array_equal(read(tmp_path / "graph.pkl"), MATRIX)


def test_a_matrix_of_the_whole_network_is_cut(tmp_path):
    save_adjacency(tmp_path / "graph.npy", MATRIX)
    graph = read_graph(tmp_path / "graph.npy", 2, IDS[:0:-1], all_names=IDS)
    np.testing.assert_array_equal(graph.matrix, MATRIX[:0:-1, :0:-1])
    assert "1 of its 3 sensors" in graph.notes[-1]


def test_numeric_ids_become_text(tmp_path):
    (tmp_path / "graph.pkl").write_bytes(pickle.dumps(([5, 7, 400001], None, MATRIX)))
    np.testing.assert_array_equal(read(tmp_path / "graph.pkl", names=["7", "5", "400001"])[0, 2], MATRIX[1, 2])


def test_a_missing_file_is_refused(tmp_path):
    for path in (tmp_path / "no.npy", tmp_path):
        with refuses("adjacency", found=path, expected=(".npy", ".csv", ".pkl")):
            read(path)


def test_another_kind_of_file_is_refused(tmp_path):
    with refuses("adjacency", found=tmp_path / "graph.xlsx", expected=TYPES):
        read(save_lines(tmp_path / "graph.xlsx", "1"))


@pytest.mark.parametrize("suffix", [".npy", ".csv", ".pkl"])
@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (3, 1), (1, 3)])
def test_a_matrix_that_is_not_square_is_refused(tmp_path, suffix, shape):
    path = save_adjacency(tmp_path / f"graph{suffix}", np.ones(shape))
    size = f"{shape[0]} rows x {shape[1]} columns" if suffix == ".csv" else f"float64 {list(shape)}"
    with refuses("adjacency", found=(size, path), expected="square"):
        read(path)


@pytest.mark.parametrize("shape", [(9,), (3, 3, 1), ()])
def test_an_array_of_other_dimensions_is_refused(tmp_path, shape):
    with refuses("adjacency", found=f"float64 {list(shape)}"):
        read(save_adjacency(tmp_path / "g.npy", np.ones(shape)))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("text", "str"),
        ({"a": 1}, "dict"),
        (7, "int"),
        (None, "NoneType"),
        ([[0]] * 2, [2, 1]),
        ([[0]] * 3, [3, 1]),
        ([[0], [0, 1]], "list"),
    ],
)
def test_a_pickle_without_a_matrix_is_refused(tmp_path, content, found):
    (tmp_path / "graph.pkl").write_bytes(pickle.dumps(content))
    with refuses("adjacency", found=found, expected="square"):
        read(tmp_path / "graph.pkl")


@pytest.mark.parametrize("matrix", [MATRIX.astype(str), MATRIX.astype(complex)])
@pytest.mark.parametrize("suffix", [".npy", ".pkl"])
def test_a_matrix_without_numbers_is_refused(tmp_path, matrix, suffix):
    with refuses("adjacency", found=f"{matrix.dtype} [3, 3]", expected="numbers"):
        read(save_adjacency(tmp_path / f"graph{suffix}", matrix))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("suffix", [".npy", ".csv", ".pkl"])
def test_a_matrix_that_is_not_finite_is_refused(tmp_path, suffix, bad):
    matrix = MATRIX.copy()
    matrix[1, 2] = bad
    path = save_adjacency(tmp_path / f"graph{suffix}", matrix)
    with refuses("adjacency", found=("NaN or infinity", path)):
        read(path)


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_number_too_large_for_float32_is_refused(tmp_path):
    with refuses("adjacency", found="infinity"):
        read(save_adjacency(tmp_path / "graph.npy", 1e300 * np.ones((3, 3))))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "1,2\n3\n", "1;2\n3;4\n", "\x00"])
def test_a_csv_that_is_no_matrix_of_numbers_is_refused(tmp_path, text):
    (tmp_path / "graph.csv").write_text(text)
    with refuses("adjacency", found=tmp_path / "graph.csv"):
        read(tmp_path / "graph.csv")


def test_objects_in_npy_are_refused_and_not_executed(tmp_path):
    path = tmp_path / "graph.npy"
    np.save(path, np.array([[Executed(tmp_path / "mark")]], dtype=object), allow_pickle=True)
    with refuses("adjacency", found=(path, "Python objects"), fix="save numbers"):
        read(path)
    assert not (tmp_path / "mark").exists()
    np.load(path, allow_pickle=True)
    assert (tmp_path / "mark").exists()


def test_a_pickle_named_npy_is_refused_and_not_executed(tmp_path):
    (tmp_path / "graph.npy").write_bytes(pickle.dumps(Executed(tmp_path / "mark")))
    with refuses("adjacency", found=(tmp_path / "graph.npy", "pickle"), fix=".pkl"):
        read(tmp_path / "graph.npy")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("part", [0, 0.01, 0.5, 0.99])
def test_an_npy_cut_short_is_refused(tmp_path, part):
    path = save_adjacency(tmp_path / "graph.npy", MATRIX)
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    with refuses("adjacency", found=path, expected=".npy"):
        read(path)


@pytest.mark.parametrize("ids", [IDS[:2], None, 3])
def test_ids_that_do_not_fit_the_matrix_are_refused(tmp_path, ids):
    (tmp_path / "graph.pkl").write_bytes(pickle.dumps((ids, {}, MATRIX)))
    with refuses("adjacency", found=tmp_path / "graph.pkl"):
        read(tmp_path / "graph.pkl")


def test_a_node_named_twice_is_refused(tmp_path):
    (tmp_path / "graph.pkl").write_bytes(pickle.dumps((["a", "b", "a"], {}, MATRIX)))
    with refuses("adjacency", found="duplicate"):
        read(tmp_path / "graph.pkl")


def test_ids_decide_the_order(tmp_path):
    fitted = fit_graph(Graph(MATRIX, IDS), tmp_path, 3, ["b", "773869", "767541"])
    assert fitted.tolist() == [[MATRIX[row, column] for column in (2, 0, 1)] for row in (2, 0, 1)]


def test_ids_choose_a_part(tmp_path):
    fitted = fit_graph(Graph(MATRIX, IDS), tmp_path, 2, ["b", "773869"])
    assert fitted.tolist() == [[MATRIX[2, 2], MATRIX[2, 0]], [MATRIX[0, 2], MATRIX[0, 0]]]


@pytest.mark.parametrize(("ids", "names"), [(None, None), (None, IDS), (IDS, None)])
def test_without_ids_on_both_sides_the_order_stays(tmp_path, ids, names):
    np.testing.assert_array_equal(fit_graph(Graph(MATRIX, ids), tmp_path, 3, names), MATRIX)


@pytest.mark.parametrize(("ids", "names"), [(None, None), (None, [*IDS, "x"]), (IDS, None)])
def test_a_graph_of_another_size_is_refused(tmp_path, ids, names):
    with refuses("adjacency", found=(tmp_path / "g.npy", "3 x 3"), expected="4 x 4"):
        fit_graph(Graph(MATRIX, ids), tmp_path / "g.npy", 4, names)


def test_nodes_that_the_graph_lacks_are_counted(tmp_path):
    with refuses("adjacency", found=(tmp_path / "g.pkl", "node x", "2 of 3"), expected=3):
        fit_graph(Graph(MATRIX, IDS), tmp_path / "g.pkl", 3, ["b", "x", "y"])


def test_the_written_graph_is_a_plain_pickle():
    found = pickle.loads(pickled(MATRIX))
    np.testing.assert_array_equal(found, MATRIX)
    assert found.dtype == np.float32

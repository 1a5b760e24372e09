"""Sensor graphs from the files they are published in."""

import pickle

import numpy as np
import pytest
from data.small_series import Executed, save_lines
from refusal import refuses

from basicts_elin.data.graphs.graph import Graph, fit_graph, pickled, read_adjacency, read_distances, read_ids

IDS = ["773869", "767541", "b"]
MATRIX = np.random.default_rng(3).normal(size=(3, 3)).astype(np.float32)


@pytest.fixture
def csv(tmp_path):
    return tmp_path / "distances.csv"


def edges(matrix):
    assert matrix.dtype == np.float32 and set(np.unique(matrix)) <= {0, 1}
    np.testing.assert_array_equal(matrix, matrix.T)
    return {(int(start), int(end)) for start, end in np.argwhere(matrix) if start <= end}


def test_edges_count_in_both_directions(csv):
    matrix = read_distances(save_lines(csv, "from,to,cost", "0,1,310.6", "3,2,0"), 4)
    assert matrix.shape == (4, 4) and edges(matrix) == {(0, 1), (2, 3)}


@pytest.mark.parametrize(
    "lines",
    [
        ["from,to,cost", "0,2,1", "1,1,0"],
        ["0,2,1", "1,1,0"],
        ["from,to", "0,2", "1,1"],
        ["from,to,cost,lanes", "0,2,1,x", "1,1,0,y"],
        ["from,to,cost", "", "0,2,1", "", "", "1,1,0", ",,", "  "],
        [" from , to ,cost", " 0 , 2 ,1", "1 ,1,0"],
        ['"from","to","cost"', '"0","2","1"', "1,1,0"],
        ["\ufefffrom,to,cost", "0,2,1", "1,1,0"],
        ["0,2,1", "2,0,5", "0,2,1", "1,1,0"],
        ["0,2,1\r", "1,1,0\r"],
        ["0,2,not read", "1,1,"],
    ],
)
def test_edge_lists_are_read_however_they_are_written(csv, lines):
    csv.write_bytes("\n".join(lines).encode())
    assert edges(read_distances(csv, 3)) == {(0, 2), (1, 1)}


@pytest.mark.parametrize("header", [[], ["from,to,cost"]])
def test_edges_by_sensor_id(csv, header):
    save_lines(csv, *header, "b,773869,1", "767541,773869,2")
    assert edges(read_distances(csv, 3, IDS)) == {(0, 2), (0, 1)}


def test_ids_that_are_numbers_are_not_taken_for_rows(csv):
    assert edges(read_distances(save_lines(csv, "2,0,1"), 3, ["2", "1", "0"])) == {(0, 2)}
    assert edges(read_distances(csv, 3, ["0", "2", "1"])) == {(0, 1)}
    with refuses("distances", found="'0'", expected="1"):
        read_distances(csv, 3, ["1", "2", "3"])


def test_edges_of_ignored_nodes_are_ignored(csv):
    save_lines(csv, "from,to,cost", "b,773869,1", "x,773869,2", "b,y,3")
    assert edges(read_distances(csv, 3, IDS, ignored={"x", "y"})) == {(0, 2)}
    with refuses("distances", found="'y'"):
        read_distances(csv, 3, IDS, ignored={"x"})


def test_a_header_may_follow_a_blank_line(csv):
    assert edges(read_distances(save_lines(csv, "", "from,to,cost", "0,1,1"), 3)) == {(0, 1)}
    with refuses("distances", found=("'from'", "line 2")):
        read_distances(save_lines(csv, "0,1,1", "from,to,cost"), 3)


def test_a_file_without_edges_gives_none(csv):
    assert edges(read_distances(save_lines(csv, "from,to,cost"), 3)) == set()


@pytest.mark.parametrize("node", ["3", "-1", "x", "1.0", "00"])
@pytest.mark.parametrize("first", [True, False])
def test_an_unknown_row_is_named_with_its_line(csv, node, first):
    save_lines(csv, "from,to,cost", "0,1,1", "", f"{node},2,1" if first else f"2,{node},1")
    with refuses("distances", found=(repr(node), f"line 4 of {csv}"), expected=("0 to 2", "--ids FILE")):
        read_distances(csv, 3)


def test_an_unknown_row_in_the_first_line_is_no_header(csv):
    with refuses("distances", found=("'7'", f"line 1 of {csv}")):
        read_distances(save_lines(csv, "7,9,1", "0,1,1"), 3)


def test_an_unknown_id_is_named_with_its_line(csv):
    with refuses("distances", found=("'5'", f"line 2 of {csv}"), expected=(3, 773869)):
        read_distances(save_lines(csv, "b,773869,1", "b,5,1"), 3, IDS)


def test_a_short_line_is_refused(csv):
    with refuses("distances", found=("'2'", f"line 3 of {csv}"), expected="from,to,cost"):
        read_distances(save_lines(csv, "0,1,1", "", "2"), 3)


@pytest.mark.parametrize("content", [None, b"\xff\xfe0\x00,\x001\x00", b'0,1,1\n"' + 140_000 * b"x"])
def test_what_is_no_text_of_edges_is_refused(csv, content):
    if content is not None:
        csv.write_bytes(content)
    with refuses("distances", found=csv):
        read_distances(csv, 3)


@pytest.mark.parametrize("text", ["a\nb\nc\n", "a,b,c", "a,b,c\n", " a , b\r\n\n c \n", "\ufeffa\tb c", "a\nb,\nc,\n"])
def test_ids_are_separated_by_lines_or_commas(tmp_path, text):
    (tmp_path / "ids.txt").write_bytes(text.encode())
    assert read_ids(tmp_path / "ids.txt", "ids") == ["a", "b", "c"]


def test_ids_stay_text(tmp_path):
    assert read_ids(save_lines(tmp_path / "ids.txt", "007", "1e3"), "ids") == ["007", "1e3"]


@pytest.mark.parametrize("text", ["", "\n \n", ",,"])
def test_a_file_without_ids_is_refused(tmp_path, text):
    (tmp_path / "ids.txt").write_text(text)
    with refuses("sensors", found=(tmp_path / "ids.txt", "empty")):
        read_ids(tmp_path / "ids.txt", "sensors")


def test_an_id_named_twice_is_refused(tmp_path):
    path = save_lines(tmp_path / "ids.txt", "a", "b", "c", "b", "a")
    with refuses("ids", found=("b twice", path)):
        read_ids(path, "ids")


@pytest.mark.parametrize("content", [None, b"\xff\xfea\x00"])
def test_ids_that_are_no_text_are_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "ids.txt").write_bytes(content)
    with refuses("ids", found=tmp_path / "ids.txt", expected="text"):
        read_ids(tmp_path / "ids.txt", "ids")


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
    graph = read_adjacency(save_adjacency(tmp_path / f"graph{suffix}", matrix))
    np.testing.assert_array_equal(graph.matrix, matrix.astype(np.float32))
    assert graph.matrix.dtype == np.float32 and graph.ids is None


def test_the_case_of_the_suffix_does_not_matter(tmp_path):
    save_adjacency(tmp_path / "graph.npy", MATRIX).rename(tmp_path / "GRAPH.NPY")
    np.testing.assert_array_equal(read_adjacency(tmp_path / "GRAPH.NPY").matrix, MATRIX)


def test_an_adjacency_with_its_direction_is_not_made_symmetric(tmp_path):
    graph = read_adjacency(save_adjacency(tmp_path / "graph.csv", np.triu(np.ones((3, 3)), 1)))
    assert graph.matrix.tolist() == [[0, 1, 1], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", [list, tuple])
def test_ids_come_with_the_matrix(tmp_path, protocol, kind):
    content = kind([IDS, {name: place for place, name in enumerate(IDS)}, MATRIX])
    (tmp_path / "graph.pkl").write_bytes(pickle.dumps(content, protocol=protocol))
    graph = read_adjacency(tmp_path / "graph.pkl")
    assert graph.ids == IDS
    np.testing.assert_array_equal(graph.matrix, MATRIX)


def test_numeric_ids_become_text(tmp_path):
    (tmp_path / "graph.pkl").write_bytes(pickle.dumps(([5, 7, 400001], None, MATRIX)))
    assert read_adjacency(tmp_path / "graph.pkl").ids == ["5", "7", "400001"]


def test_a_missing_file_is_refused(tmp_path):
    for path in (tmp_path / "no.npy", tmp_path):
        with refuses("adjacency", found=path, expected=(".npy", ".csv", ".pkl")):
            read_adjacency(path)


def test_another_kind_of_file_is_refused(tmp_path):
    with refuses("adjacency", found=tmp_path / "graph.txt", expected=(".npy", ".csv", ".pkl")):
        read_adjacency(save_lines(tmp_path / "graph.txt", "1"))


@pytest.mark.parametrize("suffix", [".npy", ".csv", ".pkl"])
@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (3, 1), (1, 3)])
def test_a_matrix_that_is_not_square_is_refused(tmp_path, suffix, shape):
    path = save_adjacency(tmp_path / f"graph{suffix}", np.ones(shape))
    with refuses("adjacency", found=("float64", list(shape), path), expected="square"):
        read_adjacency(path)


@pytest.mark.parametrize("shape", [(9,), (3, 3, 1), ()])
def test_an_array_of_other_dimensions_is_refused(tmp_path, shape):
    with refuses("adjacency", found=f"float64 {list(shape)}"):
        read_adjacency(save_adjacency(tmp_path / "g.npy", np.ones(shape)))


@pytest.mark.parametrize(
    ("content", "found"),
    [("text", "str"), ({"a": 1}, "dict"), (7, "int"), (None, "NoneType"), ([[0]] * 2, "list"), ([[0]] * 3, "list")],
)
def test_a_pickle_without_a_matrix_is_refused(tmp_path, content, found):
    (tmp_path / "graph.pkl").write_bytes(pickle.dumps(content))
    with refuses("adjacency", found=found, expected="square"):
        read_adjacency(tmp_path / "graph.pkl")


@pytest.mark.parametrize("matrix", [MATRIX.astype(str), MATRIX.astype(complex)])
@pytest.mark.parametrize("suffix", [".npy", ".pkl"])
def test_a_matrix_without_numbers_is_refused(tmp_path, matrix, suffix):
    with refuses("adjacency", found=f"{matrix.dtype} [3, 3]", expected="numbers"):
        read_adjacency(save_adjacency(tmp_path / f"graph{suffix}", matrix))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("suffix", [".npy", ".csv", ".pkl"])
def test_a_matrix_that_is_not_finite_is_refused(tmp_path, suffix, bad):
    matrix = MATRIX.copy()
    matrix[1, 2] = bad
    path = save_adjacency(tmp_path / f"graph{suffix}", matrix)
    with refuses("adjacency", found=("NaN or infinity", path)):
        read_adjacency(path)


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_number_too_large_for_float32_is_refused(tmp_path):
    with refuses("adjacency", found="infinity"):
        read_adjacency(save_adjacency(tmp_path / "graph.npy", 1e300 * np.ones((3, 3))))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "1,2\n3\n", "1;2\n3;4\n", "\x00"])
def test_a_csv_that_is_no_matrix_of_numbers_is_refused(tmp_path, text):
    (tmp_path / "graph.csv").write_text(text)
    with refuses("adjacency", found=tmp_path / "graph.csv"):
        read_adjacency(tmp_path / "graph.csv")


def test_objects_in_npy_are_refused_and_not_executed(tmp_path):
    path = tmp_path / "graph.npy"
    np.save(path, np.array([[Executed(tmp_path / "mark")]], dtype=object), allow_pickle=True)
    with refuses("adjacency", found=path, expected=".npy"):
        read_adjacency(path)
    assert not (tmp_path / "mark").exists()
    np.load(path, allow_pickle=True)
    assert (tmp_path / "mark").exists()


def test_a_pickle_named_npy_is_refused_and_not_executed(tmp_path):
    (tmp_path / "graph.npy").write_bytes(pickle.dumps(Executed(tmp_path / "mark")))
    with refuses("adjacency", found=tmp_path / "graph.npy", expected=".npy"):
        read_adjacency(tmp_path / "graph.npy")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("part", [0, 0.01, 0.5, 0.99])
def test_an_npy_cut_short_is_refused(tmp_path, part):
    path = save_adjacency(tmp_path / "graph.npy", MATRIX)
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    with refuses("adjacency", found=path, expected=".npy"):
        read_adjacency(path)


@pytest.mark.parametrize("ids", [IDS[:2], None, 3])
def test_ids_that_do_not_fit_the_matrix_are_refused(tmp_path, ids):
    (tmp_path / "graph.pkl").write_bytes(pickle.dumps((ids, {}, MATRIX)))
    with refuses("adjacency", found=tmp_path / "graph.pkl"):
        read_adjacency(tmp_path / "graph.pkl")


def test_a_node_named_twice_is_refused(tmp_path):
    (tmp_path / "graph.pkl").write_bytes(pickle.dumps((["a", "b", "a"], {}, MATRIX)))
    with refuses("adjacency", found="duplicate"):
        read_adjacency(tmp_path / "graph.pkl")


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

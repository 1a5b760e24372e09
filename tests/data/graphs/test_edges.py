"""Edge lists that become binary graphs: which columns, which sensors."""

import numpy as np
import pandas as pd
import pytest
from data.small_series import save_lines
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refuses

from basicts_elin.data.graphs.reading import read_graph
from basicts_elin.data.graphs.rules import GraphOptions

IDS = ["773869", "767541", "b"]
BINARY = GraphOptions(rule="binary")


@pytest.fixture
def csv(tmp_path):
    return tmp_path / "distances.csv"


def read(path, num_nodes=3, names=None, **options):
    return read_graph(path, num_nodes, names, kind="edges", **options)


def edges(graph):
    matrix = graph.matrix
    assert matrix.dtype == np.float32 and set(np.unique(matrix)) <= {0, 1}
    np.testing.assert_array_equal(matrix, matrix.T)
    return {(int(start), int(end)) for start, end in np.argwhere(matrix) if start <= end}


def frame(num_nodes=30, num_edges=80, seed=1):
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, num_nodes, (2, num_edges))
    return pd.DataFrame({"from": ends[0], "to": ends[1], "cost": rng.random(num_edges).round(3)})


def pairs(found):
    return {(min(pair), max(pair)) for pair in zip(found["from"].tolist(), found["to"].tolist(), strict=True)}


def test_edges_count_in_both_directions(csv):
    graph = read(save_lines(csv, "from,to,cost", "0,1,310.6", "3,2,0"), 4)
    assert graph.matrix.shape == (4, 4) and edges(graph) == {(0, 1), (2, 3)}


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
        ["0.0,2.0,1.5", "1.0,1.0,0.5"],
        ["von;nach;meter", "0;2;310,6", "1;1;0,0"],
    ],
)
def test_edge_lists_are_read_however_they_are_written(csv, lines):
    csv.write_bytes("\n".join(lines).encode())
    assert edges(read(csv)) == {(0, 2), (1, 1)}


@pytest.mark.parametrize(
    ("name", "cost", "is_weight"), [("weight", "0.5", True), ("weight", "7", False), ("cost", "0.5", False)]
)
def test_weights_that_are_not_used_are_noted(csv, name, cost, is_weight):
    save_lines(csv, f"from,to,{name}", f"0,2,{cost}", "1,1,1")
    notes = read_graph(csv, 3, kind="edges").notes
    assert any("--adjacency" in note for note in notes) == is_weight
    assert any("not used" in note for note in notes)


@pytest.mark.parametrize(
    "header",
    [
        *(
            "From,To,Cost",
            "source,target,weight",
            "src,dst,w",
            "start,end,distance",
            "i,j,d",
            "u,v,len",
            "node_1,node_2,km",
        ),
        *(
            "from_node,to_node,dist",
            "sensorId1,sensorId2,metres",
            "origin,destination,value",
            "FROM_ID,TO_ID,Distance (m)",
        ),
    ],
)
@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
def test_the_header_decides_over_the_order(csv, header, order):
    lines = [line.split(",") for line in (header, "0,2,1", "1,1,2")]
    save_lines(csv, *(",".join(line[place] for place in order) for line in lines))
    assert edges(read(csv)) == {(0, 2), (1, 1)}


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"index": False},
        {"index_label": "id"},
        {"index_label": "Unnamed: 0"},
        {"columns": ["cost", "from", "to"]},
        {"header": False},
        {"header": False, "index": False},
        {"header": ["von", "nach", "meter"]},
        {"header": [0, 1, 2]},
        {"header": [0, 1, 2], "index": False},
        {"sep": ";", "decimal": ","},
        {"sep": "\t", "encoding": "utf-16"},
    ],
    ids=str,
)
def test_a_list_is_the_same_however_pandas_writes_it(csv, how):
    frame().to_csv(csv, **how)
    assert edges(read(csv, 30)) == pairs(frame())


@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
@pytest.mark.parametrize("index", [None, range(5, 85), [f"e{number}" for number in range(80)]])
def test_a_list_in_columns_is_the_same(tmp_path, suffix, index):
    found = frame() if index is None else frame().set_axis(index)
    path = tmp_path / f"edges{suffix}"
    found.to_parquet(path) if suffix == ".parquet" else found.reset_index().to_feather(path)
    assert edges(read(path, 30)) == pairs(found)


@pytest.mark.parametrize("columns", [["from", "to"], ["from", "to", "cost"]])
def test_a_list_in_an_array_is_the_same(tmp_path, columns):
    np.save(tmp_path / "edges.npy", frame()[columns].to_numpy())
    assert edges(read(tmp_path / "edges.npy", 30)) == pairs(frame())


@pytest.mark.parametrize("header", [[], ["from,to,cost"], ["x,y,z"]])
def test_edges_by_sensor_id(csv, header):
    save_lines(csv, *header, "b,773869,1", "767541,773869.0,2")
    assert edges(read(csv, 3, IDS)) == {(0, 2), (0, 1)}


@pytest.mark.parametrize(
    "lines",
    [
        # a counter, or the sensors 0, 1, 2
        ["0,1,2", "1,2,0", "2,0,1"],
        ["0,1,1", "1,2,1", "2,0,1"],
        ["0,1,2,5.5", "1,2,0,6.5", "2,0,1,7.5"],
        # the numbers of the columns, or an edge
        ["0,1,2", "2,0,1"],
    ],
)
def test_a_list_that_can_be_read_in_two_ways_is_refused(csv, lines):
    with refuses("distances", found=(lines[0], f"line 1 of {csv}"), fix="from, to, cost in the first line"):
        read(save_lines(csv, *lines))


@pytest.mark.parametrize("header", ["from,source,to", "from,to,target,cost"])
def test_two_columns_for_one_end_are_refused(csv, header):
    with refuses("distances", found="columns", fix="from, to, cost"):
        read(save_lines(csv, header, "0,1,1,1"[: 2 * len(header.split(",")) - 1]))


def test_ids_that_are_numbers_are_not_taken_for_rows(csv):
    assert edges(read(save_lines(csv, "2,0,1"), 3, ["2", "1", "0"])) == {(0, 2)}
    assert edges(read(csv, 3, ["0", "2", "1"])) == {(0, 1)}


@pytest.mark.parametrize("line", ["2,0,1", "1,2,1\n2,0,1", "0,1,1\n1,2,1"])
def test_a_list_that_counts_from_0_is_not_taken_for_ids_from_1(csv, line):
    with refuses("distances", found="'0'", expected="1"):
        read(save_lines(csv, line), 3, ["1", "2", "3"])


def test_a_list_that_counts_from_1_is_not_taken_for_numbers_from_0(csv):
    save_lines(csv, "1,2,5", "2,3,5")
    with refuses("distances", found=("'3'", "line 2"), fix="subtract 1"):
        read(csv)
    with refuses("distances", found=("'3'", "line 2")):
        read(csv, 3, ["0", "1", "2"])


def test_numbers_from_0_to_the_last_stand_for_ids(csv):
    graph = read(save_lines(csv, "0,2,1", "1,1,0"), 3, IDS)
    assert edges(graph) == {(0, 2), (1, 1)}
    assert any("numbers 0 to 2" in note for note in graph.notes)
    with refuses("distances", found=("'0'", f"line 1 of {csv}"), expected=IDS[0]):
        read(save_lines(csv, "0,1,1"), 3, IDS)


def test_rows_of_other_sensors_are_skipped_and_counted(csv):
    graph = read(save_lines(csv, "b,773869,1", "x,773869,2", "b,y,3", "x,y,4"), 3, IDS)
    assert edges(graph) == {(0, 2)}
    (note,) = (note for note in graph.notes if "skipped" in note)
    assert all(text in note for text in ("3 of 4 rows", "2 sensors", "x"))


def test_rows_of_sensors_that_were_not_chosen_are_no_foreign_ones(csv):
    graph = read(save_lines(csv, "b,773869,1", "x,773869,2", "b,y,3"), 3, IDS, all_names=["x", *IDS, "y"])
    assert edges(graph) == {(0, 2)} and not any("skipped" in note for note in graph.notes)


def test_a_list_with_no_row_between_the_sensors_is_refused(csv):
    with refuses("distances", found=("'x'", f"line 2 of {csv}", "no row"), expected=(3, IDS[0])):
        read(save_lines(csv, "from,to,cost", "x,773869,1", "b,y,1"), 3, IDS)


def test_an_empty_cell_is_no_foreign_sensor(csv):
    with refuses("distances", found=("node ''", f"line 3 of {csv}")):
        read(save_lines(csv, "b,773869,1", "x,b,1", "b,,1"), 3, IDS)


def test_a_header_may_follow_a_blank_line(csv):
    assert edges(read(save_lines(csv, "", "from,to,cost", "0,1,1"))) == {(0, 1)}
    with refuses("distances", found=("'from'", "line 2")):
        read(save_lines(csv, "0,1,1", "from,to,cost"))


def test_a_file_without_edges_gives_none(csv):
    graph = read(save_lines(csv, "from,to,cost"))
    assert edges(graph) == set() and "3 of 3 sensors" in graph.notes[-1]


def test_sensors_without_edges_are_counted(csv):
    graph = read(save_lines(csv, "b,b,0", "767541,b,0"), 3, IDS)
    assert "1 of 3 sensors" in graph.notes[-1] and "773869" in graph.notes[-1]


@pytest.mark.parametrize("node", ["3", "-1", "x", "1.5", "00", ""])
@pytest.mark.parametrize("first", [True, False])
def test_an_unknown_row_is_named_with_its_line(csv, node, first):
    save_lines(csv, "from,to,cost", "0,1,1", "", f"{node},2,1" if first else f"2,{node},1")
    with refuses("distances", found=(repr(node), f"line 4 of {csv}"), expected=("0 to 2", "--ids FILE")):
        read(csv)


def test_an_unknown_row_in_the_first_line_is_no_header(csv):
    with refuses("distances", found=("'7'", f"line 1 of {csv}")):
        read(save_lines(csv, "7,9,1", "0,1,1"))


@pytest.mark.parametrize("content", ["", "\n", "0\n1\n"])
def test_what_has_no_two_ends_is_refused(csv, content):
    csv.write_text(content)
    with refuses("distances", found=csv):
        read(csv)


def test_a_matrix_is_no_list(csv):
    np.savetxt(csv, np.eye(5), delimiter=",")
    with refuses("distances", found="5 rows x 5 columns", fix="--adjacency"):
        read(csv, 5)
    np.save(csv.with_suffix(".npy"), np.eye(5))
    with refuses("distances", found="[5, 5]", fix="--adjacency"):
        read(csv.with_suffix(".npy"), 5)


def test_a_list_is_no_matrix(csv):
    save_lines(csv, "from,to,cost", "0,1,4", "1,2,9")
    with refuses("adjacency", found="from, to, cost", fix="--distances or --graph"):
        read_graph(csv, 3, kind="matrix")
    frame().to_csv(csv)
    with refuses("adjacency", found="from", fix="--distances or --graph"):
        read_graph(csv, 30, kind="matrix")
    frame().to_csv(csv, header=False, index=False)
    with refuses("adjacency", found="80 rows x 3 columns", fix="--distances or --graph"):
        read_graph(csv, 30, kind="matrix")


def test_either_kind_is_told_by_what_the_file_holds(csv):
    frame().to_csv(csv)
    assert edges(read_graph(csv, 30)) == pairs(frame())
    np.savetxt(csv, np.eye(30), delimiter=",")
    np.testing.assert_array_equal(read_graph(csv, 30).matrix, np.eye(30))
    with refuses("graph", found="2 rows x 2 columns", fix=("--distances", "--adjacency")):
        read_graph(save_lines(csv, "0,1", "1,0"), 2)


names = st.lists(
    st.text("abcäö北0123 ._-", min_size=1, max_size=5).map(str.strip).filter(bool), min_size=2, unique=True
)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), names=names, index=st.booleans(), sep=st.sampled_from([",", ";", "\t"]))
def test_any_list_with_a_header_comes_back(data, names, index, sep, tmp_path_factory):
    path = tmp_path_factory.mktemp("edges") / "e.csv"
    place = st.integers(0, len(names) - 1)
    ends = data.draw(st.lists(st.tuples(place, place), min_size=1))
    rows = [(names[start], names[end], 1.5) for start, end in ends]
    pd.DataFrame(rows, columns=["from", "to", "cost"]).to_csv(path, index=index, sep=sep)
    graph = read(path, len(names), names, options=BINARY)
    assert edges(graph) == {(min(pair), max(pair)) for pair in ends}

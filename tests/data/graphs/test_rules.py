"""From distances to weights."""

from dataclasses import replace

import numpy as np
import pytest
from data.small_series import save_lines
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refuses

from basicts_elin.data.catalog import CATALOG
from basicts_elin.data.graphs.reading import read_graph
from basicts_elin.data.graphs.rules import GraphOptions

IDS = ["a", "b", "c"]
FAR = 50.0
# directed: b to a is another way
ROWS = ["a,a,0", "b,b,0", "c,c,0", "a,b,3", "b,a,4", "c,a,2", f"a,c,{FAR}"]
DISTANCES = np.array([[0, 3, FAR], [4, 0, np.inf], [2, np.inf, 0]])
LISTED = DISTANCES[np.isfinite(DISTANCES)]
GAUSSIAN = GraphOptions(rule="gaussian")
BAY = CATALOG["PEMS-BAY"]


@pytest.fixture
def csv(tmp_path):
    return save_lines(tmp_path / "distances.csv", "from,to,cost", *ROWS)


def weights(distances, sigma, threshold=0.1):
    found = np.exp(-((distances / sigma) ** 2))
    return np.where(found < threshold, 0, found)


def assert_made(graph, expected, *texts):
    np.testing.assert_allclose(graph.matrix, expected, atol=1e-7)
    assert graph.matrix.dtype == np.float32
    assert all(text in graph.notes[0] for text in texts)


def test_a_list_with_each_sensor_at_0_of_itself_is_gaussian(csv):
    expected = weights(DISTANCES, LISTED.std())
    assert (expected == 0).sum() == 3 and expected[0, 1] != expected[1, 0]
    assert_made(read_graph(csv, 3, IDS), expected, "gaussian", "itself at 0", f"{LISTED.std():.7g}", "0.1")


@pytest.mark.parametrize("without", ROWS[:3])
def test_another_list_is_binary(csv, without):
    save_lines(csv, *(row for row in ROWS if row != without))
    expected = np.isfinite(DISTANCES).astype(float)
    place = IDS.index(without[0])
    expected[place, place] = 0
    assert_made(read_graph(csv, 3, IDS), expected, "binary", "both directions")


def test_what_the_user_says_goes_before_the_list_and_the_catalogue(csv):
    assert_made(read_graph(csv, 3, IDS, options=GraphOptions(rule="binary"), facts=BAY), np.inf > DISTANCES, "binary")
    save_lines(csv, *ROWS[1:])
    sigma = LISTED[1:].std()
    expected = weights(DISTANCES, sigma)
    expected[0, 0] = 0
    graph = read_graph(csv, 3, IDS, options=GAUSSIAN, facts=CATALOG["PEMS08"])
    assert_made(graph, expected, "gaussian", "--graph-rule")


def test_the_catalogue_goes_before_the_list(csv):
    assert_made(read_graph(csv, 3, IDS, facts=CATALOG["PEMS08"]), np.inf > DISTANCES, "binary", "PEMS08")
    facts = replace(CATALOG["PEMS-BAY_67"], graph_sigma=7.5)
    assert_made(read_graph(csv, 3, IDS, facts=facts), weights(DISTANCES, 7.5), "7.5", "PEMS-BAY", "catalogue")


def test_sigma_and_threshold_are_those_of_the_user(csv):
    graph = read_graph(csv, 3, IDS, options=GraphOptions(sigma=3.0, threshold=0.5), facts=BAY)
    assert_made(graph, weights(DISTANCES, 3.0, 0.5), "sigma 3", "--graph-sigma", "below 0.5")


def test_sigma_is_that_of_the_whole_network(csv):
    save_lines(csv, *ROWS, "a,x,999", "x,x,0")
    expected = weights(DISTANCES, LISTED.std())[:2, :2]
    graph = read_graph(csv, 2, IDS[:2], all_names=IDS)
    assert_made(graph, expected, f"{LISTED.std():.7g}")
    own = np.array([0, 0, 3, 4]).std()
    assert_made(read_graph(csv, 2, IDS[:2]), weights(DISTANCES, own)[:2, :2], f"{own:.7g}")


def test_a_row_given_twice_counts_once(csv):
    save_lines(csv, *ROWS, ROWS[3])
    assert_made(read_graph(csv, 3, IDS), weights(DISTANCES, LISTED.std()))
    save_lines(csv, *ROWS, "a,b,5")
    with refuses("graph", found=("'a,b,5'", "line 8"), expected="one distance"):
        read_graph(csv, 3, IDS)


@pytest.mark.parametrize("cost", ["", "x", "nan", "inf", "-1", "1,5"])
def test_a_row_without_a_distance_is_refused(csv, cost):
    save_lines(csv, *ROWS, f'b,c,"{cost}"')
    with refuses("graph", found=("line 8", "1 of 8"), fix="--graph-rule binary"):
        read_graph(csv, 3, IDS, options=GAUSSIAN)
    assert read_graph(csv, 3, IDS, options=GraphOptions(rule="binary")).matrix[1, 2] == 1


def test_a_list_without_distances_is_not_made_gaussian(csv):
    save_lines(csv, "from,to", "a,b")
    with refuses("graph", found="no column of distances", fix="--graph-rule binary"):
        read_graph(csv, 3, IDS, options=GAUSSIAN)


def test_distances_that_are_all_equal_need_a_sigma(csv):
    save_lines(csv, "a,b,1", "b,c,1")
    with refuses("graph", found="all 1", fix="--graph-sigma"):
        read_graph(csv, 3, IDS, options=GAUSSIAN)
    graph = read_graph(csv, 3, IDS, options=GraphOptions(rule="gaussian", sigma=1.0))
    assert np.count_nonzero(graph.matrix) == 2


def test_no_distances_give_no_weights(csv):
    assert not read_graph(save_lines(csv, "from,to,cost"), 3, IDS, options=GAUSSIAN).matrix.any()


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"rule": "linear"}, "graph_rule"),
        *(({"sigma": sigma}, "graph_sigma") for sigma in (0.0, -1.0, np.nan, np.inf)),
        *(({"threshold": threshold}, "threshold") for threshold in (-0.1, 1.0, np.nan)),
        ({"rule": "binary", "sigma": 1.0}, "graph_sigma"),
        ({"rule": "binary", "threshold": 0.5}, "threshold"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options, field):
    with refuses(field):
        GraphOptions(**options)


@pytest.mark.parametrize(("options", "field"), [({"sigma": 1.0}, "graph_sigma"), ({"threshold": 0.5}, "threshold")])
def test_options_of_the_other_rule_are_refused(csv, tmp_path, options, field):
    save_lines(csv, *ROWS[1:])
    np.save(tmp_path / "weights.npy", np.eye(3))
    for path in (csv, tmp_path / "weights.npy"):
        with refuses(field, fix="--graph-rule gaussian"):
            read_graph(path, 3, IDS, options=GraphOptions(**options))


PLACES = np.array([0.0, 3.0, 7.0, 7.0, 20.0])
PAIRS = np.abs(PLACES[:, None] - PLACES)


@pytest.fixture
def matrix(tmp_path):
    np.savetxt(tmp_path / "W.csv", PAIRS, delimiter=",")
    return tmp_path / "W.csv"


@pytest.mark.parametrize("options", [GraphOptions(), GAUSSIAN])
def test_a_matrix_of_distances_is_not_one_of_weights(matrix, options):
    # one pair of ten is at the same place
    assert (PAIRS == 0).sum() == 7
    graph = read_graph(matrix, 5, options=options)
    assert_made(graph, weights(PAIRS, PAIRS.std()), "gaussian", f"{PAIRS.std():.7g}", "matrix W.csv")
    assert graph.matrix[2, 3] == 1


def test_a_part_of_a_matrix_of_distances_has_the_sigma_of_the_whole(matrix):
    names = [f"s{number}" for number in range(5)]
    graph = read_graph(matrix, 3, names[:3], all_names=names)
    assert_made(graph, weights(PAIRS, PAIRS.std())[:3, :3])


def test_an_asymmetric_matrix_of_large_values_needs_its_rule(tmp_path):
    flows = PAIRS + np.triu(np.ones((5, 5)), 1)
    np.save(tmp_path / "flows.npy", flows)
    with refuses("graph", found="up to 21", fix=("--graph-rule gaussian", "divide")):
        read_graph(tmp_path / "flows.npy", 5)
    graph = read_graph(tmp_path / "flows.npy", 5, options=GAUSSIAN)
    assert_made(graph, weights(flows, flows.std()))
    np.save(tmp_path / "flows.npy", flows / flows.max())
    assert_made(read_graph(tmp_path / "flows.npy", 5), flows / flows.max(), "as they are")


@pytest.mark.parametrize("empty", [0.0, np.inf])
def test_a_matrix_of_some_distances_has_no_edge_where_it_has_none(tmp_path, empty):
    listed = np.isin(np.arange(16).reshape(4, 4), [1, 6, 8])
    found = np.where(listed, np.arange(16).reshape(4, 4), empty)
    if empty:
        # each sensor is at 0 of itself
        np.fill_diagonal(found, 0)
        np.fill_diagonal(listed, True)
    np.save(tmp_path / "graph.npy", found)
    expected = np.where(listed, weights(found, found[listed].std()), 0)
    assert_made(read_graph(tmp_path / "graph.npy", 4, options=GAUSSIAN), expected)


def test_infinity_is_no_weight(tmp_path):
    np.save(tmp_path / "graph.npy", np.array([[0, np.inf], [1, 0]]))
    with refuses("graph", found="1 x infinity", fix=("0", "--graph-rule gaussian")):
        read_graph(tmp_path / "graph.npy", 2)


@pytest.mark.parametrize(("value", "place"), [(-1.0, (0, 1)), (1.0, (1, 1))])
def test_weights_are_no_distances(tmp_path, value, place):
    found = PAIRS.copy()
    found[place] = value
    np.save(tmp_path / "graph.npy", found)
    with refuses("graph", found=f"{value:g}", fix="omit --graph-rule gaussian"):
        read_graph(tmp_path / "graph.npy", 5, options=GAUSSIAN)


def test_a_binary_matrix_keeps_its_direction(tmp_path):
    np.save(tmp_path / "graph.npy", np.triu(PAIRS))
    graph = read_graph(tmp_path / "graph.npy", 5, options=GraphOptions(rule="binary"))
    assert_made(graph, np.triu(PAIRS) != 0, "binary")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(1, 1e5, width=32), min_size=6, max_size=6), st.floats(1e-3, 1e3))
def test_a_list_is_the_same_graph_in_any_unit_and_as_a_matrix(tmp_path_factory, distances, unit):
    folder = tmp_path_factory.mktemp("graph")
    found = np.zeros((4, 4))
    found[np.triu_indices(4, 1)] = distances
    found += found.T
    np.save(folder / "m.npy", found)
    rows = [f"{start},{end},{unit * found[start, end]}" for start in range(4) for end in range(4)]
    listed = read_graph(save_lines(folder / "e.csv", *rows), 4, options=GAUSSIAN).matrix
    np.testing.assert_array_equal(listed, listed.T)
    matrix = read_graph(folder / "m.npy", 4, options=GAUSSIAN).matrix
    # a weight at the threshold may be on either side of it
    near = np.isclose(weights(found, found.std(), 0), 0.1, rtol=1e-4)
    np.testing.assert_allclose(listed[~near], matrix[~near], rtol=1e-4)

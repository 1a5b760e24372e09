"""The graphs of public networks, from the files they are published in."""

import numpy as np
import pandas as pd
import pytest
from data.small_series import meta_of, save_npz
from refusal import refuses

from basicts_elin.data.catalog import CATALOG
from basicts_elin.data.graphs.reading import read_graph
from basicts_elin.data.graphs.rules import GraphOptions
from basicts_elin.data.prepare import prepare_dataset


@pytest.fixture(scope="module")
def data(shared):
    return shared / "data"


@pytest.fixture(scope="module")
def bay(data):
    """The list, the 325 ids and the published matrix."""
    folder = data / "PEMS-BAY_325_hourly"
    ids = [str(name) for name in np.load(folder / "pems_bay_hourly.npz")["ids"]]
    return folder / "distances_bay_2017.csv", ids, np.load(folder / "adj_mx.npy")


@pytest.fixture(scope="module")
def part(data):
    """The 67 ids and the published matrix."""
    folder = data / "PEMS-BAY_67"
    return [str(name) for name in pd.read_hdf(folder / "pems-bay_67.h5").columns], np.load(folder / "adj_mx.npy")


@pytest.mark.parametrize("facts", [None, CATALOG["PEMS-BAY"]], ids=["by the list", "by the catalogue"])
def test_the_list_of_pems_bay_gives_the_published_graph(bay, facts):
    path, ids, published = bay
    graph = read_graph(path, 325, ids, facts=facts)
    np.testing.assert_allclose(graph.matrix, published, rtol=0, atol=1e-7)
    assert np.count_nonzero(graph.matrix) == 2694 and "3620.299" in graph.notes[0]


def test_a_part_of_pems_bay_has_the_published_block(bay, part):
    ids, published = part
    graph = read_graph(bay[0], 67, ids, facts=CATALOG["PEMS-BAY_67"])
    np.testing.assert_allclose(graph.matrix, published, rtol=0, atol=1e-7)
    assert np.count_nonzero(graph.matrix) == 196
    assert "7850 of 8358 rows are skipped: 258 sensors" in "".join(graph.notes)
    # of the part's own distances: another graph
    assert np.count_nonzero(read_graph(bay[0], 67, ids).matrix) == 209


def test_the_sensors_may_be_chosen_from_the_whole(bay, part):
    graph = read_graph(bay[0], 67, part[0], all_names=bay[1])
    np.testing.assert_allclose(graph.matrix, part[1], rtol=0, atol=1e-7)


def test_case_02_a_list_of_distances_is_prepared_as_published(data, bay, part, tmp_path, capsys):
    ids, published = part
    rows = pd.read_csv(bay[0], header=None, dtype={0: str, 1: str})
    rows[rows[0].isin(ids) & rows[1].isin(ids)].to_csv(tmp_path / "distances_67.csv", header=False, index=False)
    raw = data / "PEMS-BAY_67" / "pems-bay_67.h5"
    folder = prepare_dataset("PEMS-BAY_67", raw, out=tmp_path, distances=tmp_path / "distances_67.csv")
    matrix = np.load(folder / "adj_mx.pkl", allow_pickle=True)
    np.testing.assert_allclose(matrix, published, rtol=0, atol=1e-7)
    assert np.count_nonzero(matrix) == 196
    assert meta_of(folder)["graph"].startswith("gaussian") and meta_of(folder)["graph"] in capsys.readouterr().out


def test_the_published_matrix_stays_as_it_is(data, part):
    path = data / "PEMS-BAY_67" / "adj_mx.npy"
    np.testing.assert_array_equal(read_graph(path, 67, part[0], facts=CATALOG["PEMS-BAY_67"]).matrix, part[1])


@pytest.mark.parametrize("threshold", [0.1, 0.5])
def test_the_matrix_of_pemsd7m_holds_distances(data, threshold):
    path = data / "PeMSD7M_34days" / "W_228.csv"
    distances = np.loadtxt(path, delimiter=",")
    expected = np.exp(-np.square(distances / distances.std()))
    expected[expected < threshold] = 0
    graph = read_graph(path, 228, options=GraphOptions(threshold=threshold))
    np.testing.assert_allclose(graph.matrix, expected, atol=1e-6)
    assert "distances" in graph.notes[0]


@pytest.mark.parametrize(("key", "entries"), [("graph_neighbors", 232), ("graph_lines", 3370)])
def test_a_graph_of_the_metro_is_chosen_from_its_archive(data, key, entries):
    path = data / "Chongqing_metro_113" / "Metro_Chongqing.npz"
    with refuses("graph", found=("graph_neighbors", "graph_lines"), fix="--graph-key"):
        read_graph(path, 113)
    graph = read_graph(path, 113, options=GraphOptions(key=key))
    np.testing.assert_array_equal(graph.matrix, np.load(path)[key])
    assert np.count_nonzero(graph.matrix) == entries


# made as case 01, which has 883 sensors and 866 edges
def made_edges():
    rng = np.random.default_rng(1)
    ends = rng.integers(0, 883, (2, 866))
    return pd.DataFrame({"from": ends[0], "to": ends[1], "cost": rng.random(866).round(3)})


@pytest.mark.parametrize(
    "how", [{"index": False}, {}, {"columns": ["cost", "from", "to"]}, {"index_label": "id"}], ids=str
)
def test_case_01_an_index_column_does_not_change_the_graph(tmp_path, how):
    edges = made_edges()
    expected = np.zeros((883, 883))
    expected[edges["from"], edges["to"]] = expected[edges["to"], edges["from"]] = 1
    edges.to_csv(tmp_path / "PEMS07.csv", **how)
    graph = read_graph(tmp_path / "PEMS07.csv", 883, kind="edges", facts=CATALOG["PEMS07"])
    np.testing.assert_array_equal(graph.matrix, expected)


def test_case_01_without_a_header_an_index_may_be_a_sensor(tmp_path):
    made_edges().to_csv(tmp_path / "PEMS07.csv", header=False)
    with refuses("distances", found="line 1", fix="from, to, cost in the first line"):
        read_graph(tmp_path / "PEMS07.csv", 883, kind="edges", facts=CATALOG["PEMS07"])


def test_a_list_with_an_index_column_is_prepared(tmp_path, flow, out, capsys):
    edges = pd.DataFrame({"from": [0, 3], "to": [1, 2], "cost": [5.5, 6.5]})
    edges.to_csv(tmp_path / "index.csv")
    folder = prepare_dataset("PEMS08", save_npz(tmp_path / "raw.npz", flow), out=out, distances=tmp_path / "index.csv")
    matrix = np.load(folder / "adj_mx.pkl", allow_pickle=True)
    assert {tuple(map(int, edge)) for edge in np.argwhere(matrix)} == {(0, 1), (1, 0), (2, 3), (3, 2)}
    assert "columns 'from', 'to', 'cost' by the header" in capsys.readouterr().out


def test_a_made_list_as_that_of_metr_la_names_more_sensors(tmp_path):
    rng = np.random.default_rng(2)
    ids, foreign = [str(773000 + number) for number in range(12)], [str(900 + number) for number in range(5)]
    rows = [(start, end, 0.0 if start == end else rng.uniform(50, 9000)) for start in ids for end in ids]
    strange = [(ids[0], name, 1e6) for name in foreign]
    pd.DataFrame(rows + strange, columns=["from", "to", "cost"]).to_csv(tmp_path / "d.csv", index=False)
    graph = read_graph(tmp_path / "d.csv", 12, ids, facts=CATALOG["METR-LA"])
    distances = np.array([row[2] for row in rows]).reshape(12, 12)
    expected = np.exp(-np.square(distances / distances.std()))
    expected[expected < 0.1] = 0
    np.testing.assert_allclose(graph.matrix, expected, atol=1e-7)
    assert "5 of 149 rows are skipped: 5 sensors" in "".join(graph.notes)

"""Datasets with their graph."""

import pickle

import numpy as np
import pytest
from data.small_series import MORE_SENSORS, NODES, SENSORS, meta_of, nothing_written, save_lines
from refusal import refuses

from basicts_elin.data.prepare import prepare_dataset

MATRIX = np.random.default_rng(3).normal(size=(NODES, NODES)).astype(np.float32)


def graph_of(folder):
    matrix = pickle.loads((folder / "adj_mx.pkl").read_bytes())
    assert matrix.dtype == np.float32 and matrix.shape == (NODES, NODES)
    assert meta_of(folder)["has_graph"] is True
    return matrix


def edges_of(folder):
    return {tuple(map(int, edge)) for edge in np.argwhere(graph_of(folder))}


def test_an_adjacency_of_all_sensors_is_cut_to_those_chosen(tmp_path, wide_h5, chosen, out):
    matrix = np.arange(49.0).reshape(7, 7)
    np.save(tmp_path / "all.npy", matrix)
    folder = prepare_dataset("METR-LA", wide_h5, out=out, sensors=chosen, adjacency=tmp_path / "all.npy")
    places = [MORE_SENSORS.index(name) for name in SENSORS[::-1]]
    np.testing.assert_array_equal(graph_of(folder), matrix[np.ix_(places, places)])


def test_an_adjacency_of_the_chosen_sensors_is_taken_as_it_is(tmp_path, wide_h5, chosen, out):
    np.save(tmp_path / "few.npy", MATRIX)
    folder = prepare_dataset("METR-LA", wide_h5, out=out, sensors=chosen, adjacency=tmp_path / "few.npy")
    np.testing.assert_array_equal(graph_of(folder), MATRIX)


def test_ids_in_the_adjacency_decide_its_order(tmp_path, h5, out):
    (tmp_path / "adj_mx.pkl").write_bytes(pickle.dumps([SENSORS[::-1], {}, MATRIX], protocol=2))
    folder = prepare_dataset("METR-LA", h5, out=out, adjacency=tmp_path / "adj_mx.pkl")
    np.testing.assert_array_equal(graph_of(folder), MATRIX[::-1, ::-1])


def test_distances_go_by_the_ids_of_the_frame(tmp_path, h5, out):
    edges = [f"{SENSORS[3]},{SENSORS[1]},5", f"{SENSORS[0]},{SENSORS[2]},1"]
    distances = save_lines(tmp_path / "d.csv", "from,to,cost", *edges)
    folder = prepare_dataset("METR-LA", h5, out=out, distances=distances)
    # the deviation of 1 and 5 is 2
    weight = np.exp(-0.25)
    np.testing.assert_allclose(graph_of(folder)[0], [0, 0, weight, 0], rtol=1e-6)
    # exp(-6.25) is below the threshold
    assert edges_of(folder) == {(0, 2)}
    assert meta_of(folder)["graph"].startswith("gaussian")


def test_distances_go_by_the_chosen_sensors(tmp_path, wide_h5, chosen, out):
    edges = [f"{SENSORS[0]},{SENSORS[1]},2", f"{SENSORS[1]},{SENSORS[0]},6"]
    distances = save_lines(tmp_path / "d.csv", "from,to,cost", *edges)
    folder = prepare_dataset("METR-LA", wide_h5, out=out, sensors=chosen, distances=distances)
    assert edges_of(folder) == {(3, 2)}


def test_edges_of_sensors_that_are_not_chosen_are_ignored(tmp_path, wide_h5, chosen, out):
    distances = save_lines(tmp_path / "d.csv", "from,to,cost", f"1,{SENSORS[1]},5", f"{SENSORS[0]},{SENSORS[1]},1")
    folder = prepare_dataset("METR-LA", wide_h5, out=out, sensors=chosen, distances=distances)
    # sigma is that of the whole network
    np.testing.assert_allclose(graph_of(folder)[3, 2], np.exp(-0.25), rtol=1e-6)
    assert edges_of(folder) == {(3, 2)}


def test_distances_go_by_row_where_nodes_have_no_ids(tmp_path, npz, out, capsys):
    distances = save_lines(tmp_path / "d.csv", "from,to,cost", "3,1,5", "0,0,1")
    folder = prepare_dataset("PEMS08", npz, out=out, distances=distances)
    assert edges_of(folder) == {(0, 0), (1, 3), (3, 1)}
    assert "node_names" not in meta_of(folder)
    assert "adj_mx.pkl written" in capsys.readouterr().out


def test_ids_name_the_nodes_of_an_npz_and_its_edges(tmp_path, npz, out):
    ids = save_lines(tmp_path / "PEMS03.txt", *SENSORS)
    distances = save_lines(tmp_path / "d.csv", "from,to,distance", f"{SENSORS[3]},{SENSORS[1]},5")
    folder = prepare_dataset("PEMS08", npz, out=out, distances=distances, ids=ids)
    assert edges_of(folder) == {(1, 3), (3, 1)}
    assert meta_of(folder)["node_names"] == SENSORS


def test_ids_of_an_npz_order_an_adjacency(tmp_path, npz, out):
    ids = save_lines(tmp_path / "ids.txt", *SENSORS)
    (tmp_path / "adj_mx.pkl").write_bytes(pickle.dumps((SENSORS[::-1], {}, MATRIX)))
    folder = prepare_dataset("PEMS08", npz, out=out, adjacency=tmp_path / "adj_mx.pkl", ids=ids)
    np.testing.assert_array_equal(graph_of(folder), MATRIX[::-1, ::-1])


def test_an_adjacency_goes_with_an_npz(tmp_path, npz, out):
    np.savetxt(tmp_path / "graph.csv", MATRIX, delimiter=",")
    folder = prepare_dataset("PEMS08", npz, out=out, adjacency=tmp_path / "graph.csv")
    np.testing.assert_array_equal(graph_of(folder), MATRIX)


def test_force_replaces_the_graph_only_where_one_is_given(tmp_path, h5, out, capsys):
    np.save(tmp_path / "graph.npy", MATRIX)
    folder = prepare_dataset("METR-LA", h5, out=out, adjacency=tmp_path / "graph.npy")
    prepare_dataset("METR-LA", h5, out=out, force=True)
    np.testing.assert_array_equal(graph_of(folder), MATRIX)
    assert "adj_mx.pkl kept" in capsys.readouterr().out
    prepare_dataset("METR-LA", h5, out=out, force=True, distances=save_lines(tmp_path / "d.csv", "from,to,cost"))
    assert edges_of(folder) == set()


def test_a_graph_given_twice_is_refused(tmp_path, h5, out):
    distances = save_lines(tmp_path / "d.csv", "from,to,cost")
    np.save(tmp_path / "graph.npy", MATRIX)
    with refuses("adjacency", found=tmp_path / "graph.npy", expected="one", fix=("--distances", "--adjacency")):
        prepare_dataset("METR-LA", h5, out=out, distances=distances, adjacency=tmp_path / "graph.npy")
    assert nothing_written(out)


def test_a_graph_that_does_not_fit_is_refused(tmp_path, h5, out):
    np.save(tmp_path / "graph.npy", np.ones((5, 5)))
    with refuses("adjacency", found=(tmp_path / "graph.npy", "5 x 5"), expected="4 x 4"):
        prepare_dataset("METR-LA", h5, out=out, adjacency=tmp_path / "graph.npy")
    distances = save_lines(tmp_path / "d.csv", "from,to,cost", "0,1,5")
    with refuses("distances", found=("'0'", f"line 2 of {distances}"), expected=SENSORS[0]):
        prepare_dataset("METR-LA", h5, out=out, distances=distances)
    assert nothing_written(out)


@pytest.mark.parametrize("count", [3, 5])
def test_ids_of_another_number_are_refused(tmp_path, npz, out, count):
    ids = save_lines(tmp_path / "ids.txt", *range(count))
    with refuses("ids", found=(count, ids), expected=4):
        prepare_dataset("PEMS08", npz, out=out, ids=ids)
    assert nothing_written(out)


def test_ids_are_not_for_a_file_that_has_them(tmp_path, h5, out):
    ids = save_lines(tmp_path / "ids.txt", *SENSORS)
    with refuses("ids", found=ids, expected=h5, fix="--ids"):
        prepare_dataset("METR-LA", h5, out=out, ids=ids)
    assert nothing_written(out)

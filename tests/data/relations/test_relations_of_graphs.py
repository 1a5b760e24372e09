"""Hops and Laplacian codes."""

import numpy as np
import pytest
from data.relations.city_graph import add_graph, line_graph
from refusal import refuses
from tiny import write_dataset

from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.relations.graph import (
    UNREACHABLE,
    dataset_links,
    far_mask,
    hop_counts,
    laplacian_codes,
    links_of,
)


def ring(nodes):
    return np.roll(np.eye(nodes), 1, axis=1)


def test_links_go_both_ways_and_join_different_nodes():
    weights = np.array([[9, 0.1, 0, np.inf], [0, 0, 0, 0], [0, -2, 0, 0], [0, 0, 0, 0]])
    expected = np.zeros((4, 4), dtype=bool)
    expected[[0, 1, 1, 2], [1, 0, 2, 1]] = True
    np.testing.assert_array_equal(links_of(weights), expected)


def test_hops_are_links_on_the_shortest_path():
    far = UNREACHABLE
    expected = [[0, 1, 2, 3, far], [1, 0, 1, 2, far], [2, 1, 0, 1, far], [3, 2, 1, 0, far], [far, far, far, far, 0]]
    hops = hop_counts(links_of(line_graph()))
    np.testing.assert_array_equal(hops, expected)
    np.testing.assert_array_equal(far_mask(hops, 2), hops >= 2)
    # a node without a link has itself
    assert far_mask(hops, 2).sum(axis=1).max() == 4


def test_hops_and_mask_of_the_public_model(pdformer_vectors):
    links = links_of(pdformer_vectors["adjacency"])
    np.testing.assert_array_equal(hop_counts(links), pdformer_vectors["hops"])
    np.testing.assert_array_equal(far_mask(hop_counts(links), 3), pdformer_vectors["geo_mask"])


def test_codes_of_the_public_model_but_for_their_signs(pdformer_vectors):
    codes = laplacian_codes(links_of(pdformer_vectors["adjacency"]), 4)
    np.testing.assert_allclose(np.abs(codes), np.abs(pdformer_vectors["lap_pe"]), atol=1e-12)


@pytest.mark.parametrize("nodes", [6, 9])
def test_codes_are_eigenvectors_in_ascending_order(nodes):
    links = links_of(line_graph(nodes, nodes))
    codes, degree = laplacian_codes(links, 4), links.sum(axis=1)
    laplacian = np.eye(nodes) - links / np.sqrt(np.outer(degree, degree))
    values = np.diag(codes.T @ laplacian @ codes)
    np.testing.assert_allclose(laplacian @ codes, codes * values, atol=1e-12)
    assert values[0] > 0 and (np.diff(values) > 0).all()


def test_codes_have_a_fixed_sign():
    codes = laplacian_codes(links_of(line_graph(7, 7)), 5)
    largest = (np.abs(codes) > np.abs(codes).max(axis=0) - 1e-9).argmax(axis=0)
    assert (codes[largest, range(5)] > 0).all()


def test_as_many_codes_as_nodes_without_a_link_are_left_out_first():
    links = links_of(line_graph(9, 6))
    degree = links.sum(axis=1)
    scale = np.where(degree > 0, degree, 1) ** -0.5
    _, vectors = np.linalg.eigh(np.eye(9) - scale[:, None] * links * scale)
    np.testing.assert_allclose(np.abs(laplacian_codes(links, 3)), np.abs(vectors[:, 4:7]), atol=1e-12)


@pytest.mark.parametrize(("links", "left"), [(np.ones((3, 3)), 2), (np.zeros((4, 4)), 0), (np.zeros((1, 1)), 0)])
def test_codes_beyond_those_of_a_small_graph_are_zero(links, left):
    codes = laplacian_codes(links_of(links), 8)
    assert codes.shape == (len(links), 8)
    assert (np.abs(codes).max(axis=0) > 0).sum() == left and np.isfinite(codes).all()


def test_a_dataset_without_a_graph_is_refused(tmp_path):
    folder = write_dataset(tmp_path)
    with refuses(folder / "adj_mx.pkl", found="missing", expected="PDFormer", fix=("--graph", "--force")):
        dataset_links(open_dataset(folder), "PDFormer")


def test_a_graph_of_other_nodes_is_refused(tmp_path):
    folder = add_graph(write_dataset(tmp_path), ring(4))
    with refuses(folder / "adj_mx.pkl", found="4 x 4", expected="5 x 5"):
        dataset_links(open_dataset(folder), "PDFormer")

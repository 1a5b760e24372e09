"""The shim, against formulas and brute force."""

import importlib
import pickle

import numpy as np
import pytest
import torch
from refusal import refuses
from tiny import NAME, NODES, STEPS, WINDOWS

from basicts_elin.data.catalog import CATALOG, DatasetFacts
from basicts_elin.data.dataset import find_dataset
from basicts_elin.legacy.dataset import RunDataset
from basicts_elin.legacy.shim import adjacency as normalisations
from basicts_elin.legacy.shim import metrics, utils
from basicts_elin.legacy.shim.activate import active

PREDICTION = torch.tensor([[[1.0], [5.0]], [[2.0], [-3.0]]])
TARGET = torch.tensor([[[2.0], [0.0]], [[4.0], [-1.0]]])

# of the pairs (1, 2), (2, 4), (-3, -1), where the target is not 0
EXPECTED = {
    "MAE": (1 + 2 + 2) / 3,
    "MSE": (1 + 4 + 4) / 3,
    "RMSE": 3**0.5,
    "MAPE": (1 / 2 + 2 / 4 + 2 / 1) / 3,
    "SMAPE": (1 / 1.5 + 2 / 3 + 2 / 2) / 3,
    # over the steps of each window
    "WAPE": ((1 + 0) / 2 + (2 + 2) / 5) / 2,
    # over all entries, with delta 1
    "HUBER": (0.5 + 0 + 1.5 + 1.5) / 4,
}


@pytest.mark.parametrize("name", metrics.ALL_METRICS)
def test_a_metric_leaves_missing_targets_out(name):
    value = metrics.ALL_METRICS[name](PREDICTION, TARGET, null_val=0.0)
    assert value.item() == pytest.approx(EXPECTED[name], rel=1e-4)


def test_without_a_null_value_nan_is_missing():
    target = TARGET.where(TARGET != 0, torch.nan)
    assert metrics.masked_mae(PREDICTION, target).item() == pytest.approx(EXPECTED["MAE"])


def test_where_all_are_missing_the_error_is_zero():
    prediction = PREDICTION.clone().requires_grad_()
    metrics.masked_mae(prediction, torch.zeros_like(TARGET), null_val=0.0).backward()
    assert (prediction.grad == 0).all()


def test_huber_takes_reduction_and_delta():
    value = metrics.masked_huber(PREDICTION, TARGET, reduction="sum", delta=2.0, null_val=0.0)
    assert value.item() == pytest.approx(0.5 + 2 + 2)


def by_hand(kind, matrix):
    """The definitions, entry by entry, in float64."""
    nodes = range(len(matrix))
    identity = np.eye(len(matrix))

    def transition(a):
        return np.array([[a[j, i] / a[j].sum() if a[j].sum() else 0 for j in nodes] for i in nodes])

    def symmetric(a):
        degree = a.sum(axis=1)
        return np.array(
            [[a[i, j] / (degree[i] * degree[j]) ** 0.5 if degree[i] * degree[j] else 0 for j in nodes] for i in nodes]
        )

    return {
        "scalap": [-symmetric(np.maximum(matrix, matrix.T))],
        "normlap": [identity - symmetric(matrix)],
        "symnadj": [transition(matrix + identity)],
        "transition": [transition(matrix)],
        "doubletransition": [transition(matrix), transition(matrix.T)],
        "identity": [identity],
        "original": [matrix],
    }[kind]


@pytest.mark.parametrize("kind", normalisations.NORMALISED)
def test_an_adjacency_matrix_is_normalised(kind, checkout, adjacency):
    found, raw = utils.load_adj(f"datasets/{NAME}/adj_mx.pkl", kind)
    assert (raw == adjacency).all() and raw.flags.writeable
    for matrix, expected in zip(found, by_hand(kind, adjacency.astype(np.float64)), strict=True):
        assert matrix.dtype == np.float32
        np.testing.assert_allclose(matrix, expected, atol=1e-6)


def test_a_graph_with_ids_is_read_and_one_that_is_missing_is_named(checkout, adjacency):
    ids = [str(number) for number in range(NODES)]
    file = checkout.parent / "datasets" / NAME / "adj_mx.pkl"
    file.write_bytes(pickle.dumps((ids, dict.fromkeys(ids, 0), adjacency), protocol=2))
    assert (utils.load_adj(f"datasets/{NAME}/adj_mx.pkl", "original")[1] == adjacency).all()
    file.unlink()
    with refuses(f"datasets/{NAME}/adj_mx.pkl", found="missing", fix=(f"prepare {NAME}", "--distances")):
        utils.load_adj(f"datasets/{NAME}/adj_mx.pkl", "original")


@pytest.mark.parametrize(("graph", "found"), [(np.eye(4), "4 x 4"), (np.ones((5, 4)), "5 x 4"), ({}, "dict")])
def test_a_graph_of_another_size_is_named(checkout, graph, found):
    file = checkout.parent / "datasets" / NAME / "adj_mx.pkl"
    file.write_bytes(pickle.dumps(graph))
    with refuses(f"datasets/{NAME}/adj_mx.pkl", found=found, expected=("5 x 5", "5 nodes"), fix=f"prepare {NAME}"):
        utils.load_adj(f"datasets/{NAME}/adj_mx.pkl", "original")


def test_the_series_is_put_together_with_its_times(tiny):
    data, rows = utils.load_dataset_data(NAME), sum(WINDOWS.values()) + 3 * (2 * STEPS - 1)
    assert data.dtype == np.float32 and data.shape == (rows, NODES, 3)
    assert utils.load_dataset_desc(NAME)["shape"] == list(data.shape)
    index = np.arange(rows)
    np.testing.assert_allclose(data[:, 2, 1], index % 288 / 288, atol=1e-6)
    np.testing.assert_allclose(data[:, 4, 2], index // 288 % 7 / 7, atol=1e-6)
    test_part = np.load(tiny / "datasets" / NAME / "test_data.npy")
    assert (data[-len(test_part) :, :, 0] == test_part).all()


def test_settings_have_the_names_of_basicts_05_and_the_lengths():
    assert utils.get_regular_settings("PEMS08") == {
        "INPUT_LEN": 12,
        "OUTPUT_LEN": 12,
        "TRAIN_VAL_TEST_RATIO": [0.6, 0.2, 0.2],
        "NORM_EACH_CHANNEL": False,
        "RESCALE": True,
        "METRICS": ["MAE", "RMSE", "MAPE"],
        "NULL_VAL": 0.0,
    }


def test_a_part_takes_the_place_of_the_whole(checkout, monkeypatch):
    monkeypatch.setitem(CATALOG, "Whole", DatasetFacts("Whole", NODES, None, "", "", (0.6, 0.2, 0.2), "", None))
    monkeypatch.setitem(CATALOG, NAME, DatasetFacts(NAME, NODES, None, "", "", (0.6, 0.2, 0.2), "", None, "Whole"))
    with utils.reading_from(RunDataset(find_dataset(NAME))):
        assert len(utils.load_dataset_data("Whole")) == len(utils.load_dataset_data(NAME))
        assert utils.load_pkl("datasets/Whole/adj_mx.pkl").shape == (NODES, NODES)
    with refuses("datasets/Whole", expected="Whole", fix="prepare Whole"):
        utils.load_dataset_data("Whole")


def test_a_decoder_gets_the_last_steps_and_then_zeros():
    history, future = torch.rand(2, 12, NODES, 3), torch.rand(2, 6, NODES, 3)
    values, times, known, known_times = utils.data_transformation_4_xformer(history, future, 4)
    assert (values == history[..., 0]).all() and torch.allclose(times, history[:, :, 0, 1:] - 0.5)
    assert (known[:, :4] == history[:, -4:, :, 0]).all() and (known[:, 4:] == 0).all()
    assert torch.allclose(known_times[:, 4:], future[:, :, 0, 1:] - 0.5)
    assert utils.data_transformation_4_xformer(history, future, 0)[2].shape == (2, 6, NODES)


@pytest.mark.parametrize(
    "name", ["data.UEADataset", "runners.NoBPRunner", "scaler.MinMaxScaler", "metrics.masked_corr", "utils.MeterPool"]
)
def test_names_that_the_shim_lacks_are_refused(name, tmp_path):
    module, _, attribute = name.partition(".")
    with active(tmp_path), refuses(f"basicts.{name}"):
        getattr(importlib.import_module(f"basicts.{module}"), attribute)

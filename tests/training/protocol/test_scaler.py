"""Z-score with one mean and one deviation."""

import numpy as np
import pytest
import torch
from basicts import BasicTSLauncher
from basicts.scaler import ZScoreScaler
from refusal import refuses
from tiny import bare, ours, series

from basicts_elin.training.launch.launcher import best_checkpoint, launch_training
from basicts_elin.training.protocol.scaler import BenchmarkZScoreScaler


def fitted(data, *, norm_each_channel=False):
    scaler = BenchmarkZScoreScaler(norm_each_channel, rescale=True)
    scaler.fit(np.asarray(data, dtype=np.float32))
    return scaler


def test_bare_one_deviation_for_all_nodes_is_a_type_error(tiny):
    with pytest.raises(TypeError):
        ZScoreScaler(norm_each_channel=False, rescale=True).fit(series("train"))
    with pytest.raises(TypeError):
        BasicTSLauncher.launch_training(bare(norm_each_channel=False))


def test_values_are_scaled_by_one_mean_and_one_deviation_of_all_nodes():
    data = series("train")
    exact = data.astype(np.float64)
    scaler = fitted(data)
    scaled = scaler.transform(torch.tensor(data))
    np.testing.assert_allclose(scaled, (exact - exact.mean()) / exact.std(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(scaler.inverse_transform(scaled), data, rtol=1e-5, atol=1e-4)


def test_missing_values_count_in_the_mean_and_the_deviation():
    scaler = fitted([[0, 100], [0, 100]])
    assert scaler.stats == {"mean": torch.tensor(50.0), "std": torch.tensor(50.0)}


def test_the_mean_of_many_large_values_is_exact():
    rows = 300_000
    data = np.tile(np.float32([[1000.25, 1000.75]]), (rows, 1))
    scaler = fitted(data)
    assert scaler.stats["mean"].item() == 1000.5
    assert scaler.stats["std"].item() == 0.25


def test_constant_data_are_shifted_only():
    scaler = fitted(np.full((4, 3), 7))
    assert scaler.transform(torch.tensor([7.0, 9.0])).tolist() == [0.0, 2.0]
    assert scaler.inverse_transform(torch.tensor([0.0, 2.0])).tolist() == [7.0, 9.0]


@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize("norm_each_channel", [False, True])
@pytest.mark.parametrize("data", [[[1.0, 2.0], [np.inf, 3.0]], [[np.nan, np.nan]], [[np.inf, np.nan], [0.0, 1.0]]])
def test_values_without_a_finite_mean_are_refused(data, norm_each_channel):
    with refuses("training data", found=("NaN", "infinity"), fix="prepare"):
        fitted(data, norm_each_channel=norm_each_channel)


def test_nan_does_not_count():
    assert fitted([[1.0, np.nan], [np.nan, 3.0]]).stats == fitted([[1.0, 3.0]]).stats


def test_one_deviation_per_node_is_basicts_own():
    data = series("train")
    reference = ZScoreScaler(norm_each_channel=True, rescale=True)
    reference.fit(data)
    scaler = fitted(data, norm_each_channel=True)
    assert all(torch.equal(scaler.stats[name], reference.stats[name]) for name in ("mean", "std"))


def with_gaps():
    """Values of nodes of different size; some are missing, node 3 has none, node 4 always the same one."""
    data = series("train") * np.float32([1, 10, 100, 1, 1])
    data[data == 0] = np.nan
    data[:, 3], data[1:, 4] = np.nan, np.float32(7)
    data[0, 4] = np.nan
    return data


def test_bare_a_node_that_misses_a_value_has_no_mean():
    """33."""
    theirs = ZScoreScaler(norm_each_channel=True, rescale=True)
    theirs.fit(with_gaps())
    assert theirs.stats["mean"].isnan().all()


def test_each_node_has_the_mean_and_deviation_of_what_it_measured():
    data = with_gaps()
    stats = {name: found.numpy().squeeze() for name, found in fitted(data, norm_each_channel=True).stats.items()}
    exact = data.astype(np.float64)
    for node in range(3):
        assert stats["mean"][node] == pytest.approx(np.nanmean(exact[:, node]), rel=1e-6)
        assert stats["std"][node] == pytest.approx(np.nanstd(exact[:, node]), rel=1e-6)
    assert (stats["mean"][3], stats["std"][3]) == pytest.approx((np.nanmean(exact), np.nanstd(exact)), rel=1e-6)
    assert (stats["mean"][4], stats["std"][4]) == (7, 1)


def test_statistics_that_were_given_stay():
    scaler = BenchmarkZScoreScaler(False, True, stats={"mean": torch.tensor(1.0), "std": torch.tensor(2.0)})
    scaler.fit(series("train"))
    assert scaler.transform(torch.tensor([5.0])).tolist() == [2.0]


def test_a_checkpoint_holds_the_statistics_and_is_read_with_weights_only(tiny):
    config = ours()
    launch_training(config)
    stats = torch.load(best_checkpoint(config), weights_only=True)["scaler_stats"]
    data = series("train").astype(np.float64)
    assert stats["mean"].item() == pytest.approx(data.mean(), rel=1e-6)
    assert stats["std"].item() == pytest.approx(data.std(), rel=1e-6)

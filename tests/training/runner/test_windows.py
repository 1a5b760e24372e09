"""The loaders' windows are those of the open dataset, and BasicTS's own ones in every value."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from basicts.data import BasicTSForecastingDataset
from tiny import NAME, NODES, STEPS, WINDOWS, bare, ours, rewrite_meta, weights

from basicts_elin.data.dataset import dataset_of, open_dataset
from basicts_elin.data.layout import PARTS
from basicts_elin.training.launch.launcher import best_checkpoint, launch_training
from basicts_elin.training.runner.windows import ForecastingWindows, with_open_dataset

PARAMS = {"dataset_name": NAME, "input_len": STEPS, "output_len": STEPS, "use_timestamps": True}


def made(mode="train", **params):
    return ForecastingWindows(open_dataset(Path("datasets") / NAME), mode=mode, **{**PARAMS, **params})


@pytest.mark.parametrize("memmap", [False, True])
@pytest.mark.parametrize("part", PARTS)
def test_windows_are_those_of_basicts(tiny, part, memmap):
    found = made(part, memmap=memmap)
    reference = BasicTSForecastingDataset(mode=part, **PARAMS)
    assert len(found) == len(reference) == WINDOWS[part]
    for index in (0, 1, len(found) - 1):
        assert found[index].keys() == reference[index].keys()
        for name, values in reference[index].items():
            np.testing.assert_array_equal(found[index][name], values)
            assert found[index][name].dtype == values.dtype and found[index][name].flags.writeable


def test_only_with_memmap_the_values_stay_on_the_disk(tiny):
    assert isinstance(made(memmap=True).data, np.memmap)
    assert type(made().data) is np.ndarray
    assert not hasattr(made(use_timestamps=False), "timestamps")


def test_a_worker_gets_the_folder_and_not_the_arrays(tiny):
    found = made()
    sent = pickle.dumps(found)
    assert len(sent) < 1000 < found.data.nbytes
    received = pickle.loads(sent)
    np.testing.assert_array_equal(received.data, found.data)
    np.testing.assert_array_equal(received.timestamps, found.timestamps)


@pytest.mark.parametrize("make", [ours, bare])
def test_the_hash_is_that_of_the_configuration(tiny, make):
    config = make()
    dataset = dataset_of(config)
    given = with_open_dataset(config)
    assert given.md5 == config.md5 == make().md5 and str(given) == str(config)
    windows = given.dataset_type(**given.dataset_params, mode="val")
    assert windows.source is dataset and windows.data.shape[1] == NODES
    assert config.dataset_type is BasicTSForecastingDataset


class Own(BasicTSForecastingDataset):
    """A user's own."""


def test_a_dataset_type_of_the_users_own_is_left_as_it_is(tiny):
    config = ours(dataset_type=Own)
    assert with_open_dataset(config) is config
    launch_training(config)


def test_workers_change_nothing(tiny):
    one = ours(ckpt_save_dir="one")
    several = ours(ckpt_save_dir="several", train_data_num_workers=2, memmap=True)
    for config in (one, several):
        launch_training(config)
    first, second = (weights(best_checkpoint(config)) for config in (one, several))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_windows_across_a_break_are_left_out_if_the_dataset_says_so(tiny):
    # within the validation part, which begins at row 96 and has 43 rows
    after = np.datetime64("2024-01-01 00:00", "m") + 5 * (96 + 30) * np.timedelta64(1, "m")
    rewrite_meta(tiny, start="2024-01-01 00:00", gaps=[[str(after), 288]])
    every = made("val")
    rewrite_meta(tiny, windows_across_breaks=False)
    found = made("val")
    kept = [start for start in range(WINDOWS["val"]) if start + 2 * STEPS <= 31 or start >= 31]
    assert len(every) == WINDOWS["val"] and len(found) == len(kept) == 8
    for index, start in enumerate(kept):
        for name, values in every[start].items():
            np.testing.assert_array_equal(found[index][name], values)
    received = pickle.loads(pickle.dumps(found))
    assert len(received) == 8 and len(made("train")) == WINDOWS["train"]
    np.testing.assert_array_equal(received[3]["inputs"], found[3]["inputs"])

import json
from pathlib import Path

import numpy as np
import pytest
from tiny import NAME, NODES, Tiny, TinyConfig, ours

from basicts_elin import benchmark_config
from basicts_elin.errors import UserError
from basicts_elin.training.launch.data_checks import check_dataset
from basicts_elin.training.launch.launcher import launch_training

FOLDER = Path("datasets") / NAME


def rewrite(part, kind, change):
    file = FOLDER / f"{part}_{kind}.npy"
    np.save(file, change(np.load(file)))


def refusal(check, *arguments):
    with pytest.raises(UserError) as error:
        check(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_dataset_as_basicts_ships_it_passes(tiny):
    check_dataset(ours())
    assert "adj_mx.pkl" not in {path.name for path in FOLDER.iterdir()}
    assert "first_row" not in json.loads((FOLDER / "meta.json").read_text())


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("SyntheticTraffic", "make it by `basicts-elin prepare SyntheticTraffic`"),
        ("PEMS08", "make it by `basicts-elin prepare PEMS08 --raw PEMS08.npz` .*https.*, or unpack BasicTS's download"),
        ("METR-LA", "make it by `basicts-elin prepare METR-LA --raw metr-la.h5` .*https.*, or unpack BasicTS's downl"),
        ("PEMS-BAY_67", "make it by `.* PEMS-BAY_67 --raw pems-bay.h5 --sensors FILE` .raw file of PEMS-BAY: http"),
    ],
)
def test_a_dataset_that_is_not_there_names_the_way_to_it(workplace, name, way):
    config = benchmark_config(Tiny, TinyConfig(), name)
    message = f"dataset {name} is not prepared: there is no folder datasets/{name} here; {way}"
    with pytest.raises(UserError, match=message):
        check_dataset(config)


def test_a_dataset_outside_the_catalogue_names_its_folder(workplace):
    config = ours()
    config.dataset_params.data_file_path = "elsewhere"
    config.dataset_name = "Mine"
    assert refusal(check_dataset, config) == (
        "dataset Mine is not prepared: there is no folder elsewhere here; put BasicTS 1.1's files there"
    )


def test_a_dataset_in_another_folder_is_found(tiny):
    FOLDER.rename("elsewhere")
    config = ours()
    config.dataset_params.data_file_path = "elsewhere"
    check_dataset(config)


@pytest.mark.parametrize("part", ["train", "val", "test"])
@pytest.mark.parametrize("kind", ["data", "timestamps"])
def test_a_missing_file_is_named(tiny, part, kind):
    (FOLDER / f"{part}_{kind}.npy").unlink()
    assert refusal(check_dataset, ours()).startswith(
        f"dataset Tiny is incomplete: {FOLDER}/{part}_{kind}.npy is missing; make it by"
    )


def truncate(file):
    file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize(
    "damage",
    [truncate, lambda file: file.write_bytes(b""), lambda file: file.write_bytes(b"\x93NUM")],
    ids=["cut", "empty", "header cut"],
)
def test_a_damaged_file_is_named(tiny, damage):
    damage(FOLDER / "val_data.npy")
    message = refusal(check_dataset, ours())
    assert f"{FOLDER}/val_data.npy is not an .npy array" in message
    assert "prepare dataset Tiny again" in message


def test_another_number_of_nodes_names_both_and_the_way_out(tiny):
    message = refusal(check_dataset, ours(model_config=TinyConfig(num_features=9)))
    assert "train_data.npy has 5 nodes but the config expects num_features=9" in message
    assert "--set model_config.num_features=5" in message


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda data: data.astype(np.float64), "float64 (43, 5)"),
        (lambda data: data.astype(np.int16), "int16 (43, 5)"),
        (lambda data: data[..., None], "float32 (43, 5, 1)"),
    ],
)
def test_another_type_or_shape_is_named(tiny, change, found):
    rewrite("val", "data", change)
    message = f"{FOLDER}/val_data.npy is {found}; expected float32 [rows, nodes]"
    assert refusal(check_dataset, ours()).startswith(message)


def test_timestamps_of_another_length_are_named(tiny):
    rewrite("test", "timestamps", lambda timestamps: timestamps[:-1])
    assert f"{FOLDER}/test_data.npy has 73 rows, test_timestamps.npy 72" in refusal(check_dataset, ours())


@pytest.mark.parametrize("column", [slice(1), 0])
def test_timestamps_without_the_day_of_the_week_are_named(tiny, column):
    rewrite("test", "timestamps", lambda timestamps: timestamps[:, column])
    assert "test_timestamps.npy" in refusal(check_dataset, ours())


def test_a_part_too_short_for_a_window_is_named(tiny):
    for kind in ("data", "timestamps"):
        rewrite("val", kind, lambda values: values[:24])
    check_dataset(ours())
    for kind in ("data", "timestamps"):
        rewrite("val", kind, lambda values: values[:23])
    assert refusal(check_dataset, ours()).startswith(
        f"{FOLDER}/val_data.npy has 23 rows; input_len + output_len = 24 are needed for one window"
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_values_that_are_not_finite_are_named(tiny, part, value):
    rewrite(part, "data", lambda data: np.where(np.arange(NODES) == 2, np.float32(value), data))
    message = refusal(check_dataset, ours())
    assert message.startswith(f"{FOLDER}/{part}_data.npy holds NaN or infinity; missing values must be 0.0")


def test_a_launch_checks_the_dataset_before_it_writes(workplace):
    with pytest.raises(UserError, match="dataset Tiny is not prepared"):
        launch_training(ours())
    assert not list(workplace.iterdir())

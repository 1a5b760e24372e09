import json
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from refusal import refuses
from tiny import NAME, NODES, Tiny, TinyConfig, ours, rewrite_meta

from basicts_elin import benchmark_config
from basicts_elin.data.catalog import CATALOG
from basicts_elin.training.launch.data_checks import checked_dataset
from basicts_elin.training.launch.launcher import launch_training

FOLDER = Path("datasets") / NAME


def rewrite(part, kind, change):
    file = FOLDER / f"{part}_{kind}.npy"
    np.save(file, change(np.load(file)))


def test_a_dataset_as_basicts_ships_it_passes(tiny):
    checked_dataset(ours())
    assert "adj_mx.pkl" not in {path.name for path in FOLDER.iterdir()}
    assert "first_row" not in json.loads((FOLDER / "meta.json").read_text())


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("SyntheticTraffic", ("basicts-elin prepare SyntheticTraffic",)),
        ("PEMS08", ("basicts-elin prepare PEMS08 --raw PEMS08.npz", "https://", "BasicTS's download")),
        ("METR-LA", ("basicts-elin prepare METR-LA --raw metr-la.h5", "https://", "BasicTS's download")),
        ("PEMS-BAY_67", ("prepare PEMS-BAY_67 --raw pems-bay.h5 --sensors FILE", "PEMS-BAY: http")),
    ],
)
def test_a_dataset_that_is_not_there_names_the_way_to_it(workplace, name, way):
    config = benchmark_config(Tiny, TinyConfig(), name)
    with refuses(f"datasets/{name}", expected=name, fix=way):
        checked_dataset(config)


def test_a_dataset_outside_the_catalogue_names_its_folder(workplace):
    config = ours()
    config.dataset_params.data_file_path = "elsewhere"
    config.dataset_name = "Mine"
    with refuses("elsewhere", expected="Mine", fix="BasicTS 1.1"):
        checked_dataset(config)


def test_a_dataset_in_another_folder_is_found(tiny):
    FOLDER.rename("elsewhere")
    config = ours()
    config.dataset_params.data_file_path = "elsewhere"
    checked_dataset(config)


@pytest.mark.parametrize("part", ["train", "val", "test"])
@pytest.mark.parametrize("kind", ["data", "timestamps"])
def test_a_missing_file_is_named(tiny, part, kind):
    (FOLDER / f"{part}_{kind}.npy").unlink()
    with refuses(FOLDER / f"{part}_{kind}.npy", found="missing", expected="Tiny", fix="prepare Tiny"):
        checked_dataset(ours())


def truncate(file):
    file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize(
    "damage",
    [truncate, lambda file: file.write_bytes(b""), lambda file: file.write_bytes(b"\x93NUM")],
    ids=["cut", "empty", "header cut"],
)
def test_a_damaged_file_is_named(tiny, damage):
    damage(FOLDER / "val_data.npy")
    with refuses(FOLDER / "val_data.npy", found="cannot be read", expected=".npy", fix="prepare Tiny again"):
        checked_dataset(ours())


def test_another_number_of_nodes_names_both_and_the_way_out(tiny):
    with refuses("num_features", found=9, expected=(5, FOLDER), fix="--set model_config.num_features=5"):
        checked_dataset(ours(model_config=TinyConfig(num_features=9)))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda data: data.astype(np.complex64), "complex64 [43, 5]"),
        (lambda data: data > 0, "bool [43, 5]"),
        (lambda data: data[..., None], "float32 [43, 5, 1]"),
    ],
)
def test_another_type_or_shape_is_named(tiny, change, found):
    rewrite("val", "data", change)
    with refuses(FOLDER / "val_data.npy", found=found, expected="numbers [rows, nodes]"):
        checked_dataset(ours())


@pytest.mark.parametrize("kind", [np.float64, np.int16, np.uint8])
def test_numbers_of_another_type_are_cast(tiny, kind):
    rewrite("val", "data", lambda data: (data % 200).astype(kind))
    values = checked_dataset(ours()).values("val")
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, np.load(FOLDER / "val_data.npy"))


def test_timestamps_of_another_length_are_named(tiny):
    rewrite("test", "timestamps", lambda timestamps: timestamps[:-1])
    with refuses(FOLDER / "test_timestamps.npy", found=72, expected=73):
        checked_dataset(ours())


@pytest.mark.parametrize("column", [slice(1), 0])
def test_timestamps_without_the_day_of_the_week_are_named(tiny, column):
    rewrite("test", "timestamps", lambda timestamps: timestamps[:, column])
    with refuses(FOLDER / "test_timestamps.npy", found="[73]" if column == 0 else "1 columns"):
        checked_dataset(ours())


def test_a_part_too_short_for_a_window_is_named(tiny):
    for kind in ("data", "timestamps"):
        rewrite("val", kind, lambda values: values[:24])
    checked_dataset(ours())
    for kind in ("data", "timestamps"):
        rewrite("val", kind, lambda values: values[:23])
    with refuses(FOLDER / "val_data.npy", found=23, expected=24):
        checked_dataset(ours())


@pytest.mark.parametrize(
    ("value", "found", "fix"), [(np.nan, "NaN", '"null_val": NaN'), (np.inf, "infinity", "prepare")]
)
@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_values_that_are_not_finite_are_named(tiny, part, value, found, fix):
    rewrite(part, "data", lambda data: np.where(np.arange(NODES) == 2, np.float32(value), data))
    with refuses(FOLDER / f"{part}_data.npy", found=found, expected="0 if missing", fix=fix):
        checked_dataset(ours())


def test_nan_may_mark_missing_values(tiny):
    rewrite("val", "data", lambda data: np.where(data == 0, np.float32(np.nan), data))
    rewrite_meta(tiny, regular_settings={"null_val": float("nan")})
    config = ours()
    assert np.isnan(config.null_val)
    checked_dataset(config)
    with refuses(FOLDER / "val_data.npy", found="NaN", expected="null_val=0", fix="null_val=nan"):
        checked_dataset(ours(null_val=0.0))
    rewrite("test", "data", lambda data: np.where(data == 0, np.float32(np.inf), data))
    with refuses(FOLDER / "test_data.npy", found="infinity", expected="nan if missing"):
        checked_dataset(ours())


def test_values_below_0_are_refused_only_of_what_cannot_be(tiny):
    rewrite("val", "data", lambda data: data - 300)
    checked_dataset(ours())
    rewrite_meta(tiny, non_negative=True)
    lowest = np.load(FOLDER / "val_data.npy").min()
    with refuses(FOLDER / "val_data.npy", found=f"{lowest:g}", expected=("0 or more", "traffic flow")):
        checked_dataset(ours())


@pytest.mark.parametrize(("rule", "is_refused"), [("row index", True), (None, False)])
def test_rows_out_of_order_are_refused_if_a_rule_orders_them(tiny, monkeypatch, rule, is_refused):
    monkeypatch.delitem(CATALOG, NAME)
    rewrite("val", "timestamps", lambda stamps: stamps[::-1])
    rewrite_meta(tiny, timestamp_rule=rule)
    with refuses(FOLDER / "val_timestamps.npy", found="row 1") if is_refused else nullcontext():
        checked_dataset(ours())


def test_a_number_of_nodes_that_is_not_that_of_the_arrays_is_named(tiny):
    rewrite_meta(tiny, num_vars=7)
    with refuses(FOLDER / "meta.json", found=("num_vars", 7), expected=5):
        checked_dataset(ours())


def test_parts_of_different_nodes_are_named(tiny):
    rewrite("test", "data", lambda data: data[:, :4])
    with refuses(FOLDER / "test_data.npy", found=4, expected=5):
        checked_dataset(ours())


def test_a_launch_checks_the_dataset_before_it_writes(workplace):
    with refuses(FOLDER, expected=NAME):
        launch_training(ours())
    assert not list(workplace.iterdir())

"""Frames in pandas's table format, and plain arrays."""

import pickle
from datetime import timedelta, timezone

import h5py
import numpy as np
import pandas as pd
import pytest
from data.io.files import wide_frame
from data.small_series import Executed
from refusal import refuses

from basicts_elin.data.io.reading import ReadOptions, read_series

ROWS = 20


@pytest.fixture
def frame():
    return wide_frame(np.arange(ROWS * 3, dtype=np.float32).reshape(ROWS, 3) + 0.5, ["a", "Köln", "c"])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "series.h5"


def assert_reads(path, frame, **options):
    series = read_series(path, ReadOptions(**options))
    np.testing.assert_array_equal(series.values, frame.to_numpy().astype(np.float32))
    assert series.node_names == [str(name) for name in frame.columns]
    return series


@pytest.mark.parametrize("how", [{"format": "fixed"}, {"format": "table"}, {"format": "table", "data_columns": True}])
def test_columns_of_several_types_keep_their_order(path, frame, how):
    frame = frame.assign(n=np.arange(ROWS), d=np.float64(7), b=True)[["n", "c", "b", "a", "d", "Köln"]]
    frame.to_hdf(path, key="speed", **how)
    assert_reads(path, frame)


@pytest.mark.parametrize("columns", [[773869, 767541, 5], ["1", "2", "3"]])
def test_column_names_that_are_numbers(path, frame, columns):
    frame = frame.set_axis(columns, axis=1)
    frame.to_hdf(path, key="speed", format="table")
    assert_reads(path, frame)


@pytest.mark.parametrize("form", ["fixed", "table"])
@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s"])
def test_dates_keep_their_unit_and_seconds(path, frame, form, unit):
    frame.index = (frame.index + pd.Timedelta(seconds=7)).as_unit(unit)
    frame.to_hdf(path, key="speed", format=form)
    np.testing.assert_array_equal(assert_reads(path, frame).times, frame.index.to_numpy())


@pytest.mark.parametrize("form", ["fixed", "table"])
def test_an_index_of_texts_or_numbers(path, frame, form):
    texts = frame.set_axis(frame.index.astype(str))
    texts.to_hdf(path, key="speed", mode="w", format=form)
    assert assert_reads(path, frame).times.tolist() == texts.index.tolist()
    unix = frame.index.as_unit("s").astype("int64")
    frame.set_axis(unix).to_hdf(path, key="speed", mode="w", format=form)
    np.testing.assert_array_equal(assert_reads(path, frame).times, unix)
    frame.rename_axis("when").reset_index().to_hdf(path, key="speed", mode="w", format=form)
    np.testing.assert_array_equal(assert_reads(path, frame).times, frame.index.to_numpy())
    frame.reset_index(drop=True).to_hdf(path, key="speed", mode="w", format=form)
    assert assert_reads(path, frame).times is None


@pytest.mark.parametrize("form", ["fixed", "table"])
@pytest.mark.parametrize("is_index", [True, False])
@pytest.mark.parametrize(
    ("zone", "found"),
    [
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("America/Los_Angeles", "America/Los_Angeles"),
        ("UTC", "UTC"),
        (timezone(timedelta(hours=2)), "UTC"),
    ],
    ids=str,
)
def test_the_zone_of_dates_is_read_by_its_name(path, frame, form, is_index, zone, found):
    local = frame.tz_localize("UTC").tz_convert(zone).rename_axis("tz")
    (local if is_index else local.reset_index()).to_hdf(path, key="speed", format=form)
    series = assert_reads(path, frame)
    assert series.zone == found and (series.times == frame.index.to_numpy()).all()


def test_zones_that_differ_are_utc(path, frame):
    local = frame.tz_localize("UTC").rename_axis("time").reset_index()
    local.assign(end=local.time.dt.tz_convert("Asia/Kolkata")).to_hdf(path, key="speed", format="table")
    assert read_series(path, ReadOptions(time="end")).zone == "UTC"


def test_a_column_that_is_called_tz_is_no_zone(path, frame):
    frame = frame.rename(columns={"a": "tz"})
    frame.to_hdf(path, key="speed", format="table", data_columns=True)
    assert assert_reads(path, frame).zone is None


@pytest.mark.parametrize("form", ["fixed", "table"])
def test_several_frames_are_listed_and_a_key_decides(path, frame, form):
    frame.to_hdf(path, key="speed", format=form)
    (frame * 2).to_hdf(path, key="other/flow", format=form)
    with refuses("file", found=("speed", "other/flow"), fix="--key"):
        read_series(path)
    assert_reads(path, frame * 2, key="/other/flow")
    with refuses("key", found="'x'", expected=("speed", "other/flow"), fix="--key"):
        read_series(path, ReadOptions(key="x"))


@pytest.mark.parametrize("name", ["info", "values_block_0_kind", "non_index_axes", "values_block_0_meta"])
def test_pickles_in_a_table_are_not_executed(tmp_path, path, frame, name):
    frame.to_hdf(path, key="speed", format="table")
    content = np.bytes_(pickle.dumps(Executed(tmp_path / "mark"), protocol=0))
    with h5py.File(path, "a") as file:
        node = file["speed/table" if name.startswith("values") else "speed"]
        node.attrs[name] = content
    if name in ("info", "values_block_0_meta"):
        assert_reads(path, frame)
    else:
        with refuses("file", found=path, fix="nothing in the file was executed"):
            read_series(path)
    assert not (tmp_path / "mark").exists()


def test_durations_are_refused(path, frame):
    frame.assign(lag=pd.Timedelta(1)).to_hdf(path, key="speed", format="table")
    with refuses("file", found="column lag", expected="numbers"):
        read_series(path)


@pytest.mark.parametrize("chunks", [None, (ROWS, 1), (1, 3), (4, 2)])
@pytest.mark.parametrize("channels", [None, 1, 2])
def test_a_plain_array_is_read(path, frame, chunks, channels):
    array = frame.to_numpy() if channels is None else np.stack([frame.to_numpy()] * channels, axis=-1)
    shape = chunks if chunks is None or channels is None else (*chunks, 1)
    with h5py.File(path, "w") as file:
        file.create_dataset("traffic/flow", data=array, chunks=shape)
        file["traffic/ids"], file["graph"] = list(frame.columns), np.eye(3)
    series = read_series(path, ReadOptions(covariates=True))
    np.testing.assert_array_equal(series.values, frame.to_numpy())
    if channels == 2:
        np.testing.assert_array_equal(series.covariates[..., 0], frame.to_numpy())


def test_plain_arrays_beside_each_other_need_a_key(path, frame):
    with h5py.File(path, "w") as file:
        file["flow"], file["speed"], file["ids"] = frame.to_numpy(), frame.to_numpy() * 2, list(frame.columns)
    with refuses("file", found=("flow", "speed"), fix="--key"):
        read_series(path)
    assert_reads(path, frame * 2, key="speed")


def test_options_of_tables_are_refused_for_arrays(path, frame):
    with h5py.File(path, "w") as file:
        file["flow"] = frame.to_numpy()
    with refuses("sensor", found="'x'", fix="omit --sensor"):
        read_series(path, ReadOptions(sensor="x"))


@pytest.mark.parametrize("two", ["columns", "rows", "series"])
def test_what_pandas_writes_in_other_ways_is_refused(path, frame, two):
    if two == "columns":
        pd.concat({"flow": frame, "speed": frame}, axis=1).to_hdf(path, key="d")
    else:
        (frame.stack().to_frame() if two == "rows" else frame["a"]).to_hdf(path, key="d")
    with refuses("file", found=("'d'", "Series" if two == "series" else "two levels"), fix="frame.to_hdf"):
        read_series(path)


def test_rows_of_two_levels_in_the_table_format_are_a_long_table(path, frame):
    rows = frame.stack()
    rows.index.names = ["when", "sensor"]
    rows.rename("flow").to_frame().to_hdf(path, key="d", format="table")
    series = read_series(path)
    np.testing.assert_array_equal(series.values.reshape(ROWS, 3), frame.to_numpy())
    assert series.node_names == ["a", "Köln", "c"] and series.sensors[:4].tolist() == [0, 1, 2, 0]

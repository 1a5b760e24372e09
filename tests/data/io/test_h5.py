"""Frames as pandas writes them."""

import pickle

import h5py
import numpy as np
import pandas as pd
import pytest
from data.small_series import SENSORS, Executed, dated_frame, save_h5
from refusal import refuses

from basicts_elin.data.io.h5 import read_h5

ROWS = 30


@pytest.fixture
def frame():
    return dated_frame(num_rows=ROWS)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "series.h5"


def assert_reads(path, frame):
    series = read_h5(path)
    np.testing.assert_array_equal(series.values, frame.to_numpy().astype(np.float32))
    assert series.values.dtype == np.float32 and series.values.flags.c_contiguous
    np.testing.assert_array_equal(series.times, frame.index.to_numpy().astype("datetime64[m]"))
    assert series.times.dtype == "datetime64[m]"
    assert series.node_names == [str(name) for name in frame.columns]


@pytest.mark.parametrize("key", ["df", "/speed", "/a/b", "a/b/c"])
def test_the_key_is_found(path, frame, key):
    assert_reads(save_h5(path, frame, key), frame)


@pytest.mark.parametrize("columns", [SENSORS, [773869, 767541, 5, 717447], ["ä", "日本", " b", "c/d"], range(4)])
def test_column_names_are_the_sensors(path, columns):
    frame = dated_frame(columns=columns, num_rows=ROWS)
    assert_reads(save_h5(path, frame), frame)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int16", "uint8"])
def test_numbers_of_any_type_come_back(path, frame, dtype):
    frame = (frame % 200).astype(dtype)
    assert_reads(save_h5(path, frame), frame)


def test_columns_of_several_types_keep_their_order(path, frame):
    frame = frame.astype(dict(zip(SENSORS, ["int64", "float32", "float64", "int64"], strict=True)))
    assert_reads(save_h5(path, frame), frame)


def test_a_column_after_another_is_not_taken_for_it(path, frame):
    frame = frame[sorted(SENSORS)].assign(first=np.float32(7))[["first", *SENSORS]]
    assert_reads(save_h5(path, frame), frame)


@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s"])
def test_dates_of_any_unit_come_back(path, frame, unit):
    frame.index = frame.index.as_unit(unit)
    assert_reads(save_h5(path, frame), frame)


def test_a_named_index_with_dates_missing_or_unsorted_is_read_as_it_is(path, frame):
    frame = frame.rename_axis("when").iloc[[3, 2, 9, 9, 20]]
    assert_reads(save_h5(path, frame), frame)


def test_dates_before_1970_come_back(path, frame):
    frame.index -= pd.Timedelta(days=20000)
    assert_reads(save_h5(path, frame), frame)


def test_a_compressed_file_is_read(path, frame):
    assert_reads(save_h5(path, frame, complevel=9, complib="zlib"), frame)


def test_missing_values_stay_missing(path, frame):
    frame.iloc[4, 2] = np.nan
    assert_reads(save_h5(path, frame), frame)


@pytest.mark.parametrize("place", ["", "axis0", "axis1", "block0_values", "block0_items"])
@pytest.mark.parametrize("name", ["freq", "name", "pandas_type", "kind_", "CLASS", "TITLE"])
def test_pickles_in_attributes_are_not_executed(tmp_path, path, frame, place, name):
    save_h5(path, frame)
    content = pickle.dumps(Executed(tmp_path / "mark"), protocol=0)
    with h5py.File(path, "a") as file:
        file[f"speed/{place}"].attrs[name] = np.bytes_(content)
    assert_reads(path, frame)
    assert not (tmp_path / "mark").exists()
    pickle.loads(content)
    assert (tmp_path / "mark").exists()


@pytest.mark.parametrize("name", ["kind", "tz"])
def test_a_pickle_where_the_kind_of_the_index_stands_is_refused_and_not_executed(tmp_path, path, frame, name):
    save_h5(path, frame)
    with h5py.File(path, "a") as file:
        file["speed/axis1"].attrs[name] = np.bytes_(pickle.dumps(Executed(tmp_path / "mark"), protocol=0))
    with refuses("file", found=path, expected="dates"):
        read_h5(path)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"\x89HDF"])
def test_what_is_no_hdf5_is_refused(path, content):
    path.write_bytes(content)
    with refuses("file", found=path, expected="HDF5", fix="again"):
        read_h5(path)


@pytest.mark.parametrize("part", [0.02, 0.2, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(path, frame, part):
    content = save_h5(path, frame).read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with refuses("file", found=path, expected="HDF5", fix="again"):
        read_h5(path)


def test_an_empty_file_has_no_keys(path):
    h5py.File(path, "w").close()
    with refuses("file", found=(path, "(none)"), expected="a frame"):
        read_h5(path)


def test_keys_that_are_no_frame_are_listed(path):
    with h5py.File(path, "w") as file:
        file["flow"], file["graph"] = [1.0], [2.0]
    with refuses("file", found=(path, "flow, graph"), expected="a frame"):
        read_h5(path)


def test_a_series_is_no_frame(path, frame):
    with refuses("file", found=path, expected="a frame"):
        read_h5(save_h5(path, frame[SENSORS[0]]))


def test_several_frames_are_listed(path, frame):
    frame.to_hdf(path, key="speed")
    frame.to_hdf(path, key="other/flow")
    with refuses("file", found=(path, "speed", "other/flow"), expected="one frame"):
        read_h5(path)


@pytest.mark.parametrize("key", ["speed", "a/b"])
def test_the_table_format_is_read(path, frame, key):
    assert_reads(save_h5(path, frame, key, format="table"), frame)


@pytest.mark.parametrize(
    ("index", "found"),
    [
        (pd.RangeIndex(ROWS), "integer"),
        ([f"2012-03-01 00:{minute}" for minute in range(10, 10 + ROWS)], "string"),
        (pd.timedelta_range("0s", periods=ROWS, freq="5min"), "timedelta64"),
        (pd.date_range("2012-03-01", periods=ROWS, freq="5min", tz="US/Pacific"), "with a time zone"),
        (pd.date_range("2012-03-01", periods=ROWS, freq="5min", tz="UTC", unit="s"), "with a time zone"),
    ],
    ids=["numbers", "strings", "durations", "zone", "UTC"],
)
def test_an_index_without_local_dates_is_refused(path, frame, index, found):
    with refuses("file", found=("'speed'", path, found), expected="dates in local time"):
        read_h5(save_h5(path, frame.set_axis(index)))


@pytest.mark.parametrize("unit", ["ns", "us", "s"])
def test_dates_with_seconds_are_refused(path, frame, unit):
    dates = frame.index.to_numpy().astype(f"datetime64[{unit}]")
    dates[3] += np.timedelta64(7, "s")
    with refuses("file", found=("row 3 of 'speed'", path, "2012-03-01T00:15:07"), expected="whole minutes"):
        read_h5(save_h5(path, frame.set_axis(pd.DatetimeIndex(dates))))


def test_a_date_that_is_missing_is_refused(path, frame):
    dates = frame.index.to_series()
    dates.iloc[2] = pd.NaT
    with refuses("file", found=("row 2 of 'speed'", path)):
        read_h5(save_h5(path, frame.set_axis(pd.DatetimeIndex(dates))))


@pytest.mark.filterwarnings("ignore::pandas.errors.PerformanceWarning")
@pytest.mark.parametrize(
    "column",
    [["7"] * ROWS, np.array([7.0] * ROWS, dtype=object), [7j] * ROWS, pd.date_range("2012-03-01", periods=ROWS)],
    ids=["strings", "objects", "complex", "dates"],
)
def test_a_column_without_numbers_is_named(path, frame, column):
    with refuses("file", found=("column lane", path), expected="numbers"):
        read_h5(save_h5(path, frame.assign(lane=column)))


def test_two_columns_of_one_name_are_refused(path, frame):
    save_h5(path, frame)
    with h5py.File(path, "a") as file:
        for names in ("axis0", "block0_items"):
            file[f"speed/{names}"][:2] = SENSORS[0].encode()
    with refuses("file", found=("'speed'", path, "same name")):
        read_h5(path)


@pytest.mark.parametrize("part", [(slice(0), slice(4)), (slice(9), slice(0))], ids=["rows", "columns"])
def test_an_empty_frame_is_refused(path, frame, part):
    with refuses("file", found=(path, "empty")):
        read_h5(save_h5(path, frame.iloc[part]))


def set_unknown_unit(file):
    file["speed/axis1"].attrs["kind"] = np.bytes_(b"datetime64[foo]")


def set_key_that_is_no_text(file):
    file.move("speed", b"\xff\xfe")


def set_blocks_that_are_no_number(file):
    file["speed"].attrs["nblocks"] = "x"


def set_group_for_names(file):
    del file["speed/axis0"]
    file.create_group("speed/axis0")


def drop_blocks(file):
    del file["speed"].attrs["nblocks"]


def drop_block(file):
    del file["speed/block0_values"]


def shorten_index(file):
    dates = file["speed/axis1"][:-1]
    kind = file["speed/axis1"].attrs["kind"]
    del file["speed/axis1"]
    file["speed/axis1"] = dates
    file["speed/axis1"].attrs["kind"] = kind


@pytest.mark.parametrize(
    "damage",
    [
        set_unknown_unit,
        set_key_that_is_no_text,
        set_blocks_that_are_no_number,
        set_group_for_names,
        drop_blocks,
        drop_block,
        shorten_index,
    ],
)
def test_a_damaged_frame_is_refused(path, frame, damage):
    save_h5(path, frame)
    with h5py.File(path, "a") as file:
        damage(file)
    with refuses("file", found=path):
        read_h5(path)

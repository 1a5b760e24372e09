"""`.npy` and `.npz`: which array is the series, and what stands beside it."""

import numpy as np
import pytest
from data.small_series import Executed
from refusal import refuses

from basicts_elin.data.io.reading import ReadOptions, read_series

SERIES = np.arange(60, dtype=np.float64).reshape(15, 4) + 0.5


@pytest.fixture
def save(tmp_path):
    def save_arrays(**arrays):
        np.savez(tmp_path / "a.npz", **arrays)
        return tmp_path / "a.npz"

    return save_arrays


@pytest.mark.parametrize(
    "arrays",
    [
        {"flow": SERIES},
        {"flow": SERIES, "adj": np.eye(4), "latlon": np.zeros((4, 2)), "start": np.array("2024")},
        {"data": SERIES, "other": SERIES * 2},
        {"flow": SERIES[..., None], "text": np.array(["x"] * 9)},
    ],
)
def test_the_array_that_can_be_the_series_is_taken(save, arrays):
    series = read_series(save(**arrays))
    np.testing.assert_array_equal(series.values, SERIES)
    assert series.times is None and series.node_names is None and series.channel_names is None


def test_several_arrays_are_listed_and_a_key_decides(save):
    path = save(flow=SERIES, speed=SERIES * 2)
    with refuses("file", found=("flow float64 [15, 4]", "speed"), fix="--key"):
        read_series(path)
    np.testing.assert_array_equal(read_series(path, ReadOptions(key="speed")).values, SERIES * 2)
    with refuses("key", found="'x'", expected="flow", fix="--key"):
        read_series(path, ReadOptions(key="x"))


@pytest.mark.parametrize("key", ["ids", "segments", "node_names", "columns"])
@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (["a", "Köln", "c", "d"], ["a", "Köln", "c", "d"]),
        ([b"a", b"b", b"c", b"d"], ["a", "b", "c", "d"]),
        ([4, 3, 2, 1], ["4", "3", "2", "1"]),
        ([4.0, 3.0, 2.0, 1.0], ["4", "3", "2", "1"]),
    ],
)
def test_ids_beside_the_series_are_used(save, key, ids, names):
    assert read_series(save(data=SERIES, **{key: np.array(ids)})).node_names == names


def test_texts_of_any_name_are_ids_if_there_is_one_for_each_node(save):
    assert read_series(save(data=SERIES, anything=np.array(list("abcd")))).node_names == list("abcd")
    assert read_series(save(data=SERIES, one=np.array(list("abcd")), other=np.array(list("abcd")))).node_names is None


def test_times_beside_the_series_are_used(save):
    dates = np.datetime64("2024-01-01T00:00", "ns") + np.arange(15) * np.timedelta64(1, "h")
    for times in (dates, dates.astype(str), dates.astype("datetime64[s]").astype(np.int64)):
        found = read_series(save(data=SERIES, time=times)).times
        np.testing.assert_array_equal(found, times.astype(object) if times.dtype.kind == "U" else times)
    np.testing.assert_array_equal(read_series(save(data=SERIES, anything=dates)).times, dates)


def test_names_of_the_channels_are_used(save):
    data = np.stack([SERIES, SERIES * 2], axis=-1)
    path = save(data=data, kind=np.array(["flow", "speed"]))
    series = read_series(path, ReadOptions(channel="speed", covariates=True))
    np.testing.assert_array_equal(series.values, SERIES * 2)
    np.testing.assert_array_equal(series.covariates[..., 0], SERIES)
    assert series.channel_names == ["speed", "flow"]
    assert any("flow is the target" in note and "speed" in note for note in read_series(path).notes)
    with refuses("channel", found="'volume'", expected=("0 to 1", "flow, speed"), fix="--channel"):
        read_series(path, ReadOptions(channel="volume"))


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_an_array_of_objects_says_so_and_is_not_executed(tmp_path, name):
    array = np.array([[1.0, Executed(tmp_path / "mark")]] * 3, dtype=object)
    np.save(tmp_path / name, array) if name == "a.npy" else np.savez(tmp_path / name, flow=array)
    with refuses("file", found="Python objects", fix="save it as numbers"):
        read_series(tmp_path / name)
    assert not (tmp_path / "mark").exists()


def test_ids_that_are_objects_are_not_read(save):
    series = read_series(save(data=SERIES, ids=np.array(list("abcd"), dtype=object)))
    assert series.node_names is None and any("'ids' holds Python objects" in note for note in series.notes)


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (np.ones(9), "[9]"),
        (np.ones((2, 3, 4, 5)), "[2, 3, 4, 5]"),
        (np.ones((3, 0)), "[3, 0]"),
        (np.full((3, 2), "7"), "<U1"),
    ],
)
@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_what_is_no_series_is_refused(tmp_path, name, array, found):
    (np.save if name == "a.npy" else np.savez)(tmp_path / name, array)
    with refuses("file", found=found):
        read_series(tmp_path / name)


@pytest.mark.parametrize("field", ["time", "sensor", "key"])
def test_options_of_tables_are_refused(tmp_path, field):
    np.save(tmp_path / "a.npy", SERIES)
    with refuses(field, found="'x'", fix=f"omit --{field}"):
        read_series(tmp_path / "a.npy", ReadOptions(**{field: "x"}))


def test_an_array_that_is_cut_short_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", SERIES)
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content[:-9])
    with refuses("file", found=("a.npy", "9 bytes"), fix="again"):
        read_series(tmp_path / "a.npy")

"""A table that is written as any kind of file comes back as it was."""

import numpy as np
import pandas as pd
import pytest
from data.io.files import BARE, LONG, WIDE, wide_frame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from basicts_elin.data.io.reading import read_series

_NUMBERS = st.floats(-1e6, 1e6, width=32) | st.just(float("nan"))
# Not the words that stand for a missing value or a role, nor what CSV and HDF5 cannot carry in a name.
_LETTERS = st.characters(codec="utf-8", categories=("L", "N"))
_NAMES = st.text(_LETTERS, min_size=1, max_size=8).map(lambda name: f"s{name}")
# PyTables warns of names that are no Python identifiers.
pytestmark = pytest.mark.filterwarnings("ignore:object name is not a valid Python identifier")
_ONCE = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def frames(draw):
    # more rows than columns: a square array may be a graph
    shape = draw(st.tuples(st.integers(7, 30), st.integers(2, 6)))
    values = draw(hnp.arrays(np.float32, shape, elements=_NUMBERS))
    values[0] = np.arange(shape[1]) + 0.5
    return wide_frame(values, draw(st.lists(_NAMES, min_size=shape[1], max_size=shape[1], unique=True)))


def dates(series):
    return pd.DatetimeIndex(pd.to_datetime(series.times))


def as_wide(series):
    """The frame, dates x sensors, of a long table whose rows are sorted by sensor and time."""
    rows = pd.DataFrame({"ds": dates(series), "id": series.sensors, "y": series.values})
    frame = rows.pivot(index="ds", columns="id", values="y")
    return frame.rename_axis(None).rename_axis(None, axis=1).set_axis(series.node_names, axis=1)


@pytest.mark.parametrize("kind", WIDE)
@_ONCE
@given(frame=frames())
def test_a_wide_table_comes_back(tmp_path, kind, frame):
    WIDE[kind](tmp_path / kind, frame)
    series = read_series(tmp_path / kind)
    np.testing.assert_array_equal(series.values, frame.to_numpy())
    assert series.values.dtype == np.float32 and series.values.flags.c_contiguous
    assert series.node_names == list(frame.columns) and series.sensors is None and series.zone is None
    assert (dates(series) == frame.index).all()


@pytest.mark.parametrize("kind", LONG)
@_ONCE
@given(frame=frames())
def test_a_long_table_comes_back(tmp_path, kind, frame):
    LONG[kind](tmp_path / kind, frame)
    series = read_series(tmp_path / kind)
    assert series.values.dtype == np.float32 and series.sensors.dtype == np.int64
    found = as_wide(series)
    np.testing.assert_array_equal(found.to_numpy(), frame.to_numpy())
    assert list(found.columns) == list(frame.columns) and (found.index == frame.index).all()


@pytest.mark.parametrize("kind", BARE)
@_ONCE
@given(frame=frames())
def test_an_array_without_times_comes_back(tmp_path, kind, frame):
    BARE[kind](tmp_path / kind, frame)
    series = read_series(tmp_path / kind)
    np.testing.assert_array_equal(series.values, frame.to_numpy())
    assert series.times is None and series.values.flags.c_contiguous


@pytest.mark.parametrize("kind", ["index.parquet", "plain.feather", "fixed.h5", "table.h5"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "Asia/Kolkata"])
def test_dates_with_a_zone_come_back_in_utc(tmp_path, kind, zone):
    frame = wide_frame(np.arange(12.0).reshape(6, 2), ["a", "b"], "2024-03-31 00:00", "1h").tz_localize("UTC")
    WIDE[kind](tmp_path / kind, frame.tz_convert(zone))
    series = read_series(tmp_path / kind)
    assert series.zone == zone
    assert series.times.dtype.kind == "M"
    assert (dates(series) == frame.index.tz_localize(None)).all()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["float64", "float32", "int16", "uint8", ">f4"])
@given(data=st.data())
@_ONCE
def test_channels_come_back_from_an_array(tmp_path, order, kind, data):
    from basicts_elin.data.io.reading import ReadOptions

    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(2, 4)))
    array = data.draw(hnp.arrays(np.dtype(kind), shape, elements=st.integers(0, 200)))
    target = data.draw(st.integers(0, shape[2] - 1))
    np.save(tmp_path / "a.npy", np.asarray(array, order=order))
    series = read_series(tmp_path / "a.npy", ReadOptions(channel=str(target), covariates=True))
    np.testing.assert_array_equal(series.values, array[..., target].astype(np.float32))
    np.testing.assert_array_equal(series.covariates, np.delete(array, target, axis=2).astype(np.float32))
    assert series.channel_names == [str(target), *(str(one) for one in range(shape[2]) if one != target)]

"""Values of a file on the grid of its rows."""

from dataclasses import replace

import numpy as np
import pytest
from data.times.placed import every, placed
from hypothesis import given, settings
from hypothesis import strategies as st

from basicts_elin.data.io.raw import RawSeries
from basicts_elin.data.times.filling import on_grid
from basicts_elin.data.times.options import TimeOptions
from basicts_elin.data.times.placing import place

START = np.datetime64("2024-02-26T00:00", "m")


def long_table(times, values, covariates=None, order=None):
    """A row for each time of each sensor, of values [T, N]."""
    rows, sensors = (index.ravel() for index in np.indices(values.shape))
    order = np.arange(len(rows)) if order is None else order
    return RawSeries(
        values.ravel()[order],
        times=times[rows][order],
        sensors=sensors[order],
        node_names=[str(number) for number in range(values.shape[1])],
        covariates=None if covariates is None else covariates.reshape(len(rows), -1)[order],
    )


@st.composite
def series(draw):
    """Times on a regular grid, some absent, most of them there; and values [T, N] of which some are missing."""
    minutes = draw(st.sampled_from([5, 15, 60, 1440]))
    steps = draw(st.integers(20, 120))
    absent = draw(st.sets(st.integers(1, steps - 2), max_size=steps // 4))
    index = np.setdiff1d(np.arange(steps), list(absent))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    values = rng.normal(size=(len(index), draw(st.integers(1, 4)))).astype(np.float32)
    values[rng.random(values.shape) < 0.1] = np.nan
    return minutes, START + index * minutes * np.timedelta64(1, "m"), values, rng


@settings(max_examples=60, deadline=None)
@given(made=series(), is_long=st.booleans())
def test_each_value_is_at_its_date_whatever_the_order_of_the_rows(made, is_long):
    minutes, times, values, rng = made
    if is_long:
        file = long_table(times, values, order=rng.permutation(values.size))
    else:
        order = rng.permutation(len(times))
        file = RawSeries(values[order], times=times[order])
    placement = place(file, TimeOptions(freq=f"{minutes}min"))
    found, covariates = on_grid(file, placement)
    assert covariates is None and found.dtype == np.float32
    dates = placement.timeline.dates()
    assert dates[0] == times[0] and dates[-1] == times[-1]
    rows = np.searchsorted(dates, times)
    np.testing.assert_array_equal(dates[rows], times)
    np.testing.assert_array_equal(found[rows], values)
    missing = np.setdiff1d(np.arange(len(dates)), rows)
    assert np.isnan(found[missing]).all() and sum(gap.steps for gap in placement.gaps) == len(missing)


TIMES = every(60, START, START + np.timedelta64(6, "h"))
VALUES = np.arange(12, dtype=np.float32).reshape(6, 2)
COVARIATES = np.stack([VALUES + 100, VALUES + 200], axis=2)


@pytest.mark.parametrize("is_long", [False, True])
def test_other_channels_go_with_the_values(is_long):
    order = np.array([3, 0, 5, 1, 2, 4])
    if is_long:
        file = long_table(TIMES, VALUES, COVARIATES, np.random.default_rng(0).permutation(12))
    else:
        file = RawSeries(VALUES[order], times=TIMES[order], covariates=COVARIATES[order])
    found, covariates = on_grid(file, place(file, TimeOptions()))
    np.testing.assert_array_equal(found, VALUES)
    np.testing.assert_array_equal(covariates, COVARIATES)


def test_a_sensor_without_a_row_is_missing():
    file = replace(long_table(TIMES, VALUES), node_names=list("abcd"))
    found, _ = on_grid(file, place(file, TimeOptions()))
    np.testing.assert_array_equal(found[:, :2], VALUES)
    assert found.shape == (6, 4) and np.isnan(found[:, 2:]).all()


def test_a_sensor_may_lack_times_that_others_have():
    file = long_table(TIMES, VALUES, order=np.delete(np.arange(12), [3, 5, 8]))
    found, _ = on_grid(file, place(file, TimeOptions()))
    expected = VALUES.copy()
    expected[[1, 2, 4], [1, 1, 0]] = np.nan
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("rule", "expected"), [("mean", 5.5), ("first", 3)])
def test_duplicates_of_a_sensor(rule, expected):
    # the value 8 of the same sensor, at the time of the value 3
    file = long_table(TIMES, VALUES, order=np.r_[np.arange(12), 9])
    file.values[12] = 8
    file.times[12] = TIMES[1]
    placement, found = placed(file, duplicates=rule)
    assert found[1].tolist() == [2, expected]
    assert "sensor 1 in rows 3 and 12" in placement.notes[0]


def test_means_are_the_same_in_blocks_of_columns(monkeypatch):
    times = every(1, START, START + np.timedelta64(2, "h"))
    values = np.random.default_rng(0).normal(size=(120, 7)).astype(np.float32)
    file = RawSeries(values, times=times)
    expected = values.reshape(8, 15, 7).mean(axis=1, dtype=np.float64)
    for block in (2**23, 16):
        monkeypatch.setattr("basicts_elin.data.times.filling._BLOCK", block)
        _, found = placed(file, freq="15min", align="floor", duplicates="mean")
        np.testing.assert_allclose(found, expected, rtol=1e-6)

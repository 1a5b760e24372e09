import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from basicts_elin.data.prepare.summary.sensors import describe, fewest_dead_rows, longest_run, runs, sensor_blocks

ROWS = np.arange(1, 101, dtype=np.float32)
NAN = np.nan


def test_the_numbers_are_those_of_the_measured_values():
    values = np.concatenate([ROWS, [NAN, 0, 0, -5]]).astype(np.float32)
    found = describe(values, fewest=24)
    measured = values[~np.isnan(values)].astype(np.float64)
    assert (found.measured, found.zeros, found.below_zero) == (103, 2, 1)
    assert (found.minimum, found.maximum, found.total) == (-5, 100, measured.sum())
    assert (found.low, found.median, found.high) == tuple(np.quantile(measured, (0.05, 0.5, 0.95)))
    assert found.outliers == 0 and found.furthest is None and found.is_judged


@pytest.mark.parametrize(
    ("value", "is_outlier"), [(321, False), (327, True), (-220, False), (-226, True), (1e30, True)]
)
def test_an_outlier_is_three_spreads_from_the_median(value, is_outlier):
    # median 50.5 and quantiles at 5.95 and 95.05 without it
    values = np.concatenate([ROWS[:40], [value], ROWS[40:]]).astype(np.float32)
    found = describe(values, fewest=24)
    assert found.outliers == is_outlier
    assert found.furthest == ((40, np.float32(value)) if is_outlier else None)


def test_congestion_is_not_an_outlier():
    """Free flow nine tenths of the time, congestion in the others."""
    speeds = np.where(np.arange(1000) % 10 == 0, 20, 65 + np.arange(1000) % 3).astype(np.float32)
    assert describe(speeds, fewest=24).outliers == 0


def test_a_sensor_that_shows_one_value_nine_times_of_ten_is_not_judged():
    values = np.zeros(100, np.float32)
    values[:4] = 9999
    found = describe(values, fewest=24)
    assert not found.is_judged and found.outliers == 0 and not found.is_constant


def test_a_sensor_that_has_never_measured():
    found = describe(np.full(50, NAN, np.float32), fewest=24)
    assert found.measured == 0 and np.isnan([found.minimum, found.median, found.maximum]).all()
    assert found.dead == (0, None) and found.longest_missing == (0, 50)
    assert not found.is_constant


@pytest.mark.parametrize("tail", [NAN, 0, 7])
def test_a_sensor_is_dead_if_nothing_changes_for_long_to_the_end(tail):
    values = np.concatenate([ROWS, np.full(30, tail)]).astype(np.float32)
    expected = (100, None if np.isnan(tail) else tail)
    assert describe(values, fewest=30).dead == expected
    assert describe(values, fewest=31).dead is None
    # it works again
    assert describe(np.append(values, np.float32(3)), fewest=30).dead is None


def test_missing_values_between_equal_ones_do_not_hide_a_dead_sensor():
    values = np.concatenate([ROWS, np.zeros(60)]).astype(np.float32)
    values[[101, 130, 159]] = NAN
    assert describe(values, fewest=40).dead == (100, 0)
    # a handful of equal values are no proof
    values[105:158] = NAN
    assert describe(values, fewest=60).dead is None


def test_a_constant_sensor_is_not_dead():
    values = np.full(100, 7, np.float32)
    values[3] = NAN
    found = describe(values, fewest=24)
    assert found.is_constant and found.dead is None


@pytest.mark.parametrize(("minutes", "rows"), [(5, 864), (15, 288), (60, 72), (1440, 24), (10080, 24)])
def test_three_days_make_a_dead_sensor_and_no_weekend(minutes, rows):
    assert fewest_dead_rows(minutes) == rows


@given(st.lists(st.booleans(), max_size=40))
def test_runs_cover_what_is_true(mask):
    mask = np.array(mask, bool)
    starts, lengths = runs(mask)
    again = np.zeros_like(mask)
    for start, length in zip(starts, lengths, strict=True):
        assert length > 0 and not again[start : start + length].any()
        # neither end can be moved
        assert start == 0 or not mask[start - 1]
        assert start + length == len(mask) or not mask[start + length]
        again[start : start + length] = True
    np.testing.assert_array_equal(again, mask)
    assert longest_run(mask)[1] == max(lengths, default=0)


@pytest.mark.parametrize("null_value", [NAN, 0.0])
def test_blocks_are_copies_of_all_sensors(null_value, monkeypatch):
    monkeypatch.setattr("basicts_elin.data.prepare.summary.sensors._BLOCK", 1)
    values = np.arange(5 * 19, dtype=np.float32).reshape(5, 19)
    values[2, 3] = null_value
    expected = np.where(values == null_value, NAN, values)
    before = values.copy()
    blocks = [(place, block) for place, block in sensor_blocks(values, null_value)]
    assert len(blocks) == 3
    np.testing.assert_array_equal(np.concatenate([block for _, block in blocks]).T, expected)
    for place, block in blocks:
        np.testing.assert_array_equal(block.T, expected[:, place])
        block[:] = -1
    np.testing.assert_array_equal(values, before)

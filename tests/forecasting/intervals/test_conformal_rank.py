"""The rank that makes split conformal intervals valid for any number of scores."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusal import refuses

from basicts_elin.forecasting.intervals.rank import LEVELS, check_levels, fewest, grid_index, quantile_table, rank

INDICES = st.integers(0, len(LEVELS) - 1)


@given(st.integers(1, 10**7), INDICES)
def test_the_rank_is_the_smallest_that_is_enough(count, index):
    level = Fraction(index + 1, 1000)
    assert Fraction(rank(count, index) - 1, count + 1) < level <= Fraction(rank(count, index), count + 1)


@given(INDICES)
def test_the_fewest_scores(index):
    few = fewest(index)
    assert rank(few, index) <= few
    assert few == 1 or rank(few - 1, index) > few - 1


@given(st.integers(1, 10**6), INDICES, INDICES)
def test_the_rank_grows_with_the_level_and_with_the_scores(count, one, other):
    low, high = sorted((one, other))
    assert rank(count, low) <= rank(count, high)
    assert rank(count, low) <= rank(count + 1, low)


@pytest.mark.parametrize(("level", "index"), [(80, 799), (0.1, 0), (80.1, 800), (80.05, 800), (99.9, 998), (1e-3, 0)])
def test_a_level_between_two_of_the_grid_is_the_higher_one(level, index):
    assert grid_index(level) == index
    assert LEVELS[index] >= level


def test_every_level_of_the_grid_has_its_place():
    assert [grid_index(level) for level in LEVELS] == list(range(len(LEVELS)))


@pytest.mark.parametrize("level", [0, 100, 99.95, -5, math.nan, math.inf, "90", None, True])
def test_what_is_no_level(level):
    with refuses("level", found=str(level), expected="99.9"):
        grid_index(level)


@pytest.mark.parametrize(
    ("level", "levels"), [(None, []), (90, [90.0]), (np.int64(90), [90.0]), ([95, 80, 95], [95.0, 80.0])]
)
def test_levels_are_one_or_several_numbers(level, levels):
    assert check_levels(level) == levels


@pytest.mark.parametrize(("level", "fix"), [(0.9, "90"), (0.5, "50"), (99.95, "per cent"), (-5, "per cent")])
def test_a_share_is_no_level_to_ask_for(level, fix):
    with refuses("level", found=f"{level:g}", expected="from 1 to 99.9", fix=fix):
        check_levels([80, level])


def test_the_table_holds_the_score_of_each_rank():
    scores = np.array([5.0, 1.0, 4.0, 2.0, 3.0, 9.0, 8.0, 7.0, 6.0])
    table = quantile_table(scores)
    assert table[grid_index(10)] == 1 and table[grid_index(50)] == 5 and table[grid_index(90)] == 9
    assert np.isinf(table[grid_index(90.1) :]).all()


@pytest.mark.parametrize("count", [4, 9, 19, 60])
@pytest.mark.parametrize("level", [50, 80])
def test_coverage_of_exchangeable_scores(count, level):
    """The next score is bounded as often as promised, and by at most 1 / (n + 1) more: few scores are no excuse."""
    draws = 40_000
    scores = np.random.default_rng(count).exponential(size=(draws, count + 1))
    bounds = np.sort(scores[:, :count])[:, rank(count, grid_index(level)) - 1]
    share, error = (scores[:, count] <= bounds).mean(), 4 * 0.5 / draws**0.5
    assert level / 100 - error <= share <= level / 100 + 1 / (count + 1) + error

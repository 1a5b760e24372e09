import numpy as np
import pandas as pd
import pytest
from data.city import ZONE, make_city

FILES = ("wide", "long", "parquet", "graph")


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return make_city(tmp_path_factory.mktemp("city"), num_sensors=14)


def test_a_seed_makes_the_same_city(tmp_path, city):
    again = make_city(tmp_path, num_sensors=14)
    for name in FILES:
        assert getattr(again, name).read_bytes() == getattr(city, name).read_bytes()
    other = make_city(tmp_path, num_sensors=14, seed=1)
    assert not np.array_equal(other.values, city.values, equal_nan=True)


def test_it_has_both_clock_changes(city):
    steps = np.diff(city.dates).astype(int)
    assert set(np.diff(city.instants).astype(int)) == {15}
    assert sorted(set(steps)) == [-45, 15, 75]
    assert str(city.dates[0]) == "2024-03-18T00:00" and str(city.dates[-1]) == "2024-11-10T23:45"


def test_it_has_what_real_networks_have(city):
    missing = np.isnan(city.values)
    assert missing[city.absent].all() and city.absent.sum() == 31
    assert 0.01 < missing.mean() < 0.1
    nights = city.dates.astype("datetime64[h]").astype(int) % 24 < 4
    assert (city.values[nights] == 0).mean() > 0.1
    dead = city.names.index(city.dead)
    assert set(city.values[city.dead_since :, dead]) == {0}
    assert len(set(city.names)) == 14 and not all(name.isascii() for name in city.names)


def test_the_files_hold_the_values(city):
    there = ~city.absent
    wide = pd.read_csv(city.wide)
    assert list(wide.columns) == ["time", *city.names]
    assert list(wide["time"]) == [str(date).replace("T", " ") for date in city.dates[there]]
    np.testing.assert_array_equal(wide[city.names].to_numpy(np.float32), city.values[there])

    table = pd.read_parquet(city.parquet)
    np.testing.assert_array_equal(table.to_numpy(np.float32, na_value=np.nan), city.values[there])
    assert str(table.index.tz) == ZONE
    np.testing.assert_array_equal(table.index.tz_convert("UTC").tz_localize(None).to_numpy(), city.instants[there])

    long = pd.read_csv(city.long)
    assert len(long) == np.count_nonzero(~np.isnan(city.values))
    for number, name in enumerate(city.names):
        column = city.values[:, number]
        np.testing.assert_array_equal(long["y"][long["unique_id"] == name], column[~np.isnan(column)])


def test_times_that_come_twice_are_complete_in_the_long_table(city):
    long = pd.read_csv(city.long)
    twice = pd.Index(city.dates).duplicated(keep=False)
    times = [str(date).replace("T", " ") for date in city.dates[twice]]
    assert len(times) == 8
    assert set(long[long["ds"].isin(times)].groupby(["unique_id", "ds"]).size()) == {2}


def test_the_edges_have_an_index_column_and_names(city):
    edges = pd.read_csv(city.graph)
    assert list(edges.columns) == ["Unnamed: 0", "from", "to", "cost"]
    found = zip(edges["from"].map(city.names.index), edges["to"].map(city.names.index), edges["cost"], strict=True)
    assert {(a, b): cost for a, b, cost in found} == city.edges
    assert any((b, a) not in city.edges for a, b in city.edges)

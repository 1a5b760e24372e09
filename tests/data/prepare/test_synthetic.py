import numpy as np
import pytest
from refusal import refuses

from basicts_elin.data.catalog import dataset_facts, split_lengths
from basicts_elin.data.prepare.known import row_timestamps
from basicts_elin.data.prepare.synthetic import MAX_DELAY, NAME, random_network, synthetic_traffic, travel

STEPS = 12


@pytest.fixture(scope="module")
def traffic():
    return synthetic_traffic()


def slots(values):
    """[weeks, steps of a week, N], missing values as NaN."""
    week = 7 * dataset_facts(NAME).steps_per_day
    return np.where(values == 0, np.nan, values).reshape(-1, week, values.shape[1])


def test_shape_type_and_range(traffic):
    values, _ = traffic
    assert values.shape == (28 * 288, 64) and values.dtype == np.float32
    observed = values[values != 0]
    assert observed.min() >= 1
    assert 150 < observed.mean() < 250
    low, high = np.percentile(observed, [1, 99])
    assert low > 10 and high < 700


@pytest.mark.parametrize("seed", range(3))
def test_about_one_per_cent_is_missing_alone_and_in_outages(seed):
    missing = synthetic_traffic(seed=seed)[0] == 0
    assert 0.005 < missing.mean() < 0.015
    inner = missing[1:-1]
    alone = inner & ~missing[:-2] & ~missing[2:]
    within = inner & missing[:-2] & missing[2:]
    assert alone.sum() > 500 and within.sum() > 500


def test_the_seed_decides():
    small = {"num_nodes": 6, "num_days": 7}
    first, again, other = (synthetic_traffic(**small, seed=seed)[0] for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert (first != other).mean() > 0.9


@pytest.mark.parametrize(
    ("argument", "field", "found", "expected"),
    [
        ({"num_nodes": 1}, "nodes", 1, 2),
        ({"num_days": 6}, "days", 6, 7),
        ({"seed": -1}, "seed", -1, 0),
        ({"num_nodes": 10**6}, "nodes", 10**6, 365_000),
    ],
)
def test_arguments_out_of_range_are_refused(argument, field, found, expected):
    with refuses(field, found=found, expected=expected):
        synthetic_traffic(**argument)


def test_the_smallest_network():
    values, network = synthetic_traffic(num_nodes=2, num_days=7)
    assert values.shape == (7 * 288, 2)
    assert network.adjacency.tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize("num_nodes", [2, 3, 17])
def test_the_network_is_connected_and_its_waves_fade(num_nodes):
    network = random_network(np.random.default_rng(0), num_nodes)
    adjacency = network.adjacency
    assert adjacency.dtype == np.float32 and set(np.unique(adjacency)) == {0, 1}
    assert (np.tril(adjacency) == 0).all()
    assert adjacency.sum(axis=0).tolist() == [min(sensor, 2) for sensor in range(num_nodes)]
    assert network.delays.min() >= 1 and network.delays.max() <= MAX_DELAY
    assert network.weights.sum(axis=1).max() < 1


def test_an_impulse_arrives_at_the_next_sensor_after_the_delay():
    network = random_network(np.random.default_rng(5), 8)
    sources = np.zeros((40, 8))
    sources[3, 0] = 1.0
    waves = travel(sources, network)
    expected = np.zeros(40)
    expected[3 + network.delays[1, 0]] = network.weights[1, 0]
    np.testing.assert_array_equal(waves[:, 1], expected)
    assert waves[:, 0].tolist() == sources[:, 0].tolist()


def test_deviations_reach_the_next_sensor_with_the_delay_of_the_road(traffic):
    values, network = traffic
    residual = slots(values) - np.nanmean(slots(values), axis=0)
    # differences: what changes slowly is the same at every lag
    change = np.diff(np.nan_to_num(residual).reshape(values.shape), axis=0)
    lags = np.arange(-2 * MAX_DELAY, 2 * MAX_DELAY + 1)
    margin = lags.max()
    found, expected = [], []
    for sensor, slot in zip(*np.nonzero(network.weights > 0.5), strict=True):
        parent = change[margin:-margin, network.parents[sensor, slot]]
        strength = [parent @ np.roll(change[:, sensor], -lag)[margin:-margin] for lag in lags]
        found.append(lags[np.argmax(strength)])
        expected.append(network.delays[sensor, slot])
    assert len(found) > 20
    assert np.mean(np.equal(found, expected)) > 0.9


def test_weekends_have_no_rush_hour(traffic):
    profile = np.nanmean(slots(traffic[0]), axis=(0, 2)).reshape(7, 24, 12).mean(axis=2)
    weekday, weekend = profile[:5].mean(axis=0), profile[5:].mean(axis=0)
    for rush_hour in (8, 17):
        assert weekday[rush_hour] > 1.2 * weekend[rush_hour]
    assert weekday[17] > weekday[13] and weekday[8] > weekday[11]
    assert weekend[8] < weekend[11]


def test_the_neighbours_last_hour_beats_the_naive_forecasts(traffic):
    """Ridge regression, half an hour ahead: with the sensors upstream clearly better than without, and than naive."""
    values, network = traffic
    facts = dataset_facts(NAME)
    train, val, _ = split_lengths(len(values), facts.split)
    ahead = 6

    weeks = np.where(np.arange(len(values))[:, None] < train, values, 0.0).reshape(-1, 7 * 288, values.shape[1])
    count = (weeks != 0).sum(axis=0)
    average = weeks.sum(axis=0) / np.maximum(count, 1)
    # a slot of the week with two days may have none where a sensor was out
    average[count == 0] = average[count != 0].mean()
    average = np.tile(average, (len(weeks), 1))
    filled = np.where(values == 0, average, values)

    angle = 2 * np.pi * row_timestamps(facts, 0, len(values))[:, 0]
    waves = [wave(k * angle) for k in range(1, 9) for wave in (np.sin, np.cos)]
    time = np.stack([np.ones_like(angle), *waves], axis=1)
    weekend = (np.arange(len(values)) // 288 % 7 >= 5)[:, None]
    time = np.concatenate([time * weekend, time * ~weekend], axis=1)

    reach = (network.adjacency + network.adjacency @ network.adjacency) > 0
    now = np.arange(STEPS - 1, len(values) - ahead)
    fit, test = now < train - ahead, now >= train + val + STEPS - 1
    errors = {"last value": [], "average": [], "alone": [], "upstream": []}
    for sensor in range(3, values.shape[1], 8):
        target = values[now + ahead, sensor]
        seen = test & (target != 0)

        def record(name, forecast, target=target, seen=seen):
            errors[name].append(np.abs(forecast - target)[seen].mean())

        record("last value", values[now, sensor])
        record("average", average[now + ahead, sensor])
        for name, sensors in (("alone", [sensor]), ("upstream", [sensor, *np.flatnonzero(reach[:, sensor])])):
            inputs = [filled[np.ix_(now - lag, sensors)] for lag in range(STEPS)]
            inputs = np.concatenate([time[now + ahead], *inputs], axis=1)
            use = fit & (target != 0)
            known = inputs[use]
            # normal equations, because lstsq took most of the suite's time
            weights = np.linalg.solve(known.T @ known + np.eye(known.shape[1]), known.T @ target[use])
            record(name, inputs @ weights)

    error = {name: np.mean(found) for name, found in errors.items()}
    assert 12 < error["last value"] < 35 and 12 < error["average"] < 35
    assert error["upstream"] < 0.75 * min(error["last value"], error["average"])
    assert error["upstream"] < 0.9 * error["alone"]

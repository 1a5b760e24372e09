import numpy as np
import pytest

from basicts_elin.evaluation.error_tables import error_tables


@pytest.fixture(scope="module")
def windows():
    """Two weeks of 40-minute steps from a Monday, 7 steps ahead, a fifth of the targets missing."""
    generator = np.random.default_rng(3)
    windows, steps, sensors = 400, 7, 5
    index = np.arange(windows)[:, None] + np.arange(steps)
    prediction = generator.normal(50, 9, (windows, steps, sensors)).astype(np.float32)
    target = generator.normal(50, 9, prediction.shape).astype(np.float32)
    target[generator.random(target.shape) < 0.2] = np.nan
    target[..., 3] = np.nan
    return prediction, target, 40 * index % 1440, 40 * index // 1440 % 7


def plain(prediction, target, classes, count):
    """The mean absolute errors of each class [count, N], one error at a time."""
    found = [[[] for _ in range(prediction.shape[2])] for _ in range(count)]
    for window, step, sensor in np.ndindex(*prediction.shape):
        error = abs(float(prediction[window, step, sensor]) - float(target[window, step, sensor]))
        if not np.isnan(error):
            found[classes[window, step]][sensor].append(error)
    of_sensors = [[np.mean(errors) if errors else np.nan for errors in row] for row in found]
    of_all = [np.mean(sum(row, [])) if sum(row, []) else np.nan for row in found]
    return of_all, of_sensors


def test_the_tables_are_those_of_a_plain_loop(windows):
    prediction, target, minutes, weekdays = windows
    tables = error_tables(*windows)
    steps = np.broadcast_to(np.arange(7), minutes.shape)
    kinds = ((tables.hour, minutes // 60, 24), (tables.weekday, weekdays, 7), (tables.horizon, steps, 7))
    for found, classes, count in kinds:
        of_all, of_sensors = plain(prediction, target, classes, count)
        np.testing.assert_allclose(found.of_all, of_all, rtol=1e-12)
        np.testing.assert_allclose(found.of_sensors, of_sensors, rtol=1e-12)
    everything = np.zeros_like(minutes)
    (overall,), (of_sensors,) = plain(prediction, target, everything, 1)
    np.testing.assert_allclose(tables.sensor, of_sensors, rtol=1e-12)
    assert tables.overall == pytest.approx(overall, rel=1e-12)


def test_the_worst_sensor_is_first_and_one_without_measurements_last(windows):
    tables = error_tables(*windows)
    order = tables.worst_first()
    assert order[-1] == 3
    assert list(tables.sensor[order[:-1]]) == sorted(tables.sensor[[0, 1, 2, 4]], reverse=True)


def test_an_hour_without_a_target_has_no_error():
    shape = (4, 2, 3)
    tables = error_tables(np.ones(shape), np.zeros(shape), np.full((4, 2), 61), np.full((4, 2), 6))
    assert tables.hour.of_all[1] == 1 and np.isnan(np.delete(tables.hour.of_all, 1)).all()
    assert tables.weekday.of_all[6] == 1 and np.isnan(tables.weekday.of_all[:6]).all()


def test_nothing_measured_gives_no_error():
    tables = error_tables(np.ones((2, 3, 1)), np.full((2, 3, 1), np.nan), *np.zeros((2, 2, 3), int))
    assert np.isnan(tables.overall) and np.isnan(tables.horizon.of_all).all()

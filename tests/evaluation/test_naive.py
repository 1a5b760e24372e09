import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from refusal import refuses
from tiny import NAME, NODES, PARTS, STEPS, raw_windows, rewrite_meta, write_dataset

from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.prepare import prepare_dataset
from basicts_elin.evaluation.naive import (
    HISTORICAL_AVERAGE,
    LAST_VALUE,
    Part,
    historical_average,
    last_value,
    naive_metrics,
    node_means,
)


def column(*values):
    return np.array(values, dtype=np.float32)[:, None]


def part(values, slots, days):
    return Part(values, np.array(slots), np.array(days))


def metrics_in_loops(forecast, targets):
    """MAE, RMSE and MAPE in per cent of what was measured, one value at a time."""
    errors, shares = [], []
    for predicted, target in zip(forecast.flat, targets.flat, strict=True):
        if target != 0:
            errors.append(abs(float(predicted) - float(target)))
            shares.append(errors[-1] / float(target))
    return {
        "MAE": sum(errors) / len(errors),
        "RMSE": (sum(error**2 for error in errors) / len(errors)) ** 0.5,
        "MAPE": 100 * sum(shares) / len(shares),
    }


def last_value_in_loops():
    inputs, targets = raw_windows()
    forecast = np.zeros_like(targets)
    for window, node in np.ndindex(inputs.shape[0], inputs.shape[2]):
        measured = [value for value in inputs[window, :, node] if value != 0]
        forecast[window, :, node] = measured[-1] if measured else 0
    return forecast, targets


def historical_average_in_loops():
    train = np.load(f"datasets/{NAME}/train_data.npy").astype(np.float64)
    train_stamps, test_stamps = (np.load(f"datasets/{NAME}/{name}_timestamps.npy") for name in ("train", "test"))
    _, targets = raw_windows()
    average = np.zeros((len(test_stamps), train.shape[1]))
    for row, node in np.ndindex(average.shape):
        for same in (
            (train_stamps == test_stamps[row]).all(axis=1),
            train_stamps[:, 0] == test_stamps[row, 0],
            np.ones(len(train), dtype=bool),
        ):
            measured = train[same & (train[:, node] != 0), node]
            if len(measured):
                average[row, node] = measured.mean()
                break
    return np.stack([average[start + STEPS : start + 2 * STEPS] for start in range(len(targets))]), targets


def test_the_last_measured_value_is_held():
    series = column(1, 2, 3, 4, 5, 6)
    np.testing.assert_array_equal(last_value(series, 3, 0.0, 0.0)[:, 0], [3, 4, 5, 6])


def test_the_last_value_looks_past_missing_ones():
    series = np.concatenate([column(1, 2, 0, 0, 0, 9, 9), column(0, 0, 7, 0, 0, 9, 9)], axis=1)
    forecast = last_value(series, 3, 0.0, 0.0)
    # windows [0:3], [1:4], ...; the third of the first node holds nothing
    np.testing.assert_array_equal(forecast, [[2, 7], [2, 7], [0, 7], [9, 9], [9, 9]])


def test_the_last_value_with_nan_for_missing_ones():
    forecast = last_value(column(1, np.nan, np.nan, np.nan, 9), 2, np.nan, np.array([5.5]))
    np.testing.assert_array_equal(forecast[:, 0], [1, 5.5, 5.5, 9])


def test_the_mean_of_a_node_is_that_of_its_measured_values():
    train = part(np.array([[1, np.nan, 0], [3, np.nan, 5]], np.float32), slots=[0, 1], days=[0, 0])
    np.testing.assert_array_equal(node_means(train, np.nan, 7.0), [2, 7, 2.5])
    np.testing.assert_array_equal(node_means(train, 0.0, 7.0)[[0, 2]], [2, 5])


def test_the_average_is_of_the_same_time_of_the_same_day():
    train = part(column(10, 20, 30, 0, 50, 70), slots=[0, 1, 0, 1, 0, 1], days=[0, 0, 1, 1, 0, 0])
    test = part(column(1, 1, 1), slots=[0, 1, 0], days=[0, 0, 1])
    np.testing.assert_allclose(historical_average(train, test, 0.0, 0.0), column(30, 45, 30))


def test_an_empty_time_falls_back_to_the_time_of_day_then_to_the_node_then_to_nothing():
    first = column(10, 30, 0, 0, 80)
    train = part(np.concatenate([first, 0 * first], axis=1), slots=[0, 0, 1, 1, 2], days=[0, 1, 0, 1, 0])
    test = part(np.ones((4, 2)), slots=[0, 0, 1, 3], days=[1, 2, 0, 0])
    average = historical_average(train, test, 0.0, -1.0)
    np.testing.assert_allclose(average[:, 0], [30, 20, 40, 40])
    np.testing.assert_array_equal(average[:, 1], -1)


def test_slot_and_day_continue_from_part_to_part(tiny):
    dataset = open_dataset(Path("datasets") / NAME)
    train = Part.of(dataset, "train")
    index = np.arange(len(train.values))
    np.testing.assert_array_equal(train.slot, index % 288)
    np.testing.assert_array_equal(train.day, index // 288 % 7)
    np.testing.assert_array_equal(Part.of(dataset, "test").slot[:1], (96 + 43) % 288)


@pytest.mark.parametrize("steps_per_day", [288, 1440])
def test_every_slot_of_a_day_and_day_of_a_week_is_found(workplace, steps_per_day):
    folder = write_dataset(workplace, steps_per_day=steps_per_day)
    index = np.arange(7 * steps_per_day)
    stamps = np.stack([index % steps_per_day / steps_per_day, index // steps_per_day / 7], axis=1)
    np.save(folder / "train_timestamps.npy", stamps.astype(np.float32))
    np.save(folder / "train_data.npy", np.ones((len(index), NODES), np.float32))
    train = Part.of(open_dataset(folder), "train")
    np.testing.assert_array_equal(train.slot, index % steps_per_day)
    np.testing.assert_array_equal(train.day, index // steps_per_day)


@pytest.mark.parametrize(
    ("name", "in_loops"),
    [(LAST_VALUE, last_value_in_loops), (HISTORICAL_AVERAGE, historical_average_in_loops)],
)
def test_naive_metrics_are_those_of_plain_loops(workplace, name, in_loops):
    # hours: the test part has times that the training part has seen on the same day, and on another day only
    write_dataset(workplace, steps_per_day=24)
    forecast, targets = in_loops()
    rows = naive_metrics(open_dataset(Path("datasets") / NAME))[name]
    assert list(rows) == ["3", "6", "12", "overall", "mean"]
    assert rows["overall"] == pytest.approx(metrics_in_loops(forecast, targets), rel=1e-6)
    for step in (3, 6, 12):
        expected = metrics_in_loops(forecast[:, step - 1], targets[:, step - 1])
        assert rows[str(step)] == pytest.approx(expected, rel=1e-6)
    steps = [metrics_in_loops(forecast[:, step], targets[:, step]) for step in range(12)]
    means = {metric: np.mean([step[metric] for step in steps]) for metric in ("MAE", "RMSE", "MAPE")}
    assert rows["mean"] == pytest.approx(means, rel=1e-6)


def test_a_dataset_without_a_test_window_is_refused(tiny):
    with refuses(Path("datasets") / NAME / "test_data.npy", found=73, expected=74):
        naive_metrics(open_dataset(Path("datasets") / NAME), input_len=62)


def test_nan_may_mark_missing_values(tiny):
    by_zero = naive_metrics(open_dataset(Path("datasets") / NAME))
    for part in PARTS:
        file = Path("datasets") / NAME / f"{part}_data.npy"
        values = np.load(file)
        np.save(file, np.where(values == 0, np.float32(np.nan), values))
    rewrite_meta(tiny, regular_settings={"null_val": float("nan")})
    assert naive_metrics(open_dataset(Path("datasets") / NAME)) == by_zero


def test_windows_across_breaks_are_left_out_if_the_dataset_says_so(tiny):
    # after row 33 of the test part
    after = np.datetime64("2024-01-01 00:00", "m") + 5 * (96 + 43 + 33) * np.timedelta64(1, "m")
    gaps = {"start": "2024-01-01 00:00", "gaps": [[str(after), 288]]}
    rewrite_meta(tiny, windows_across_breaks=False, **gaps)
    forecast, targets = last_value_in_loops()
    kept = [start for start in range(len(targets)) if start + 2 * STEPS <= 34 or start >= 34]
    rows = naive_metrics(open_dataset(Path("datasets") / NAME))[LAST_VALUE]
    assert rows["overall"] == pytest.approx(metrics_in_loops(forecast[kept], targets[kept]), rel=1e-6)
    assert rows["6"] == pytest.approx(metrics_in_loops(forecast[kept, 5], targets[kept, 5]), rel=1e-6)


def test_horizons_may_be_others(tiny):
    dataset = open_dataset(Path("datasets") / NAME)
    found = naive_metrics(dataset, 24, 20, (1, 6, 20, 96))
    assert list(found[LAST_VALUE]) == ["1", "6", "20", "overall", "mean"]


def write_series(folder, values, steps_per_day=24):
    """A dataset of hours, with NaN for what is missing."""
    folder.mkdir()
    index = np.arange(len(values))
    stamps = np.stack([index % steps_per_day / steps_per_day, index // steps_per_day % 7 / 7], axis=1)
    cuts = [len(values) // 2, len(values) * 5 // 8]
    for part, data, times in zip(PARTS, np.split(values, cuts), np.split(stamps, cuts), strict=True):
        np.save(folder / f"{part}_data.npy", data.astype(np.float32))
        np.save(folder / f"{part}_timestamps.npy", times.astype(np.float32))
    return open_dataset(folder)


def test_without_a_value_to_forecast_from_it_is_the_mean(tmp_path):
    values = np.full((320, 3), 7.0)
    values[:160, 1], values[:, 2] = 4, np.nan
    # the second sensor measures once before the test part ends, the third only there
    values[160:, 1], values[310, 1], values[311, 2] = np.nan, 9, 15
    rows = naive_metrics(write_series(tmp_path / "City", values))
    # its own mean, 4, and that of all values, 5.5; rows 310 and 311 are targets of 10 and of 9 windows
    expected = (10 * (9 - 4) + 9 * (15 - 5.5)) / (97 * 12 + 10 + 9)
    for name in (LAST_VALUE, HISTORICAL_AVERAGE):
        assert rows[name]["overall"]["MAE"] == pytest.approx(expected, rel=1e-6)


def test_long_windows_of_many_nodes_take_no_more_memory(tmp_path):
    dataset = write_series(tmp_path / "City", np.random.default_rng(0).normal(5, 1, (1600, 60)))
    peaks = []
    for steps in (12, 240):
        tracemalloc.start()
        naive_metrics(dataset, 96, steps)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # as one array, the windows of 240 steps would take 265 x 240 x 60 x 8 bytes: 30 MB
    assert peaks[1] < 1.2 * peaks[0] < 15e6


def test_the_last_value_on_real_traffic(shared, tmp_path):
    raw = shared / "data" / "PEMS08_tail" / "PEMS08_tail.npz"
    folder = prepare_dataset("PEMS08_tail", raw, out=tmp_path)
    rows = naive_metrics(open_dataset(folder))[LAST_VALUE]
    assert rows["overall"]["MAE"] == pytest.approx(24.915, abs=5e-4)
    assert rows["3"]["MAE"] < rows["6"]["MAE"] < rows["12"]["MAE"]

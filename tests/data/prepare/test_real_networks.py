"""Four networks as their users have them: an array with options, and a table with dates, give the same dataset."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data.small_series import load, meta_of

from basicts_elin.cli import main
from basicts_elin.data.dataset import open_dataset
from basicts_elin.evaluation.naive import LAST_VALUE, naive_metrics

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")

WEEKDAYS = pd.bdate_range("2012-05-01", periods=34)
FIVE_MINUTES = pd.to_timedelta(np.arange(288) * 5, unit="min")
OPERATING = pd.to_timedelta(np.arange(6, 24), unit="h")


def of_days(days, times):
    return pd.DatetimeIndex([day + time for day in days for time in times])


# file, channel, dates of the rows, options of the array, options of both, missing values, calendar
NETWORKS = {
    "PeMSD7M": (
        "PeMSD7M_34days/PeMSD7M_first34days.npz",
        0,
        of_days(WEEKDAYS, FIVE_MINUTES),
        ["--start", "2012-05-01", "--freq", "5min", "--weekdays", "mon-fri"],
        [],
        0,
        {"weekdays": [0, 1, 2, 3, 4]},
    ),
    "Chongqing": (
        "Chongqing_metro_113/Metro_Chongqing.npz",
        0,
        of_days(pd.date_range("2016-08-01", periods=365), OPERATING),
        ["--key", "data", "--start", "2016-08-01 06:00", "--freq", "1h", "--hours", "06:00-23:00"],
        [],
        0,
        {"hours": [["06:00", "23:00"]]},
    ),
    "Yinchuan": (
        "Yinchuan_highway_108/yinchuan_hourly.npz",
        1,
        pd.date_range("2021-06-01", periods=2208, freq="1h"),
        ["--start", "2021-06-01", "--freq", "1h", "--channel", "1"],
        ["--missing", "0"],
        35055,
        None,
    ),
    "BAY_hourly": (
        "PEMS-BAY_325_hourly/pems_bay_hourly.npz",
        0,
        pd.date_range("2017-05-07 18:00", periods=1302, freq="1h"),
        ["--start", "2017-05-07 18:00", "--freq", "1h"],
        ["--missing", "0"],
        0,
        None,
    ),
}


def last_value_mae(series, rows, input_len=12, output_len=12):
    """Of the windows whose first rows are given, without anything of the package."""
    total = count = 0
    for row in rows:
        inputs, targets = series[row : row + input_len], series[row + input_len : row + input_len + output_len]
        for sensor in range(series.shape[1]):
            seen = inputs[~np.isnan(inputs[:, sensor]), sensor]
            measured = targets[~np.isnan(targets[:, sensor]), sensor]
            if len(seen):
                total += np.abs(measured.astype(np.float64) - seen[-1]).sum()
                count += len(measured)
    return total / count


@pytest.mark.parametrize("name", NETWORKS)
def test_an_array_with_options_and_a_table_with_dates_are_the_same_dataset(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    file, channel, dates, of_array, of_both, missing, calendar = NETWORKS[name]
    with np.load(DATA / file) as content:
        values = content["data"][..., channel]
        names = next((content[key].astype(str) for key in ("ids", "segments") if key in content.files), None)
    columns = [str(number) for number in range(values.shape[1])] if names is None else names
    pd.DataFrame(values, dates, columns).to_csv("table.csv", index_label="time")
    assert main(["prepare", str(DATA / file), "--name", name, *of_array, *of_both]) == 0
    assert main(["prepare", "table.csv", "--name", "Table", *of_both]) == 0
    array, table = Path("datasets", name), Path("datasets", "Table")
    expected = np.where(values == 0, np.nan, values) if of_both else values
    for folder in (array, table):
        np.testing.assert_array_equal(load(folder, "data"), expected)
        assert np.isnan(load(folder, "data")).sum() == missing
        assert meta_of(folder).get("calendar") == calendar
        dataset = open_dataset(folder)
        found = np.concatenate([dataset.dates(part) for part in ("train", "val", "test")])
        np.testing.assert_array_equal(found, dates.to_numpy().astype("datetime64[m]"))
    np.testing.assert_array_equal(load(array, "timestamps"), load(table, "timestamps"))
    if names is not None:
        assert open_dataset(array).node_names == list(names)


@pytest.mark.parametrize("name", ["Yinchuan", "BAY_hourly"])
def test_the_naive_forecast_is_that_of_a_plain_loop(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    file, _, _, of_array, of_both, _, _ = NETWORKS[name]
    assert main(["prepare", str(DATA / file), "--name", name, *of_array, *of_both]) == 0
    dataset = open_dataset(Path("datasets", name))
    test = np.array(dataset.values("test"))
    seen = ~np.isnan(np.lib.stride_tricks.sliding_window_view(test[:-12], 12, axis=0)).all(axis=-1)
    found = naive_metrics(dataset)[LAST_VALUE]["overall"]["MAE"]
    if seen.all():
        assert found == pytest.approx(last_value_mae(test, range(len(test) - 23)), rel=1e-6)
    else:
        # where a window has no value, the forecast is the sensor's mean
        train = np.array(dataset.values("train"))
        means = np.nanmean(train.astype(np.float64), axis=0)
        means[np.isnan(means)] = np.nanmean(train.astype(np.float64))
        total = count = 0
        for row in range(len(test) - 23):
            for sensor in range(test.shape[1]):
                inputs, targets = test[row : row + 12, sensor], test[row + 12 : row + 24, sensor]
                inputs, targets = inputs[~np.isnan(inputs)], targets[~np.isnan(targets)].astype(np.float64)
                total += np.abs(targets - (inputs[-1] if len(inputs) else means[sensor])).sum()
                count += len(targets)
        assert found == pytest.approx(total / count, rel=1e-6)


def test_breaks_of_the_metro_can_be_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file, _, _, of_array, _, _, _ = NETWORKS["Chongqing"]
    options = [*of_array, "--drop-windows-across-breaks"]
    assert main(["prepare", str(DATA / file), "--name", "Metro", *options]) == 0
    dataset = open_dataset("datasets/Metro")
    starts = dataset.window_starts("test", 6, 6)
    hours = dataset.dates("test").astype("datetime64[h]").astype(int) % 24
    # 18 rows a day have seven windows of twelve
    assert set(hours[starts]) == {6, 7, 8, 9, 10, 11, 12}
    assert len(starts) == 7 * len(dataset.values("test")) // 18

"""Real files, and what a user would write from them."""

import numpy as np
import pandas as pd
import pytest

from basicts_elin.data.io.reading import ReadOptions, read_series

FILES = {
    "PeMSD7M_34days/PeMSD7M_first34days.npz": ((9792, 228), None, None),
    "Chongqing_metro_113/Metro_Chongqing.npz": ((6570, 113), None, None),
    "Yinchuan_highway_108/yinchuan_hourly.npz": ((2208, 108), "segments", ["0"]),
    "PEMS-BAY_325_hourly/pems_bay_hourly.npz": ((1302, 325), "ids", None),
}


@pytest.mark.parametrize("name", FILES)
def test_the_series_is_found_beside_graphs_and_names(shared, name):
    shape, ids, channels = FILES[name]
    series = read_series(shared / "data" / name)
    with np.load(shared / "data" / name) as archive:
        np.testing.assert_array_equal(series.values, archive["data"][..., 0].astype(np.float32))
        assert series.node_names == (None if ids is None else list(map(str, archive[ids].tolist())))
    assert series.values.shape == shape and series.channel_names == channels


def test_the_other_channel_is_kept_as_a_covariate(shared):
    path = shared / "data" / "Yinchuan_highway_108" / "yinchuan_hourly.npz"
    series = read_series(path, ReadOptions(channel="1", covariates=True))
    with np.load(path) as archive:
        np.testing.assert_array_equal(series.values, archive["data"][..., 1].astype(np.float32))
        np.testing.assert_array_equal(series.covariates[..., 0], archive["data"][..., 0].astype(np.float32))


@pytest.mark.parametrize(
    "name", ["Chongqing_metro_113/Metro_Chongqing.npz", "Yinchuan_highway_108/yinchuan_hourly.npz"]
)
@pytest.mark.parametrize("kind", ["wide.csv", "long.csv.gz"])
def test_the_users_own_csv_gives_the_same_series(shared, tmp_path, name, kind):
    found = read_series(shared / "data" / name)
    rows = slice(0, 400)
    dates = pd.date_range("2021-06-01", periods=400, freq="h")
    frame = pd.DataFrame(found.values[rows], dates, found.node_names)
    if kind == "wide.csv":
        frame.to_csv(tmp_path / kind)
        series = read_series(tmp_path / kind)
        np.testing.assert_array_equal(series.values, found.values[rows])
    else:
        frame.rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y").to_csv(tmp_path / kind)
        series = read_series(tmp_path / kind)
        np.testing.assert_array_equal(series.values.reshape(-1, 400).T, found.values[rows])
    assert series.node_names == (found.node_names or list(map(str, range(frame.shape[1]))))
    assert series.times[-1] == str(dates[-1])

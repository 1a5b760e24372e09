"""Rolling forecasts against a plain loop over `predict`."""

import numpy as np
import pandas as pd
import pytest
from forecasting.untrained import forecaster_of
from refusal import refuses

from basicts_elin.data.io.frames import read_frame
from basicts_elin.forecasting.tables.inputs import read_history


def history(rows=60, sensors=3, first="2024-06-07 06:00", freq="5min"):
    random = np.random.default_rng(0)
    values = random.uniform(1, 50, (rows, sensors))
    values[random.random(values.shape) < 0.1] = np.nan
    index = pd.date_range(first, periods=rows, freq=freq)
    return pd.DataFrame(values, index, [f"s{number}" for number in range(sensors)])


@pytest.mark.parametrize("every", [1, 5, 12])
def test_each_window_is_a_forecast_of_the_rows_before_it(every):
    forecaster, table = forecaster_of(), history()
    found = forecaster.backtest(table, every, batch_size=7)
    assert list(found.windows.rows) == list(range(60, 11, -every))[::-1]
    for number, row in enumerate(found.windows.rows):
        single = forecaster.predict(table.iloc[:row])
        np.testing.assert_allclose(found.windows.prediction[number], single.to_numpy(), rtol=1e-6)
        assert (found.windows.times[number] == single.index.to_numpy()).all()
        truth = table.reindex(single.index).to_numpy(np.float32)
        np.testing.assert_array_equal(found.windows.target[number], truth)


def test_the_metrics_are_those_of_a_loop():
    found = forecaster_of().backtest(history(), 3)
    errors = {step: [] for step in range(1, 13)}
    for window, _ in enumerate(found.windows.rows):
        for step in range(12):
            for sensor in range(3):
                truth = float(found.windows.target[window, step, sensor])
                if not np.isnan(truth):
                    errors[step + 1].append((float(found.windows.prediction[window, step, sensor]) - truth, truth))
    metrics = found.metrics()
    for step in range(1, 13):
        error, truth = np.array(errors[step]).T
        assert metrics[str(step)]["MAE"] == pytest.approx(np.abs(error).mean())
        assert metrics[str(step)]["RMSE"] == pytest.approx(np.sqrt((error**2).mean()))
        assert metrics[str(step)]["MAPE"] == pytest.approx(100 * np.abs(error / truth).mean())
    every = np.array([pair for pairs in errors.values() for pair in pairs])
    assert metrics["overall"]["MAE"] == pytest.approx(np.abs(every[:, 0]).mean())


def test_the_marker_of_the_model_is_no_truth():
    table = history()
    marked = table.fillna(0.0)
    found = forecaster_of(null_val=0.0, missing_inputs="zero").backtest(marked, 3).windows.target
    expected = forecaster_of().backtest(table, 3).windows.target
    np.testing.assert_array_equal(found, expected)


def test_an_input_of_markers_is_an_empty_one():
    table = history(30)
    table[:] = 1e-6
    table.iloc[-1, 0] = 7
    marked, plain = forecaster_of(null_val=0.0, missing_inputs="zero"), forecaster_of()
    assert marked.backtest(table).notes == ("windows: 18 of 19 hold no value and are left out",)
    assert plain.backtest(table).notes == ()
    with refuses("data", found="no value in the last 12 steps"):
        marked.predict(table[:-1])
    read = read_history(read_frame(table), marked.facts)
    assert marked.check_input(read) == ["missing: 97 % of the input values, 2 sensors have none; the model sees a zero"]


def test_absent_rows_are_refused_or_filled():
    table = history()
    with refuses("data", found="2 of 60 steps", fix="--fill"):
        forecaster_of().backtest(table.drop(table.index[[20, 21]]), 3)


def test_windows_over_a_night_are_left_out_if_the_model_was_trained_without():
    calendar = {"hours": [["06:00", "23:00"]]}
    days = [pd.date_range(f"2024-06-0{day} 06:00", periods=18, freq="h") for day in (3, 4)]
    table = history(36).set_axis(days[0].append(days[1]))
    across = forecaster_of(interval=60, calendar=calendar).backtest(table)
    within = forecaster_of(interval=60, calendar=calendar, windows_across_breaks=False, output_len=12)
    assert len(across.windows.rows) == 25
    with refuses("data", found="no window"):
        within.backtest(table)


@pytest.mark.parametrize("step", [0, 13, 1.5])
def test_metrics_are_of_steps_that_there_are(step):
    with refuses("horizons", found=step, expected="1 to 12"):
        forecaster_of().backtest(history()).metrics([1, step])


@pytest.mark.parametrize("every", [0, -1, 2.5, None])
def test_every_is_a_number_of_rows(every):
    with refuses("every", found=every):
        forecaster_of().backtest(history(), every)


def test_times_are_those_of_the_table():
    table = history(30)
    table.index = pd.date_range("2024-10-26 22:00", periods=30, freq="15min", tz="Europe/Berlin")
    found = forecaster_of(interval=15, timezone="Europe/Berlin").backtest(table, 6)
    assert list(found.index[:30]) == list(table.index)
    assert found.index[30] == table.index[-1] + pd.Timedelta("15min")


def test_windows_of_the_training_part_are_named():
    until = "2024-06-07 07:59"
    (note,) = forecaster_of(trained_until=until).backtest(history(), 12).notes
    assert note.startswith("windows: 1 of 5") and until in note
    assert forecaster_of(trained_until="2024-06-07 05:59").backtest(history(), 12).notes == ()

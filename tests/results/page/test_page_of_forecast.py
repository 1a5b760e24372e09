"""The page and the picture that `forecast` writes."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from cli.commands import refused
from forecasting.untrained import forecaster_of
from refusal import refuses

from basicts_elin.cli import main
from basicts_elin.data.io.frames import read_frame
from basicts_elin.forecasting.command import Made
from basicts_elin.forecasting.tables.inputs import read_history
from basicts_elin.results.page.coordinates import read_coordinates
from basicts_elin.results.page.of_forecast import forecast_page

NAMES = ["s0", "s1", "s2"]
NO_MAP = SimpleNamespace(coordinates=None)


def table(rows):
    values = np.random.default_rng(0).uniform(1, 50, (rows, 3))
    return pd.DataFrame(values, pd.date_range("2024-06-07", periods=rows, freq="5min", name="time"), NAMES)


def made(rows, every=None, **facts):
    forecaster = forecaster_of(unit="vehicles", **facts)
    history = read_history(read_frame(table(rows)), forecaster.facts)
    if every is None:
        return Made(forecaster, history, [], forecaster.quantities(history))
    backtest = forecaster.backtest_of(history, every)
    return Made(forecaster, history, [], forecaster.window_quantities(backtest.windows), backtest)


def test_a_forecast_follows_the_rows_of_the_file():
    found = made(400)
    page = forecast_page(found, NO_MAP)
    page.check()
    frame = table(400)
    assert (page.history_times == frame.index[-288:].to_numpy()).all()
    np.testing.assert_allclose(page.history, frame.to_numpy()[-288:], rtol=1e-6)
    np.testing.assert_array_equal(page.forecast, found.quantities["forecast"])
    assert (page.forecast_times == found.forecaster.predict(frame).index.to_numpy()).all()
    assert page.truth is None and page.title == "Made: the next hour" and page.facts["sensors"] == "3"


def test_the_errors_are_those_of_forecasts_within_the_file():
    found = made(60)
    page = forecast_page(found, NO_MAP)
    windows = found.forecaster.backtest(table(60), 1).windows
    known = windows.rows <= 60 - 12
    error = np.abs(windows.prediction - windows.target)[known]
    np.testing.assert_allclose(page.errors.horizon.of_all, error.mean(axis=(0, 2)), rtol=1e-5)
    assert str(known.sum()) in page.errors_note
    # the model repeats the last value
    np.testing.assert_allclose(page.other_errors["last value"], error.mean(axis=(0, 2)), rtol=1e-5)


def test_errors_of_rows_that_the_model_was_trained_on_are_not_shown():
    until = str(table(60).index[48])[:16]
    assert forecast_page(made(60, trained_until=until), NO_MAP).errors is None
    assert forecast_page(made(60, trained_until="2024-06-07 03:00"), NO_MAP).errors is not None


@pytest.mark.parametrize("rows", [12, 24])
def test_a_short_file_has_no_errors(rows):
    assert forecast_page(made(rows), NO_MAP).errors is None


@pytest.mark.parametrize("every", [4, 12])
def test_a_backtest_shows_each_time_once_with_its_truth(every):
    page = forecast_page(made(100, every), NO_MAP)
    page.check()
    assert (np.diff(page.forecast_times) == np.timedelta64(5, "m")).all()
    expected = table(100).reindex(pd.DatetimeIndex(page.forecast_times)).to_numpy()
    np.testing.assert_allclose(page.truth, expected, rtol=1e-6)


def test_the_command_writes_both_and_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    forecaster_of().save("model")
    table(60).to_csv("today.csv")
    places = pd.DataFrame({"ID": ["s2", "s0"], "lat": [52.5, 48.1], "lng": [13.4, 11.6]})
    places.to_csv("places.csv", index=False)
    command = ["forecast", "model", "--data", "today.csv", "--plot", "f.svg", "--plot-sensor", "s1", "--html", "f.html"]
    for _ in range(2):
        assert main([*command, "--coordinates", "places.csv"]) == 0
    assert "sensor s1" in (tmp_path / "f.svg").read_text()
    content = re.search(r'id="content">(.*?)</script>', (tmp_path / "f.html").read_text(), re.DOTALL)[1]
    assert json.loads(content)
    (tmp_path / "f.html").write_text("mine")
    (tmp_path / "forecast.csv").unlink()
    assert "f.html" in refused(capsys, *command)
    assert (tmp_path / "f.html").read_text() == "mine" and not (tmp_path / "forecast.csv").exists()


def test_places_are_found_by_name(tmp_path):
    file = tmp_path / "places.csv"
    file.write_text("Sensor;Latitude;Longitude\ns2;52.5;13.4\ns0;48.1;11.6\n")
    latitude, longitude = read_coordinates(file, NAMES)
    np.testing.assert_array_equal(latitude, [48.1, np.nan, 52.5])
    np.testing.assert_array_equal(longitude, [11.6, np.nan, 13.4])


def test_places_may_be_unknown_or_have_a_decimal_comma(tmp_path):
    file = tmp_path / "places.csv"
    file.write_text("sensor;lat;lon\ns0;48,1;11,6\ns1;;\n")
    latitude, longitude = read_coordinates(file, NAMES)
    np.testing.assert_array_equal(latitude, [48.1, np.nan, np.nan])
    np.testing.assert_array_equal(longitude, [11.6, np.nan, np.nan])


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("sensor,lat\ns0,1\n", {"expected": "longitude"}),
        ("sensor,lat,lon\nx,1,2\n", {"found": "x", "expected": "s0"}),
        ("", {"found": "cannot be read"}),
        ("sensor,lat,lon\ns0,north,2\n", {"found": ("latitude 'north'", "row 0"), "expected": "degrees"}),
        ("sensor,lat,lon\ns0,1,2\ns1,13.4,190\n", {"found": ("longitude '190'", "row 1"), "expected": "180"}),
        ("sensor,lat,lon\ns0,1,2\ns0,3,4\n", {"found": "s0 twice"}),
    ],
)
def test_a_table_without_places_is_refused(tmp_path, text, slots):
    file = tmp_path / "places.csv"
    file.write_text(text)
    with refuses("coordinates", **slots):
        read_coordinates(file, NAMES)

"""`forecast`, as a user types it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli.commands import refused
from forecasting.untrained import forecaster_of
from tiny import NAME, ours

from basicts_elin import Forecaster
from basicts_elin.cli import main
from basicts_elin.training.launch.launcher import launch_training

NAMES = ["s0", "s1", "s2"]


def history(rows=40):
    random = np.random.default_rng(0)
    index = pd.date_range("2024-06-07 06:00", periods=rows, freq="5min", name="time")
    return pd.DataFrame(random.integers(0, 50, (rows, 3)).astype(float), index, NAMES)


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A saved forecaster and its data, in the current folder."""
    monkeypatch.chdir(tmp_path)
    forecaster = forecaster_of()
    forecaster.save("model")
    history().to_csv("today.csv")
    return forecaster


def forecast(*arguments):
    assert main(["forecast", "model", "--data", "today.csv", *map(str, arguments)]) == 0


def test_a_row_for_each_time_and_sensor(model, capsys):
    forecast("--output", "f.csv")
    found = pd.read_csv("f.csv", parse_dates=["time"])
    assert list(found.columns) == ["time", "sensor", "forecast"] and len(found) == 36
    expected = model.predict(history())
    np.testing.assert_allclose(found["forecast"].to_numpy().reshape(12, 3), expected.to_numpy(), rtol=1e-6)
    assert list(found["sensor"][:4]) == ["s0", "s1", "s2", "s0"]
    assert list(found["time"][::3]) == list(expected.index)
    assert "f.csv" in capsys.readouterr().out


def test_the_shape_of_the_input(model):
    forecast("--wide", "--output", "f.csv")
    found = pd.read_csv("f.csv", index_col="time", parse_dates=True)
    pd.testing.assert_frame_equal(
        found, model.predict(history()).astype(float), check_freq=False, check_index_type=False, rtol=1e-6
    )


def test_without_an_output_the_file_is_forecast_csv_and_can_be_written_again(model, tmp_path):
    forecast()
    first = (tmp_path / "forecast.csv").read_bytes()
    history(41).to_csv("today.csv")
    forecast()
    assert (tmp_path / "forecast.csv").read_bytes() != first


@pytest.mark.parametrize("text", ["time,s0,s1,s2\n", "my notes\n", ""])
def test_another_file_is_not_overwritten(model, capsys, tmp_path, text):
    (tmp_path / "f.csv").write_text(text)
    line = refused(capsys, "forecast", "model", "--data", "today.csv", "--output", "f.csv")
    assert line.startswith("error: output: f.csv exists") and "--force" in line
    assert (tmp_path / "f.csv").read_text() == text
    forecast("--output", "f.csv", "--force")
    assert (tmp_path / "f.csv").read_text().startswith("time,sensor,forecast\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--output", "today.csv", "--force"], "output: today.csv"),
        (["--output", "f.parquet"], "output: f.parquet"),
        (["--output", "f.png"], "output: f.png"),
        (["--output", "no/f.csv"], "output: the folder no"),
        (["--level", "0.9"], "level: 0.9"),
        (["--level", "90"], "dataset: a saved forecaster"),
        (["--adaptive"], "adaptive: given alone"),
        (["--every", "0"], "every: 0"),
        (["--every", "1", "--wide"], "wide: given with --every"),
        (["--start", "2024-01-01"], "start: 2024-01-01"),
    ],
)
def test_what_cannot_be_is_one_line_and_no_file(model, capsys, tmp_path, arguments, expected):
    before = sorted(tmp_path.iterdir())
    assert refused(capsys, "forecast", "model", "--data", "today.csv", *arguments).startswith(f"error: {expected}")
    assert sorted(tmp_path.iterdir()) == before


def test_a_backtest_has_the_truth_beside_each_forecast(model, capsys):
    forecast("--every", 12, "--output", "b.csv")
    found = pd.read_csv("b.csv", parse_dates=["cutoff", "time"])
    assert list(found.columns) == ["cutoff", "time", "sensor", "forecast", "actual"]
    backtest = model.backtest(history(), 12)
    assert len(found) == backtest.windows.prediction.size
    np.testing.assert_allclose(found["forecast"], backtest.windows.prediction.reshape(-1), rtol=1e-6)
    np.testing.assert_array_equal(found["actual"], backtest.windows.target.reshape(-1))
    assert (found["time"] > found["cutoff"]).all()
    truth = history().stack().reindex(pd.MultiIndex.from_frame(found[["time", "sensor"]]))
    np.testing.assert_array_equal(found["actual"].to_numpy(), truth.to_numpy())
    printed = capsys.readouterr().out.splitlines()
    (overall,) = [line.split() for line in printed if line.split()[:1] == ["overall"]]
    assert float(overall[1]) == pytest.approx(backtest.metrics()["overall"]["MAE"], abs=0.005)


def test_the_errors_of_a_backtest_are_those_of_the_forecasts_that_it_writes(model, capsys):
    (history() - 25).to_csv("today.csv")
    forecast("--every", 12, "--clip", "--output", "b.csv")
    found = pd.read_csv("b.csv")
    assert found["forecast"].min() == 0
    (overall,) = [line.split() for line in capsys.readouterr().out.splitlines() if line.split()[:1] == ["overall"]]
    assert float(overall[1]) == pytest.approx((found["forecast"] - found["actual"]).abs().mean(), abs=0.005)


def test_intervals_are_made_once(tiny, capsys):
    folder = launch_training(ours())
    dataset = Forecaster.load(folder).dataset()
    index = pd.DatetimeIndex(dataset.dates("test").astype("datetime64[ns]"), name="time")
    pd.DataFrame(dataset.values("test"), index, dataset.node_names).to_csv("today.csv")
    command = ["forecast", str(folder), "--data", "today.csv", "--level", "80", "95"]
    assert main(command) == 0
    assert f"datasets/{NAME}" in capsys.readouterr().out
    found = pd.read_csv("forecast.csv")
    assert list(found.columns) == ["time", "sensor", "forecast", "lo80", "hi80", "lo95", "hi95"]
    assert (found["lo95"] <= found["lo80"]).all() and (found["hi80"] <= found["hi95"]).all()
    assert main(command) == 0
    assert f"datasets/{NAME}" not in capsys.readouterr().out


def test_a_backtest_with_adaptive_intervals_says_its_coverage(tiny, capsys):
    folder = launch_training(ours())
    dataset = Forecaster.load(folder).dataset()
    index = pd.DatetimeIndex(dataset.dates("test").astype("datetime64[ns]"), name="time")
    pd.DataFrame(dataset.values("test"), index, dataset.node_names).to_csv("today.csv")
    command = ["forecast", str(folder), "--data", "today.csv", "--every", "1", "--level", "90", "--adaptive"]
    assert main(command) == 0
    found = pd.read_csv("forecast.csv").dropna()
    inside = 100 * ((found["lo90"] <= found["actual"]) & (found["actual"] <= found["hi90"])).mean()
    (overall,) = [line.split() for line in capsys.readouterr().out.splitlines() if line.split()[:1] == ["overall"]]
    assert float(overall[-1]) == pytest.approx(inside, abs=0.006)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["--plot", "f.png", "--plot-sensor", "s9"], "plot_sensor"),
        (["--html", "f.html", "--coordinates", "nowhere.csv"], "coordinates"),
        (["--output", "f.csv", "--html", "./f.csv"], "html"),
        (["--plot", "f.svg", "--html", "f.svg"], "html"),
    ],
)
def test_nothing_is_written_if_a_picture_or_page_cannot_be(model, capsys, arguments, field):
    before = sorted(Path().iterdir())
    assert refused(capsys, "forecast", "model", "--data", "today.csv", *arguments).startswith(f"error: {field}")
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize("options", [[], ["--wide"], ["--every", "5"]])
def test_an_earlier_table_stays_if_writing_fails(model, capsys, monkeypatch, options):
    Path("f.csv").write_text("time,sensor,forecast\nold,s0,1\n")
    whole = pd.DataFrame.to_csv

    def full(frame, target, *arguments, **fields):
        whole(frame[:1], target, *arguments, **fields)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    before = sorted(Path().iterdir())
    refused(capsys, "forecast", "model", "--data", "today.csv", "--output", "f.csv", *options)
    assert Path("f.csv").read_text() == "time,sensor,forecast\nold,s0,1\n"
    assert sorted(Path().iterdir()) == before

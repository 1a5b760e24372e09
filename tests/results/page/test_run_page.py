"""The page of a run holds the forecasts and errors of its test part."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from refusal import refuses
from results.page.pages import AHEAD, BEFORE, page
from tiny import STEPS, metrics, ours, raw_windows

from basicts_elin.evaluation.naive import naive_metrics
from basicts_elin.results.page.of_run import run_facts, run_page, write_run_page
from basicts_elin.results.pictures.forecast import plot_page_forecast
from basicts_elin.results.pictures.run import PlottedRun
from basicts_elin.training.launch.launcher import launch_training


@pytest.fixture
def run(tiny):
    return PlottedRun.read(launch_training(ours(num_epochs=2)))


def test_the_page_of_a_run(run):
    forecaster, dataset = run.forecaster, run.dataset
    forecaster.calibrate(dataset)
    windows = forecaster.part_windows(dataset, "test")
    found = run_page(dataset, windows, run.record, method=run.model, step=3, forecaster=forecaster, level=80)
    found.check()
    _, targets = raw_windows()
    truth = np.where(targets == 0, np.nan, targets)
    # the test part has fewer windows than a day has steps
    assert_allclose(found.truth, truth[:, 2])
    assert_allclose(found.forecast, windows.prediction[:, 2])
    # everything before the first target that is shown
    values = dataset.values("test")[: STEPS + 2]
    assert_allclose(found.history, np.where(values == 0, np.nan, values))
    assert found.forecast_times[0] - found.history_times[-1] == np.timedelta64(5, "m")
    last = dataset.values("test")[STEPS - 1 : STEPS - 1 + len(windows.rows)]
    assert_allclose(found.others["last value"], np.where(last == 0, np.nan, last))
    bounds = forecaster.window_quantities(windows, 80)
    assert_allclose(found.bands[80], [bounds["lo80"][:, 2], bounds["hi80"][:, 2]])
    assert found.errors.overall == pytest.approx(metrics(run.folder)["overall"]["MAE"], rel=1e-5)
    naive = naive_metrics(dataset, STEPS, STEPS, [5])
    for name, values in found.other_errors.items():
        assert values[4] == pytest.approx(naive[name]["5"]["MAE"])


def test_the_facts_of_a_run(run):
    facts = run_facts(run.record)
    assert facts["model"] == facts["dataset"] == "Tiny"
    assert (facts["sensors"], facts["parameters"], facts["training windows"], facts["seed"]) == ("5", "156", "73", "42")
    assert facts["epochs"].startswith("2 of 2, the best was ")
    assert facts["hardware"].startswith("cpu, ")
    # of a record that says nothing
    assert run_facts({}) == {}


def test_a_picture_of_one_sensor_of_a_page(tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, *_, **__: figures.append(figure))
    given = page(truth=None, others={})
    plot_page_forecast(tmp_path / "f.png", given, "south", "conditions")
    (axes,) = figures[0].axes
    lines = {str(line.get_label()).partition(",")[0]: np.asarray(line.get_ydata(), float) for line in axes.lines}
    past = 4 * AHEAD
    assert_allclose(lines["measured"], [*given.history[BEFORE - past :, 1], *[np.nan] * AHEAD])
    assert_allclose(lines["ELinFormer_small"], [*[np.nan] * past, *given.forecast[:, 1]])
    assert len(axes.collections) == 2
    assert axes.get_xlabel() == "2024-03-31 to 2024-04-01, Europe/Berlin"


def test_another_file_is_refused_before_anything_is_computed(run, tmp_path):
    (tmp_path / "mine.csv").write_text("mine")
    with refuses("--output", found="mine.csv", fix="another name"):
        write_run_page(tmp_path / "mine.csv", run)
    assert (tmp_path / "mine.csv").read_text() == "mine" and run.forecaster.intervals is None

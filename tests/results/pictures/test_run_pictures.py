"""The pictures of a run show the numbers of its files."""

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot
from numpy.testing import assert_allclose
from refusal import refuses
from tiny import DIMS, NODES, STEPS, TinyConfig, metrics, ours, raw_windows, record

from basicts_elin import ELinFormer, ELinFormerConfig
from basicts_elin.cli import main
from basicts_elin.data.dataset import open_dataset
from basicts_elin.evaluation.naive import naive_metrics
from basicts_elin.forecasting.forecaster import Forecaster
from basicts_elin.results.pictures.run import PlottedRun
from basicts_elin.results.pictures.run_errors import plot_run_errors
from basicts_elin.results.pictures.run_forecast import plot_run_forecast
from basicts_elin.results.pictures.run_training import plot_run_training
from basicts_elin.training.launch.launcher import launch_training


@pytest.fixture
def figures(monkeypatch):
    """The figures that are written."""
    kept, save = [], pyplot.Figure.savefig

    def keep(figure, *arguments, **options):
        kept.append(figure)
        save(figure, *arguments, **options)

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", keep)
    return kept


@pytest.fixture
def folder(tiny):
    return launch_training(ours(num_epochs=2, optimizer_params={"lr": 3.0}), save_predictions=True)


def curves(axes):
    """Label -> values of each named line, whatever breaks the line of its name."""
    named = {str(line.get_label()).partition(",\n")[0]: line for line in axes.lines}
    return {name: np.asarray(line.get_ydata(), float) for name, line in named.items() if not name.startswith("_")}


def predictions(folder):
    with np.load(folder / "predictions.npz") as arrays:
        return dict(arrays)


def test_the_forecast_of_the_sensor_with_the_median_error(folder, figures):
    said = plot_run_forecast(Path("f.png"), PlottedRun.read(folder))
    found = predictions(folder)
    truth = np.where(found["mask"], found["target"], np.nan)[:, -1]
    error = np.nanmean(np.abs(found["prediction"][:, -1] - truth), axis=0)
    node = int(np.argsort(error)[NODES // 2])
    upper, lower = figures[0].axes
    drawn = curves(upper)
    assert [*drawn] == ["last value", "Tiny", "measured"]
    assert_allclose(drawn["measured"], truth[:, node])
    assert_allclose(drawn["Tiny"], found["prediction"][:, -1, node])
    assert_allclose(curves(lower)["Tiny"], np.abs(found["prediction"][:, -1, node] - truth[:, node]))
    inputs, _ = raw_windows()
    last = np.where(inputs[1:, -1, node] == 0, np.nan, inputs[1:, -1, node])
    assert_allclose(drawn["last value"][1:], last)
    assert f"sensor {node} (the median error)" in said
    # of the dates of the targets
    x = upper.lines[-1].get_xdata()
    assert {*np.diff(x)} == {np.timedelta64(5, "m")}
    assert upper.get_title(loc="left") == f"Tiny, sensor {node}, forecast 1 h ahead"
    assert "50 windows of the test part, 5 sensors; seed 42; 2 of 2 epochs" in figures[0].get_supxlabel()


def test_without_predictions_they_are_made_again(folder, figures):
    plot_run_forecast(Path("f.png"), PlottedRun.read(folder), sensor="3", horizon=2, days=0.1)
    (folder / "predictions.npz").unlink()
    plot_run_forecast(Path("f.png"), PlottedRun.read(folder), sensor="3", horizon=2, days=0.1)
    first, second = (curves(figure.axes[0]) for figure in figures)
    assert len(first["Tiny"]) == 29
    for name in first:
        assert_allclose(second[name], first[name], rtol=1e-4)


def test_the_band_is_that_of_the_forecaster(folder, figures):
    plot_run_forecast(Path("f.png"), PlottedRun.read(folder), sensor="1", horizon=3, level=80)
    (band,) = figures[0].axes[0].collections
    forecaster = Forecaster.load(folder)
    windows = forecaster.part_windows(open_dataset("datasets/Tiny"), "test")
    bounds = forecaster.window_quantities(windows, 80)
    lower, upper = (bounds[name][:, 2, 1] for name in ("lo80", "hi80"))
    extent = band.get_datalim(figures[0].axes[0].transData)
    assert_allclose([extent.y0, extent.y1], [lower.min(), upper.max()], rtol=1e-5)
    assert any(line.get_label() == "Tiny,\n80 % band" for line in figures[0].axes[0].lines)


def test_the_errors_are_those_of_the_metrics_beside_the_naive_ones(folder, figures):
    plot_run_errors(Path("e.svg"), [PlottedRun.read(folder)])
    (axes,) = figures[0].axes
    drawn = curves(axes)
    assert [*drawn] == ["Tiny", "last value", "historical average"]
    naive = naive_metrics(open_dataset("datasets/Tiny"), STEPS, STEPS)
    for step in (3, 6, 12):
        assert drawn["Tiny"][step - 1] == pytest.approx(metrics(folder)[f"horizon_{step}"]["MAE"], rel=1e-5)
        for name in naive:
            assert drawn[name][step - 1] == pytest.approx(naive[name][str(step)]["MAE"])
    assert [text.get_text() for text in axes.texts] == sorted(drawn, key=lambda name: drawn[name][-1])
    assert_allclose(axes.lines[0].get_xdata(), np.arange(5, 61, 5))


def test_runs_on_other_windows_are_not_compared(folder):
    other = launch_training(ours(input_len=6, model_config=TinyConfig()))
    with refuses("run, input_len", found="6"):
        plot_run_errors(Path("e.png"), [PlottedRun.read(folder), PlottedRun.read(other)])


def test_the_learning_curves_are_those_of_the_record(folder, figures):
    plot_run_training(Path("t.png"), [PlottedRun.read(folder)])
    upper, lower = figures[0].axes
    epochs = record(folder)["epochs"]
    for name in ("validation", "training"):
        part = name.removesuffix("ing")
        assert_allclose(curves(upper)[name], [entry[part]["MAE"] for entry in epochs])
    (ring,) = [line for line in upper.lines if line.get_label() == "_best"]
    best = [entry for entry in epochs if entry["is_best"]][-1]
    assert (ring.get_xdata(), ring.get_ydata()) == ([best["epoch"]], [best["validation"]["MAE"]])
    assert_allclose(lower.lines[0].get_ydata(), [entry["learning_rate"] for entry in epochs])


def test_the_learning_curves_of_several_runs(folder, figures):
    other = launch_training(ours(num_epochs=1, seed=7))
    plot_run_training(Path("t.png"), [PlottedRun.read(folder), PlottedRun.read(other)], "loss")
    names = [f"Tiny, seed {seed}, {part}" for seed in (42, 7) for part in ("validation", "training")]
    assert [*curves(figures[0].axes[0])] == names


def test_a_run_of_an_earlier_version_has_no_learning_curves(folder):
    file = folder / "run.json"
    content = json.loads(file.read_text())
    for entry in content["epochs"]:
        del entry["validation"]
    file.write_text(json.dumps(content))
    with refuses("training", found=folder, fix="--fresh"):
        plot_run_training(Path("t.png"), [PlottedRun.read(folder)])
    assert not Path("t.png").exists()


def test_the_report_of_a_run(folder, capsys):
    pytest.importorskip("plotly")
    assert main(["plot", str(folder), "report", "--horizon", "3", "--level", "80"]) == 0
    assert capsys.readouterr().out.startswith("5 sensors, 50 windows, with a band of 80 %\n")
    assert "forecast 15 minutes ahead" in (folder / "report.html").read_text("utf-8")
    assert main(["plot", str(folder), "report", "--horizon", "13"]) == 2
    assert capsys.readouterr().err.startswith("error: --horizon: 13")


def test_the_command_writes_into_the_folder_of_the_run(folder, capsys):
    for kind in ("forecast", "errors", "training"):
        assert main(["plot", str(folder), kind]) == 0
        assert capsys.readouterr().out.endswith(f"written: {folder / kind}.png\n")
        assert (folder / f"{kind}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["forecast", "--sensor", "nine"], "--sensor"),
        (["forecast", "--horizon", "13"], "--horizon"),
        (["forecast", "--days", "0"], "--days"),
        (["forecast", "--metric", "MAE"], "--metric"),
        (["errors", "--level", "90"], "--level"),
        (["report", "--sensor", "1"], "--sensor"),
        (["training", "--metric", "nothing"], "--metric"),
        (["attention"], "attention"),
        (["attention", "--window", "51"], "--window"),
        (["errors", "-o", "a.pdf"], "--output"),
    ],
)
def test_what_a_run_has_not_is_refused_in_a_line(folder, arguments, said, capsys):
    assert main(["plot", str(folder), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {said}: ") and error.count("\n") == 1


def test_a_folder_that_is_no_run_is_refused(tiny, capsys):
    assert main(["plot", "datasets/Tiny", "errors"]) == 2
    assert capsys.readouterr().err.startswith("error: run: no run.json in datasets/Tiny")


def test_several_runs_have_no_one_forecast(folder, capsys):
    assert main(["plot", str(folder), str(folder), "forecast"]) == 2
    assert capsys.readouterr().err.startswith("error: run: 2 folders")


def test_what_a_sensor_attends_to(tiny, figures, capsys):
    config = ours(ELinFormer, ELinFormerConfig(num_features=NODES, **DIMS))
    folder = launch_training(config)
    assert main(["plot", str(folder), "attention", "--sensor", "2", "--head", "1"]) == 0
    left, right = figures[0].axes
    drawn = curves(left)
    assert [*drawn] == ["uniform weights", "entropy-equal, taylor", "softmax"]
    for values in drawn.values():
        assert values.sum() == pytest.approx(NODES, rel=1e-4)
    assert list(drawn["softmax"]) == sorted(drawn["softmax"], reverse=True)
    assert "2, itself" in [label.get_text() for label in right.get_yticklabels()]
    assert "spatial_layers.0.attention, head 1 of 2" in capsys.readouterr().out
    for arguments, said in ((["--layer", "temporal_layers.0.attention"], "--layer"), (["--head", "3"], "--head")):
        assert main(["plot", str(folder), "attention", *arguments]) == 2
        assert capsys.readouterr().err.startswith(f"error: {said}: ")


def test_a_damaged_file_of_predictions_is_named(folder):
    (folder / "predictions.npz").write_bytes(b"PK damaged")
    with refuses(folder / "predictions.npz", found="cannot be read"):
        plot_run_forecast(Path("f.png"), PlottedRun.read(folder))

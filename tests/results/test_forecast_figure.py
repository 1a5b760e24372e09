import numpy as np
import pytest
from matplotlib import pyplot

from basicts_elin.results.forecast_figure import plot_forecast

ARGUMENTS = {"step": 12, "interval_minutes": 5, "title": "Tiny", "quantity": "vehicles"}


@pytest.mark.parametrize("missing", [False, True])
def test_a_picture_is_a_png(tmp_path, missing):
    truth = 100 + 50 * np.sin(np.arange(400) / 40)
    if missing:
        truth[50:80] = np.nan
    path = tmp_path / "forecast.png"
    plot_forecast(path, {"M": truth + 5, "last value": np.roll(truth, 12)}, truth, node=3, **ARGUMENTS)
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert content.rstrip().endswith(b"IEND\xaeB`\x82")
    assert len(content) > 10_000
    assert not pyplot.get_fignums()


def test_a_picture_shows_the_forecasts(tmp_path):
    truth = np.full(100, 100.0)
    pictures = []
    for name, forecast in (("a.png", truth + 20), ("b.png", truth - 60)):
        plot_forecast(tmp_path / name, {"M": forecast}, truth, node=0, **ARGUMENTS)
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0] != pictures[1]


def test_every_forecast_is_drawn_with_its_error_below(tmp_path, monkeypatch):
    drawn = []

    def keep(figure, *arguments, **options):
        drawn.extend({line.get_label(): line.get_ydata() for line in axes.lines} for axes in figure.axes)

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", keep)
    truth = np.array([10.0, np.nan, 30.0])
    forecasts = {"M": np.array([12.0, 5.0, 30.0]), "last value": np.zeros(3), "historical average": np.ones(3)}
    plot_forecast(tmp_path / "x.png", forecasts, truth, node=0, **ARGUMENTS)
    upper, lower = drawn
    assert list(upper) == ["truth", *forecasts]
    assert list(lower) == list(forecasts)
    np.testing.assert_array_equal(upper["truth"], truth)
    np.testing.assert_array_equal(upper["M"], forecasts["M"])
    np.testing.assert_array_equal(lower["M"], [2, np.nan, 0])
    np.testing.assert_array_equal(lower["last value"], [10, np.nan, 30])

import numpy as np
import pytest
from matplotlib import font_manager, pyplot

from basicts_elin.data.prepare.summary.plot import plot_quality
from basicts_elin.data.prepare.summary.plot_texts import date_ticks, fonts, sensor_labels
from basicts_elin.data.prepare.summary.profiles import daily_profiles, histogram, missing_shares
from basicts_elin.data.prepare.summary.report import quality_report
from basicts_elin.data.times.timeline import Timeline

ROWS = 14 * 24
START = np.datetime64("2024-01-01T00:00")
DATED = Timeline(START, ROWS, 60)
NAN = np.nan


@pytest.fixture
def values():
    return np.random.default_rng(0).uniform(10, 20, (ROWS, 6)).astype(np.float32)


@pytest.fixture
def drawn(monkeypatch):
    """The panels of the picture that is written next."""
    panels = []
    savefig = "matplotlib.figure.Figure.savefig"
    monkeypatch.setattr(savefig, lambda figure, *arguments, **options: panels.extend(figure.axes))
    return panels


def draw(path, values, timeline=DATED, names=None, null_value=NAN, **how):
    plot_quality(quality_report(values, timeline, names, null_value=null_value, **how), values, timeline, names, path)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("timeline", [DATED, Timeline(None, ROWS, 60), Timeline(START, ROWS, 1440)])
def test_a_picture_is_a_png(tmp_path, values, timeline):
    values[:, 0], values[:, 1], values[200:, 2] = NAN, 5, 0
    names = ["a$b$", "北京路", "", "Köln-Süd" * 9, "x\ny", "🚲"]
    draw(tmp_path / "quality.png", values, timeline, names)
    content = (tmp_path / "quality.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n") and content.rstrip().endswith(b"IEND\xaeB`\x82")
    assert len(content) > 10_000
    assert not pyplot.get_fignums()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", [np.zeros((ROWS, 1), np.float32), np.full((ROWS, 2), 1, np.float32)])
@pytest.mark.parametrize("null_value", [NAN, 0.0])
def test_a_series_of_one_value_or_none_is_drawn(tmp_path, values, null_value):
    draw(tmp_path / "quality.png", values, null_value=null_value)
    assert (tmp_path / "quality.png").stat().st_size > 10_000


def test_the_panels_show_the_series(tmp_path, values, drawn):
    values[100:150, 1] = NAN
    values[200:, 2] = 0
    values[0, 3] = 9999
    draw(tmp_path / "x.png", values, unit="mph")
    upper, days, distribution = (axes for axes in drawn if axes.get_label() != "<colorbar>")
    np.testing.assert_array_equal(upper.images[0].get_array(), np.isnan(values).T)
    assert [text.get_text() for text in upper.get_yticklabels()] == ["0", "1", "2", "3", "4", "5"]
    # the sensor that shows only 0
    (dead,) = upper.collections
    np.testing.assert_array_equal(dead.get_segments(), [[[200, 2.5], [ROWS, 2.5]]])
    assert upper.get_xlabel() == "date"

    working, weekend = days.lines
    assert (working.get_label(), weekend.get_label()) == ("Monday to Friday", "Saturday and Sunday")
    profile = np.nanmean(values.reshape(2, 7, 24, 6)[:, :5], axis=(0, 1))
    np.testing.assert_allclose(working.get_ydata(), np.median(profile, axis=1), rtol=1e-5)
    assert days.get_ylabel() == distribution.get_xlabel() == "mph"

    counts, edges, _ = distribution.patches[0].get_data()
    assert counts.sum() == np.count_nonzero(~np.isnan(values)) and edges[-1] < 100
    assert "9999" in distribution.texts[0].get_text()


def test_many_sensors_are_drawn_by_a_part_of_them(tmp_path, values, drawn, monkeypatch):
    monkeypatch.setattr("basicts_elin.data.prepare.summary.plot._ENOUGH_SENSORS", 3)
    draw(tmp_path / "x.png", values)
    upper, days, distribution = (axes for axes in drawn if axes.get_label() != "<colorbar>")
    assert upper.images[0].get_array().shape[0] == 6
    assert distribution.patches[0].get_data()[0].sum() == ROWS * 3
    assert all("one sensor in 2" in axes.get_title("left") for axes in (days, distribution))


def test_missing_shares_are_those_of_rectangles():
    values = np.zeros((100, 10), np.float32)
    values[:25, 0], values[99, 9] = NAN, NAN
    shares = missing_shares(values, NAN, most_rows=4, most_sensors=5)
    expected = np.isnan(values).T.reshape(5, 2, 4, 25).mean(axis=(1, 3))
    np.testing.assert_allclose(shares, expected)
    np.testing.assert_array_equal(missing_shares(values, NAN, 1000, 1000), np.isnan(values).T)


def test_parts_of_unequal_sizes_have_shares_too():
    values = np.full((7, 5), NAN, np.float32)
    np.testing.assert_array_equal(missing_shares(values, NAN, 3, 2), np.ones((2, 3)))


def test_a_mean_day_of_working_days_and_weekends(values):
    values[8::24, 0] = NAN
    profiles = daily_profiles(values, DATED, NAN)
    days = values.reshape(2, 7, 24, 6).astype(np.float64)
    with np.errstate(invalid="ignore"), pytest.warns(RuntimeWarning):
        expected = np.nanmean(days[:, 5:], axis=(0, 1)).T
    np.testing.assert_allclose(profiles["Saturday and Sunday"], expected)
    assert np.isnan(profiles["Monday to Friday"][0, 8])


def test_without_dates_there_are_no_weekends(values):
    profiles = daily_profiles(values, Timeline(None, ROWS, 60), NAN)
    np.testing.assert_allclose(profiles["all days"], values.reshape(14, 24, 6).mean(axis=0).T, rtol=1e-6)
    assert len(profiles) == 1


def test_what_is_outside_counts_to_the_outermost_bars():
    values = np.array([[-100, 0.5], [1.5, 1000], [NAN, 1.2]], np.float32)
    np.testing.assert_array_equal(histogram(values, NAN, np.array([0.0, 1, 2])), [2, 3])


@pytest.mark.parametrize(
    ("minutes", "rows", "first", "texts"),
    [
        (5, 72, START, [f"2024-01-01 {hour:02d}:00" for hour in range(6)]),
        (60, 14 * 24, START, ["2024-01-01", "2024-01-08"]),
        (60, 7 * 24, START, [f"2024-01-0{day}" for day in range(1, 8)]),
        (60, 366 * 24, START, [f"2024-{month:02d}" for month in range(1, 13)]),
        (
            1440,
            1096,
            START,
            [f"{year}-{month}" for year in (2024, 2025, 2026) for month in ("01", "04", "07", "10")],
        ),
        # the first month has two days
        (60, 92 * 24, START - np.timedelta64(2 * 1440, "m"), ["2024-01", "2024-02", "2024-03"]),
    ],
)
def test_ticks_are_where_periods_begin(minutes, rows, first, texts):
    dates = Timeline(first, rows, minutes).dates()
    ticks, found = date_ticks(dates)
    assert found == texts
    assert [str(dates[row]).replace("T", " ")[: len(texts[0])] for row in ticks] == texts


def test_names_that_no_font_has_are_numbers(monkeypatch):
    one = [font for font in font_manager.fontManager.ttflist if font.name == "DejaVu Sans"]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", one)
    _, drawable = fonts()
    names = ["Łódź", "北京路", "Αθήνα", "a" * 30]
    assert sensor_labels(names, 4, drawable) == ["Łódź", "no. 1", "Αθήνα", "a" * 19 + "…"]
    assert sensor_labels(None, 2, drawable) == ["0", "1"]

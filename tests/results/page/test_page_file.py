import builtins

import numpy as np
import pytest
from refusal import refuses
from results.page.pages import AHEAD, SENSORS, page

from basicts_elin.results.page import write_page

pytest.importorskip("plotly")


def test_a_page_replaces_a_page_and_nothing_else(tmp_path):
    path = tmp_path / "report.html"
    write_page(path, page())
    write_page(path, page(title="Another"))
    assert b"<title>Another</title>" in path.read_bytes()
    path.write_text("<html>mine</html>")
    with refuses("--html", found=path):
        write_page(path, page())
    assert path.read_text() == "<html>mine</html>"
    with refuses("--html", found="a folder"):
        write_page(tmp_path, page())
    with refuses("--html", found=tmp_path / "absent"):
        write_page(tmp_path / "absent" / "report.html", page())


def test_a_page_loads_nothing(tmp_path):
    write_page(tmp_path / "report.html", page())
    text = (tmp_path / "report.html").read_text("utf-8")
    head = text[: text.index("<style>")]
    assert "default-src 'none'" in head
    assert "<link" not in text[: text.index("<script")] and "<script src" not in text


def test_two_thousand_sensors_make_a_page_that_can_be_mailed(tmp_path):
    sensors, hours = 2000, 576
    generator = np.random.default_rng(0)
    times = np.datetime64("2024-01-01", "m") + 5 * np.arange(hours + AHEAD)
    values = generator.normal(200, 50, (len(times), sensors))
    ahead = values[hours:]
    fields = {"sensors": [f"s{number}" for number in range(sensors)], "errors": None, "other_errors": {}}
    arrays = {"history": values[:hours], "forecast": ahead, "truth": ahead, "bands": {90: (ahead - 9, ahead + 9)}}
    dates = {"history_times": times[:hours], "forecast_times": times[hours:], "latitude": None, "longitude": None}
    path = tmp_path / "report.html"
    write_page(path, page(**fields, **arrays, **dates, others={}))
    assert path.stat().st_size < 10e6


@pytest.mark.parametrize(
    ("changes", "field", "found", "expected"),
    [
        ({"sensors": ("a", "b", "a", "c", "d", "e")}, "sensors", "5", "once"),
        ({"forecast": np.zeros((AHEAD, 5))}, "forecast", [AHEAD, 5], [AHEAD, len(SENSORS)]),
        ({"truth": np.zeros((1, 6))}, "truth", [1, 6], [AHEAD, 6]),
        ({"bands": {90: (np.zeros((AHEAD, 6)), np.zeros(6))}}, "upper bound of 90 %", [6], [AHEAD, 6]),
        ({"longitude": None}, "latitude", "one", "both"),
        ({"latitude": np.zeros(5)}, "latitude", [5], [6]),
    ],
)
def test_fields_that_do_not_fit_are_named(tmp_path, changes, field, found, expected):
    with refuses(field, found=found, expected=expected):
        write_page(tmp_path / "report.html", page(**changes))
    assert not any(tmp_path.iterdir())


def test_without_plotly_the_extra_is_named(tmp_path, monkeypatch):
    load = builtins.__import__

    def refuse(name, *arguments, **options):
        if name.startswith("plotly"):
            raise ImportError(name)
        return load(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with refuses("--html", fix="pip install 'basicts-elin[html]'"):
        write_page(tmp_path / "report.html", page())
    assert not any(tmp_path.iterdir())

"""What a person sees of the page, in a browser. The scripts of the page have run."""

import numpy as np
import pytest
from results.page.browser import run_in_page
from results.page.pages import BEFORE, HARMFUL, SENSORS, page

from basicts_elin.results.page import write_page

pytest.importorskip("plotly")

_SEEN = """
const text = (selector) => [...document.querySelectorAll(selector)].map((element) => element.textContent);
const curves = (id) => Object.fromEntries(document.getElementById(id).data.map((one) => [one.name, one.y]));
const seen = () => ({
  sensor: document.getElementById("sensor").value, name: text("#name")[0], rank: text("#rank")[0],
  title: text("h1")[0], worst: text("#worst tr td:nth-child(2)"), chosen: text("#worst tr.chosen td:nth-child(2)"),
  forecast: curves("forecast"), horizon: curves("horizon"), names: text("#forecast .annotation-text"),
  facts: text(".facts dt"), points: document.getElementById("map").data[0].x.length,
  wide: document.documentElement.scrollWidth, narrow: document.documentElement.clientWidth,
  key: text("#forecast").length && [...document.getElementById("forecast").previousElementSibling.children].length,
  harmed: document.body.dataset.harmed || "", made: document.querySelectorAll("section img, section b, h1 i").length,
});
"""
_CHOOSE = """
const input = document.getElementById("sensor");
input.focus();
input.value = "öst";
input.dispatchEvent(new Event("input"));
const matches = text("#matches [role=option] span:first-child");
input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_page(path, page())
    return path


@pytest.fixture(scope="module")
def opened(file):
    """As the page opens, and after a sensor was chosen by a part of its name."""
    script = f"{_SEEN} const first = seen(); {_CHOOSE} return [first, matches, seen()];"
    found, console = run_in_page(file, script)
    return *found, console


def test_the_page_opens_with_the_sensor_of_the_median_error(opened):
    first, *_ = opened
    # the errors of the five that were measured: 1, 9, 2, 3, 4
    assert (first["sensor"], first["name"]) == (SENSORS[4], f"Sensor {SENSORS[4]}")
    assert first["rank"] == "MAE 3.00 (all sensors 3.80), rank 3 of 5 (1 is best)"
    assert first["title"] == "City <i>forecast</i>"


def test_the_worst_sensors_come_first(opened):
    first, *_ = opened
    assert first["worst"] == [SENSORS[place] for place in (2, 5, 4, 3, 1)]
    assert first["chosen"] == [SENSORS[4]]


def test_a_sensor_is_found_by_a_part_of_its_name(opened):
    _, matches, then, _ = opened
    assert matches == [SENSORS[5]]
    assert (then["sensor"], then["name"]) == (SENSORS[5], f"Sensor {SENSORS[5]}")
    assert then["chosen"] == [SENSORS[5]]


def test_the_curves_are_the_numbers_of_the_page(opened):
    _, _, then, _ = opened
    given, place = page(), 5
    found = then["forecast"]
    measured = np.concatenate([given.history, given.truth])[:, place]
    np.testing.assert_allclose(np.array(found["measured"], float), measured, rtol=2e-4)
    np.testing.assert_allclose(found["ELinFormer_small, forecast"], given.forecast[:, place], rtol=2e-4)
    np.testing.assert_allclose(found["last value"], given.history[-1, place], rtol=2e-4)
    np.testing.assert_allclose(found["90 % band"], given.bands[90][1][:, place], rtol=2e-4)
    np.testing.assert_allclose(then["horizon"]["this sensor"], [4] * 6, rtol=2e-4)
    np.testing.assert_allclose(then["horizon"]["last value, all"], [4, 5, 6, 7, 8, 9])
    assert then["points"] == len(SENSORS)


def test_the_names_stand_at_the_curves(opened):
    first, *_ = opened
    assert sorted(first["names"]) == ["ELinFormer_small, forecast", "last value", "measured"]


def test_harmful_names_are_text(opened):
    first, _, _, console = opened
    assert {*HARMFUL} < {*first["worst"]}
    assert (first["harmed"], first["made"]) == ("", 0)
    assert first["facts"] == ["model", "<u>seed</u>"]
    assert console == ""


def test_a_phone_needs_no_horizontal_scrolling(file):
    found, console = run_in_page(file, f"{_SEEN} return seen();", width=390)
    assert found["narrow"] == found["wide"] == 390
    # the names are in a line above the chart
    assert (found["names"], found["key"]) == ([], 5)
    assert console == ""


def test_gaps_and_a_page_of_the_forecast_alone(tmp_path):
    names = ("others", "other_errors", "bands", "facts")
    bare = {**dict.fromkeys(names, {}), **dict.fromkeys(("truth", "errors", "latitude", "longitude"))}
    undated = {name: np.full(length, np.datetime64("NaT", "m")) for name, length in
               (("history_times", BEFORE), ("forecast_times", 6))}  # fmt: skip
    write_page(tmp_path / "report.html", page(**bare, **undated))
    script = """const [measured, forecast] = document.getElementById("forecast").data;
    return [document.getElementById("name").textContent, measured.y, measured.x, forecast.x];"""
    found, console = run_in_page(tmp_path / "report.html", script, anchor="#south")
    name, measured, before, ahead = found
    assert (name, console) == ("Sensor south", "")
    assert [place for place, value in enumerate(measured) if value is None] == [5, 6, 7, 8]
    assert (before[-1], ahead) == (0, [1, 2, 3, 4, 5, 6])

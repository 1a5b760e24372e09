"""The figures of a run's intervals, and their table."""

import json
import re

import numpy as np
import pytest
from forecasting.intervals.synthetic import forecasts

from basicts_elin.forecasting.intervals import Intervals
from basicts_elin.forecasting.intervals.coverage import coverage
from basicts_elin.forecasting.intervals.report import drift_line, measure, table, worst_hour


@pytest.fixture(scope="module")
def case():
    return Intervals.fit(forecasts()), forecasts(windows=200, seed=1, spread=lambda p, m: 1.5)


@pytest.fixture(scope="module")
def found(case):
    return measure(*case, [90, 80, 80], adaptive=True)


def test_the_figures_are_those_of_coverage(case, found):
    intervals, windows = case
    assert list(found["levels"]) == ["80", "90"]
    bounds = intervals.bounds(windows.prediction, windows.minutes, 90)
    assert found["levels"]["90"]["static"] == coverage(windows, *bounds, 90, scores=True)
    assert found["mae"] == pytest.approx(np.abs(windows.target - windows.prediction).mean())
    assert found["crps"] < found["mae"]
    assert json.loads(json.dumps(found)) == found


def test_adaptive_intervals_are_nearer_to_the_level(found):
    for level, entry in found["levels"].items():
        away = {kind: abs(entry[kind]["overall"]["coverage"] - float(level)) for kind in ("static", "adaptive")}
        assert away["adaptive"] < away["static"]


def test_bounds_are_clipped(case):
    intervals, windows = case
    high = measure(intervals, windows, [80], clip=lambda bound: np.maximum(bound, 1e6))
    assert high["levels"]["80"]["static"]["overall"]["width"] == 0


def test_the_table_has_each_figure_in_its_row(found):
    lines = table(found, [1, 3, 12]).splitlines()
    for level, entry in found["levels"].items():
        start = next(number for number, line in enumerate(lines) if line.startswith(f"{level} %"))
        rows = {line[:24].strip(): [float(cell) for cell in line[24:].split()] for line in lines[start + 1 : start + 6]}
        hour = worst_hour(entry["static"])
        assert list(rows) == ["overall", "step 1", "step 3", "worst tenth of sensors", f"worst hour, {int(hour):02}:00"]
        expected = [entry[kind]["horizons"]["3"] for kind in ("static", "adaptive")]
        assert rows["step 3"] == pytest.approx([value for one in expected for value in one.values()], abs=0.006)
        assert rows["overall"][0] == pytest.approx(entry["static"]["overall"]["coverage"], abs=0.006)
        assert len({len(line) for line in lines[start : start + 6]}) == 1


def test_the_drift_in_points():
    entry = {"static": {"overall": {"coverage": 85.0}}, "validation": [89.0, 90.0, 94.0]}
    assert re.findall(r"[-+]?\d+\.\d", drift_line(entry)) == ["91.0", "89.0", "94.0", "85.0", "-6.0"]
    assert not re.search(r"\d", drift_line({**entry, "validation": []}))


def test_nothing_measured(case):
    windows = forecasts(windows=30)
    windows.target[:] = np.nan
    found = measure(case[0], windows, [80])
    assert found["mae"] is None and found["crps"] is None
    assert "overall" in table(found, [1]) and "-" in table(found, [1])

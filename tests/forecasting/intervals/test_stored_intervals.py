"""Intervals come back from their file as they were, or not at all."""

import json

import numpy as np
import pytest
from forecasting.intervals.synthetic import forecasts
from refusal import refuses

from basicts_elin.forecasting.intervals import Intervals
from basicts_elin.forecasting.intervals.scales import SCALINGS, Scale
from basicts_elin.forecasting.intervals.stored import restore, save

SOURCE = {"checkpoint": "ab", "data": "cd"}


@pytest.fixture(scope="module")
def intervals():
    return Intervals.fit(forecasts())


def test_the_same_bounds(intervals, tmp_path):
    save(tmp_path, intervals, SOURCE)
    windows = forecasts(windows=9, seed=1)
    for found in (restore(tmp_path, SOURCE), restore(tmp_path)):
        assert found.facts() == intervals.facts()
        for one, other in zip(
            found.bounds(windows.prediction, windows.minutes, 90),
            intervals.bounds(windows.prediction, windows.minutes, 90),
            strict=True,
        ):
            assert (one == other).all()
        assert (found.validation_coverage(80) == intervals.validation_coverage(80)).all()


@pytest.mark.parametrize("name", SCALINGS)
def test_every_scaling_by_facts_and_arrays(intervals, name):
    windows = forecasts(windows=50)
    scale = Scale.fit(name, windows, np.abs(windows.target - windows.prediction))
    one = Intervals(**{**vars(intervals), "scale": scale})
    other = Intervals.restored(json.loads(json.dumps(one.facts())), one.arrays())
    bounds = [each.half_width(windows.prediction, windows.minutes, 80) for each in (one, other)]
    assert (bounds[0] == bounds[1]).all()


def test_none_or_of_another_source_or_format(intervals, tmp_path, monkeypatch):
    assert restore(tmp_path, SOURCE) is None
    save(tmp_path, intervals, SOURCE)
    assert restore(tmp_path, {**SOURCE, "checkpoint": "other"}) is None
    monkeypatch.setattr("basicts_elin.forecasting.intervals.stored._FORMAT", "1")
    assert restore(tmp_path, SOURCE) is None


@pytest.mark.parametrize("content", [b"", b"garbage" * 10])
def test_a_damaged_file(tmp_path, content):
    (tmp_path / "intervals.safetensors").write_bytes(content)
    with refuses(tmp_path / "intervals.safetensors", found="cannot be read", fix="calibrate again"):
        restore(tmp_path, SOURCE)


def test_a_file_of_another_program(tmp_path):
    from safetensors.numpy import save_file

    save_file({"weights": np.ones(3)}, tmp_path / "intervals.safetensors")
    with refuses(tmp_path / "intervals.safetensors", found="cannot be read"):
        restore(tmp_path, SOURCE)


def test_the_file_is_small_for_many_sensors():
    """8,600 sensors, 12 steps: under 2 MB."""
    windows = forecasts(windows=30, steps=12, sensors=8600)
    scale = Scale.fit("sensor_hour_level", windows, np.abs(windows.target - windows.prediction))
    assert sum(table.nbytes for table in scale.tables.values()) < 2e6

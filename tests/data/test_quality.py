import numpy as np
import pytest

from basicts_elin.cli import main
from basicts_elin.data.quality import quality_warnings

ROWS = np.arange(1, 13, dtype=np.float32)[:, None] * np.ones(4, np.float32)


def test_a_sound_series_has_none():
    assert quality_warnings([ROWS, ROWS[:3]], 0.0) == []


def test_constant_sensors_are_named():
    stuck = ROWS.copy()
    # what is missing does not make it vary
    stuck[:, 2], stuck[3, 2] = 7, 0
    (line,) = quality_warnings([stuck, stuck[:5]], 0.0)
    assert line == "warning: 1 of 4 sensors are constant (2); each has measured only one value"
    # in each part, and yet not in all
    assert quality_warnings([stuck, stuck + 1], 0.0) == []


def test_sensors_that_hardly_measure_are_named():
    gaps = ROWS.copy()
    gaps[:7, [0, 3]] = 0
    gaps[:6, 1] = 0
    (line,) = quality_warnings([gaps[:5], gaps[5:]], 0.0, ["a", "b", "c", "d"])
    assert line == (
        "warning: 2 of 4 sensors miss more than 50 % of their values (a, d); 41.7 % of all values are missing"
    )


def test_a_sensor_that_never_measured_is_missing_and_not_constant():
    dead = ROWS.copy()
    dead[:, 1] = 0
    assert [line.split(" (")[0] for line in quality_warnings([dead], 0.0)] == [
        "warning: 1 of 4 sensors miss more than 50 % of their values"
    ]


def test_nan_may_stand_for_what_is_missing():
    gaps = ROWS.copy()
    gaps[:7, 0] = np.nan
    (line,) = quality_warnings([gaps], np.nan)
    assert "1 of 4 sensors miss" in line and "14.6 % of all" in line


def test_only_the_first_are_named():
    (line,) = quality_warnings([np.ones((3, 9), np.float32)], 0.0)
    assert "9 of 9 sensors are constant (0, 1, 2, 3, 4, ...)" in line


@pytest.mark.parametrize("stuck", [True, False])
def test_so_does_train(tiny, capsys, stuck):
    from tiny import NAME

    for part in ("train", "val", "test") if stuck else ():
        file = tiny / "datasets" / NAME / f"{part}_data.npy"
        values = np.load(file)
        values[:, 3] = 7
        np.save(file, values)
    (tiny / "config.py").write_text(
        "from basicts_elin.training.protocol.recipe import benchmark_config\nfrom tiny import Tiny, TinyConfig\n"
        'CFG = benchmark_config(Tiny, TinyConfig(), "Tiny", num_epochs=1)\n'
    )
    assert main(["train", "-c", "config.py", "-g", "cpu"]) == 0
    assert capsys.readouterr().out.count("warning: 1 of 5 sensors are constant (3); ") == stuck

"""Warnings of marks that may be values, values that may be marks, and targets that carry MAPE."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tiny import NAME, PARTS, rewrite_meta

from basicts_elin.cli import main
from basicts_elin.data import quality
from basicts_elin.data.marker_warnings import mape_warning, marker_warnings
from basicts_elin.data.quality import missing_share, observed
from basicts_elin.evaluation.numpy_metrics import masked_metrics

NAN = np.nan
GENERATOR = np.random.default_rng(0)
FLOW = GENERATOR.uniform(20, 80, (200, 4)).astype(np.float32)
DEGREES = GENERATOR.integers(-5, 20, (200, 4)).astype(np.float32)


def replaced(rows, columns, value, values=FLOW):
    """A copy with another value in a share of the rows of some columns."""
    values = values.copy()
    values[: int(rows * len(values)), columns] = value
    return values


def halves(values):
    return [values[:50], values[50:]]


@pytest.mark.parametrize(("values", "marker"), [(FLOW, 0.0), (FLOW, NAN), (DEGREES, NAN), (replaced(0.02, 1, 0), 0.0)])
def test_a_sound_series_has_none(values, marker):
    assert marker_warnings(halves(values), marker) == []


def test_a_marker_between_the_values():
    (line,) = marker_warnings(halves(DEGREES), 0.0)
    zeros, below = (DEGREES == 0).sum(), 100 * (DEGREES < 0).sum() / (DEGREES != 0).sum()
    assert f"(-5 to 19, {below:.3g} % below): {zeros} values" in line and line.endswith("--set null_val=nan")
    (line,) = marker_warnings(halves(DEGREES), 0.0, fix="--missing nan")
    assert line.endswith("--missing nan")


def test_a_marker_that_no_value_has_hides_nothing():
    assert marker_warnings([np.where(DEGREES == 0, 1, DEGREES)], 0.0) == []


def test_a_marker_that_fills_a_sensor():
    (line,) = marker_warnings(halves(replaced(0.1, [1, 3], -1)), -1.0, ["a", "b", "c", "d"])
    assert "-1 marks" in line and "2 of 4 sensors (b, d), 10 % at most" in line


def test_values_too_close_to_the_marker():
    values = FLOW.copy()
    values[3, 2], values[150, 1], values[4, 2] = 4e-5, -1e-5, 1e-3
    (line,) = marker_warnings(halves(values), 0.0)
    assert "2 values are not 0" in line and ("4e-05" in line or "-1e-05" in line)


def test_zeros_that_look_like_a_mark():
    (line,) = marker_warnings(halves(replaced(0.1, [0, 2], 0)), NAN, ["a", "b", "c", "d"])
    assert "2 of 4 sensors" in line and "(a, c)" in line and "--missing 0" in line


def test_zeros_among_small_values_are_values():
    for most in (3, 50):
        counts = GENERATOR.poisson(np.linspace(0, most, 200)[:, None] * np.ones(4)).astype(np.float32)
        assert (counts == 0).mean() > 0.02
        assert marker_warnings(halves(counts), NAN) == []


@pytest.mark.parametrize("marker", [0.0, NAN])
def test_blocks_change_nothing(marker, monkeypatch):
    values = replaced(0.1, [0, 2], 0, DEGREES)
    values[5, 1] = NAN
    whole = marker_warnings([values], marker), mape_warning(values, marker), missing_share([values], marker)
    monkeypatch.setattr(quality, "_BLOCK", 12)
    assert (marker_warnings(halves(values), marker), mape_warning(values, marker)) == whole[:2]
    assert (
        missing_share(halves(values), marker) == whole[2] == np.mean((values == 0) if marker == 0 else np.isnan(values))
    )


def test_targets_near_zero_that_carry_mape():
    targets = replaced(0.05, slice(None), 0.001)
    line = mape_warning(targets, NAN)
    assert "5 % of them" in line and "100 % of the weight" in line
    # the MAPE of a good forecast
    mape = masked_metrics(targets + 2, targets, observed(targets, NAN))["MAPE"]
    assert mape > 4000 and masked_metrics(FLOW + 2, FLOW, observed(FLOW, NAN))["MAPE"] < 10


@pytest.mark.parametrize("targets", [FLOW, replaced(0.5, 1, 0), replaced(0.9, slice(None), NAN), np.zeros((3, 2))])
def test_targets_that_do_not(targets):
    assert mape_warning(targets, NAN) == ""


@given(arrays(np.float32, (9, 3), elements=st.floats(-9, 9, width=32) | st.just(NAN)), st.sampled_from([0.0, NAN]))
def test_no_series_fails(values, marker):
    assert isinstance(mape_warning(values, marker), str)
    assert all(line.startswith("warning: ") for line in marker_warnings([values], marker))


@pytest.fixture
def small_targets(tiny):
    for part in PARTS:
        file = tiny / "datasets" / NAME / f"{part}_data.npy"
        values = np.load(file)
        values[values == 0] = 0.001
        np.save(file, values)
    rewrite_meta(tiny, regular_settings={"null_val": NAN})
    return tiny


def test_the_commands_say_it_where_a_mape_is_printed(small_targets, capsys):
    assert main(["train", "-c", f"DLinear/{NAME}", "-g", "cpu", "--set", "num_epochs=1"]) == 0
    assert "warning: MAPE is carried" in capsys.readouterr().out
    (folder,) = small_targets.glob("checkpoints/DLinear/*/*")
    assert json.loads((folder / "test_metrics.json").read_text())["overall"]["MAPE"] > 10
    checkpoint = folder / "DLinear_best_val_MAE.pt"
    assert main(["evaluate", "-c", f"DLinear/{NAME}", "-g", "cpu", "-ckpt", str(checkpoint)]) == 0
    assert "warning: MAPE is carried" in capsys.readouterr().out
    assert main(["report", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{NAME}: warning: MAPE is carried")
    assert main(["train", "-c", f"DLinear/{NAME}", "-g", "cpu", "--set", "num_epochs=1", "metrics=['MAE']"]) == 0
    assert "MAPE" not in capsys.readouterr().out


def test_train_says_what_a_marker_may_hide(tiny, capsys):
    assert main(["train", "-c", f"DLinear/{NAME}", "-g", "cpu", "--set", "num_epochs=1"]) == 0
    assert "warning: 0 marks a missing value, and fills more than 2 %" in capsys.readouterr().out

"""What a model sees in place of a missing input, by each rule, and that it is never NaN."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from refusal import refuses
from tiny import NAME, Tiny, TinyConfig, bare, metrics, ours, raw_windows, rewrite_meta

from basicts_elin.config.overrides import with_overrides
from basicts_elin.config.own_fields import MISSING_INPUTS, missing_inputs_of
from basicts_elin.training.launch.config_checks import check_config
from basicts_elin.training.launch.launcher import best_checkpoint, launch_evaluation, launch_training
from basicts_elin.training.protocol.missing_inputs import carried_forward, missing_inputs_line, scaled_without_gaps

NAN = float("nan")


@pytest.fixture
def with_nan(tiny):
    """Tiny, whose missing values are NaN; the first window has a sensor without any value."""
    for part in ("train", "val", "test"):
        file = tiny / "datasets" / NAME / f"{part}_data.npy"
        values = np.load(file)
        values[values == 0] = np.nan
        values[:15, 2] = np.nan
        np.save(file, values)
    rewrite_meta(tiny, regular_settings={"null_val": NAN})
    return tiny


def seen(values, marker, rule):
    """What a model sees of one sensor, brought back to the original scale, where 0 is the mean of 50."""
    values = torch.tensor(values).reshape(1, -1, 1)
    measured = ~values.isnan() if np.isnan(marker) else values != marker
    rule = missing_inputs_of(ours(null_val=marker, missing_inputs=rule))
    scaled = scaled_without_gaps(
        values, measured, lambda given: (given - 50) / 10, rule=rule, null_val=marker, null_to_num=0.0
    )
    return (scaled * 10 + 50).flatten().tolist()


@pytest.mark.parametrize(
    ("marker", "rule", "expected"),
    [
        (0.0, None, [0, 70, 0, 0, 20]),
        (0.0, "zero", [0, 70, 0, 0, 20]),
        (-1.0, "zero", [-1, 70, -1, -1, 20]),
        (NAN, "zero", [0, 70, 0, 0, 20]),
        (NAN, None, [50, 70, 50, 50, 20]),
        (0.0, "mean", [50, 70, 50, 50, 20]),
        (NAN, "mean", [50, 70, 50, 50, 20]),
        (-1.0, "last", [50, 70, 70, 70, 20]),
        (NAN, "last", [50, 70, 70, 70, 20]),
    ],
)
def test_a_missing_input_is_what_the_rule_says(workplace, marker, rule, expected):
    values = [marker, 70.0, marker, marker, 20.0]
    assert seen(values, marker, rule) == pytest.approx(expected, abs=1e-4)


@given(arrays(np.float32, (2, 7, 3), elements=st.one_of(st.just(NAN), st.floats(-9, 9, width=32))))
def test_carried_forward_is_the_loop_over_steps(values):
    carried, known = (
        array.numpy() for array in carried_forward(*(torch.tensor(x) for x in (values, ~np.isnan(values))))
    )
    last = np.full((2, 3), np.nan, np.float32)
    for step in range(7):
        last = np.where(np.isnan(values[:, step]), last, values[:, step])
        assert (known[:, step] == ~np.isnan(last)).all()
        assert (carried[:, step] == last)[known[:, step]].all()


def test_the_default_said_aloud_is_the_same_run(tiny):
    assert ours(missing_inputs="zero").md5 == ours().md5 != ours(missing_inputs="last").md5
    assert ours(missing_inputs="mean", null_val=NAN).md5 == ours(null_val=NAN).md5
    assert with_overrides(ours(), {"missing_inputs": "zero"}).md5 == with_overrides(ours(), {}).md5
    changed = with_overrides(ours(), {"missing_inputs": "last"})
    assert changed.missing_inputs == "last" and changed.md5 == ours(missing_inputs="last").md5
    assert with_overrides(changed, {"missing_inputs": "zero"}).md5 == ours().md5


def test_another_word_is_refused(tiny):
    with refuses("missing_inputs", found="'median'", expected=MISSING_INPUTS):
        check_config(ours(missing_inputs="median"))


def test_a_task_flow_that_does_not_read_it_is_named(tiny):
    with refuses("missing_inputs", expected="BasicTSForecastingTaskFlow", fix="OriginalScaleTaskFlow"):
        check_config(ours(missing_inputs="last", taskflow=bare().taskflow))


@pytest.mark.parametrize(
    ("marker", "rule", "expected"),
    [
        (0.0, None, "12 % of the values are missing; a model sees 0, scaled like any value (missing_inputs=zero)"),
        (NAN, None, "12 % of the values are missing; a model sees the mean (missing_inputs=mean)"),
    ],
)
def test_the_line(workplace, marker, rule, expected):
    assert missing_inputs_line(0.12, ours(null_val=marker, missing_inputs=rule)) == expected
    assert not missing_inputs_line(0.0, ours(null_val=marker))


@pytest.mark.parametrize("rule", MISSING_INPUTS)
def test_a_run_says_the_rule_at_its_start(with_nan, capsys, rule):
    launch_training(ours(missing_inputs=rule))
    assert f"(missing_inputs={rule})" in capsys.readouterr().out


class Watching(Tiny):
    """Notes whether all that it was given was finite."""

    finite: list[bool] = []

    def forward(self, inputs, inputs_timestamps, targets, targets_timestamps):
        # outside of training, BasicTS passes uninitialised memory as targets
        given = (inputs, inputs_timestamps, targets_timestamps, *([targets] if self.training else []))
        self.finite.append(all(bool(tensor.isfinite().all()) for tensor in given))
        return super().forward(inputs, inputs_timestamps)


@dataclass
class WatchingConfig(TinyConfig):
    pass


@pytest.mark.parametrize("norm_each_channel", [False, True])
@pytest.mark.parametrize("rule", [None, *MISSING_INPUTS])
def test_a_model_never_sees_nan(with_nan, monkeypatch, rule, norm_each_channel):
    monkeypatch.setattr(Watching, "finite", [])
    config = ours(Watching, WatchingConfig(), missing_inputs=rule, norm_each_channel=norm_each_channel)
    folder = launch_training(config)
    launch_evaluation(config, str(best_checkpoint(config)), with_nan / "evaluated")
    assert len(Watching.finite) > 7 and all(Watching.finite)
    assert metrics(folder)["overall"] == metrics(with_nan / "evaluated")["overall"]
    _, targets = raw_windows()
    assert np.isnan(targets).mean() > 0.1 and np.isfinite(metrics(folder)["overall"]["MAE"])

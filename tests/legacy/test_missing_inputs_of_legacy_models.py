"""What a legacy model sees where values are missing."""

import numpy as np
import pytest
from tiny import NAME, rewrite_meta

from basicts_elin.config.overrides import with_overrides
from basicts_elin.config.own_fields import MISSING_INPUTS
from basicts_elin.legacy.checkout import named_source
from basicts_elin.legacy.translation import legacy_config
from basicts_elin.training.launch.launcher import launch_training


@pytest.fixture
def with_nan(tiny):
    """Tiny, whose missing values are NaN."""
    for part in ("train", "val", "test"):
        file = tiny / "datasets" / NAME / f"{part}_data.npy"
        values = np.load(file)
        values[values == 0] = np.nan
        np.save(file, values)
    rewrite_meta(tiny, regular_settings={"null_val": float("nan")})


@pytest.mark.parametrize("rule", [None, *MISSING_INPUTS])
def test_a_model_never_sees_nan(checkout, with_nan, monkeypatch, rule):
    config = with_overrides(legacy_config(*named_source("Mini", NAME)), {"num_epochs": 1, "missing_inputs": rule})
    built, finite = config.model.__init__, []

    def watched(model, settings):
        built(model, settings)
        pass_on = model.pass_on

        def watching(architecture, batch):
            finite.append(bool(batch.history.isfinite().all() and batch.future.isfinite().all()))
            return pass_on(architecture, batch)

        model.pass_on = watching

    monkeypatch.setattr(config.model, "__init__", watched)
    launch_training(config)
    assert len(finite) > 6 and all(finite)

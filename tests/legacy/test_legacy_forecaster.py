"""Forecasts of legacy models from tables."""

import numpy as np
import pandas as pd
import pytest
from refusal import refuses
from tiny import NAME, STEPS

from basicts_elin import Forecaster
from basicts_elin.data.dataset import open_dataset
from basicts_elin.env_vars import ROOT_VARIABLE
from basicts_elin.legacy.checkout import named_source
from basicts_elin.legacy.translation import legacy_config
from basicts_elin.training.launch.launcher import launch_training


def recent():
    dataset = open_dataset(f"datasets/{NAME}")
    index = pd.DatetimeIndex(dataset.dates("test")[:STEPS].astype("datetime64[ns]"))
    return pd.DataFrame(dataset.values("test")[:STEPS].astype(float), index, dataset.node_names)


@pytest.mark.parametrize("model", ["Mini", "MiniDCRNN", "MiniMTGNN"])
def test_a_legacy_model_forecasts_and_travels(checkout, tmp_path, model):
    folder = launch_training(legacy_config(*named_source(model, NAME)), save_predictions=True)
    with np.load(folder / "predictions.npz") as file:
        expected = file["prediction"][0]
    forecaster = Forecaster.load(folder)
    found = forecaster.predict(recent(), clip=False)
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-4, atol=1e-3)
    loaded = Forecaster.load(forecaster.save(tmp_path / "model"))
    pd.testing.assert_frame_equal(loaded.predict(recent(), clip=False), found)


def test_a_legacy_model_needs_its_checkout(checkout, monkeypatch):
    folder = launch_training(legacy_config(*named_source("Mini", NAME)))
    monkeypatch.delenv(ROOT_VARIABLE)
    with refuses("model_config.checkout", found="no folder", fix=ROOT_VARIABLE):
        Forecaster.load(folder)

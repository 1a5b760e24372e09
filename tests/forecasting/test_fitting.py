"""What `Forecaster.fit` does not take, before anything is written."""

import pandas as pd
import pytest
from refusal import refuses

from basicts_elin import Forecaster


@pytest.mark.parametrize(
    ("option", "value"), [("freq", "15min"), ("out", "elsewhere"), ("name", "City"), ("forse", True)]
)
def test_an_option_of_prepare_that_there_is_not(tmp_path, monkeypatch, option, value):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"a": [1.0]}, pd.date_range("2024-01-01", periods=1))
    with refuses("prepare", found=repr(option), expected="prepare_own", fix=("split", "times", "force")):
        Forecaster.fit(frame, name="City", prepare={option: value})
    assert not list(tmp_path.iterdir())

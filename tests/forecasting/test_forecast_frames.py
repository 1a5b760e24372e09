"""Forecasts as tables: no column is lost."""

import numpy as np
import pandas as pd
import pytest
from refusal import refuses

from basicts_elin.forecasting.tables.frames import long_frame, wide_frame

INDEX = pd.date_range("2024-06-07", periods=2, freq="5min")
QUANTITIES = {"forecast": np.zeros((2, 2)), "lo90": np.ones((2, 2))}


def test_a_wide_table_has_a_column_for_each_quantity():
    found = wide_frame(INDEX, ["a", "time"], QUANTITIES, "")
    assert list(found.columns) == ["a", "a_lo90", "time", "time_lo90"] and found.index.name is None


@pytest.mark.parametrize("sensors", [["a", "a_lo90"], ["time", "a"]])
def test_sensors_with_the_name_of_another_column_are_refused(sensors):
    with refuses("data", found=repr(sensors[0] if sensors[0] == "time" else "a_lo90"), fix="long"):
        wide_frame(INDEX, sensors, QUANTITIES)


def test_a_column_of_the_input_does_not_get_lost():
    with refuses("data", found="'forecast'", fix="rename"):
        long_frame(INDEX, ["a", "b"], QUANTITIES, "time", "forecast")

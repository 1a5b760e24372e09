"""The line of a run that has ended."""

from pathlib import Path

import pytest
from results.runs import result

from basicts_elin.reproduce.command import _outcome


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({"MAE": 1.234, "RMSE": 2.0}, "MAE 1.23, 3 epochs"),
        # nothing was measured but zeros
        ({"MAPE": None, "MAE": 1.0}, "MAE 1.00, 3 epochs"),
        ({"MAPE": None}, "3 epochs"),
    ],
)
def test_a_finished_run_has_its_first_metric(metrics, expected):
    assert _outcome(result("Tiny", metrics={"overall": metrics}, epochs=3), Path("log")) == expected

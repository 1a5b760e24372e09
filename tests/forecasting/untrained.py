"""A forecaster without training, for what does not depend on it."""

import torch

from basicts_elin import Forecaster
from basicts_elin.forecasting.facts import Facts
from basicts_elin.forecasting.network import ScaledNetwork, evaluating
from basicts_elin.forecasting.storage.runs import Parts


class Last(torch.nn.Module):
    """The last input for every step ahead."""

    def __init__(self, config=None):
        super().__init__()
        self.steps = 12
        self.share = torch.nn.Parameter(torch.ones(()))

    def forward(self, inputs):
        return self.share * inputs[:, -1:].expand(-1, self.steps, -1)


def forecaster_of(sensors=3, interval=5, null_val=None, missing_inputs="mean", **facts):
    """A forecaster of sensors s0, s1, ... that repeats the last value."""
    content = {
        "model": "Last",
        "dataset": "Made",
        "node_names": [f"s{number}" for number in range(sensors)],
        "interval_minutes": interval,
        "input_len": 12,
        "output_len": 12,
        "missing_inputs": missing_inputs,
        "null_val": null_val,
        "minute_of_week": 0,
        **facts,
    }
    statistics = {"mean": torch.tensor(10.0), "std": torch.tensor(4.0)}
    null = float("nan") if null_val is None else null_val
    network = evaluating(ScaledNetwork(Last(), statistics, missing_inputs, null))
    description = {"model": {"name": "Last", "module": Last.__module__}, "model_config": {}}
    return Forecaster(Parts(Facts.of(content), network, description, statistics, {}, "0" * 64))

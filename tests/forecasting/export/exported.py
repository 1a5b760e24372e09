"""Forecasters without training whose forecasts depend on every value, for the tests of exports."""

import torch

from basicts_elin import Forecaster
from basicts_elin.forecasting.facts import Facts
from basicts_elin.forecasting.network import ScaledNetwork, evaluating
from basicts_elin.forecasting.storage.runs import Parts
from basicts_elin.zoo.registry import resolve

STEPS = 12
# other sizes than those of the sensors
SIZES = {
    "input_hidden_size": 4,
    "tid_hidden_size": 4,
    "diw_hidden_size": 4,
    "adaptive_hidden_size": 4,
    "intermediate_size": 24,
    "n_heads": 2,
    "num_layers": 1,
}


class Mixing(torch.nn.Module):
    """Linear over steps and sensors; without timestamps."""

    def __init__(self, sensors):
        super().__init__()
        self.steps, self.sensors = torch.nn.Linear(STEPS, STEPS), torch.nn.Linear(sensors, sensors)

    def forward(self, inputs):
        return self.sensors(self.steps(inputs.mT).mT)


class Clocked(Mixing):
    """With all the timestamps."""

    def __init__(self, sensors):
        super().__init__(sensors)
        self.clock = torch.nn.Linear(2, sensors)

    def forward(self, inputs, inputs_timestamps, targets_timestamps):
        times = self.clock(targets_timestamps) * self.clock(inputs_timestamps).sum(dim=1, keepdim=True)
        return super().forward(inputs) + times


class Random(Mixing):
    def forward(self, inputs):
        return super().forward(inputs) + torch.randn_like(inputs)


class Batched(Mixing):
    """Depends on the number of windows."""

    def forward(self, inputs):
        return super().forward(inputs) if len(inputs) == 2 else inputs


def small(name, sensors, **fields):
    """ELinFormer, STAEformer, or one of them with another attention."""
    model, config = resolve(name).load()
    lengths = {"input_len": STEPS, "output_len": STEPS, "num_features": sensors}
    return model(config(**{**SIZES, **lengths, **fields}))


def forecaster_of(model, sensors=5, *, statistics=None, missing_inputs="zero", null_val=0.0, **facts):
    """null_val: None if only NaN is missing."""
    torch.manual_seed(0)
    model = model(sensors) if isinstance(model, type) else model
    content = {
        "model": type(model).__name__,
        "dataset": "Made",
        "node_names": [f"s{number}" for number in range(sensors)],
        "interval_minutes": 5,
        "input_len": STEPS,
        "output_len": STEPS,
        "missing_inputs": missing_inputs,
        "null_val": null_val,
        "unit": "veh/h",
        **facts,
    }
    if statistics is None:
        statistics = {"mean": torch.tensor(200.0), "std": torch.tensor(50.0)}
    network = ScaledNetwork(model, statistics, missing_inputs, float("nan") if null_val is None else null_val)
    return Forecaster(Parts(Facts.of(content), evaluating(network), {}, statistics, {}, "0" * 64))

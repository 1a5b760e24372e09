"""A dataset and models that a run takes a moment with, for the tests of training, results and the commands."""

import copy
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from basicts.configs import BasicTSForecastingConfig, BasicTSModelConfig
from basicts.runners.callback import BasicTSCallback
from easytorch.device import set_device_type
from easytorch.utils.logging import logger_initialized

from basicts_elin import benchmark_config
from basicts_elin.data.catalog import CATALOG, ROW_INDEX, DatasetFacts

NAME, NODES, STEPS = "Tiny", 5, 12
PARTS = ("train", "val", "test")
FACTS = DatasetFacts(NAME, NODES, None, "2024-01-01 00:00", ROW_INDEX, (0.6, 0.2, 0.2), "test", None)

# windows of the parts: 5 training batches of 16, the last of them short; 50 test windows = 7 * 7 + 1 = 32 + 18
WINDOWS = {"train": 73, "val": 20, "test": 50}

# what makes an ELinFormer or STAEformer tiny
DIMS = {
    "input_hidden_size": 4,
    "tid_hidden_size": 4,
    "diw_hidden_size": 4,
    "adaptive_hidden_size": 4,
    "intermediate_size": 8,
    "n_heads": 2,
    "num_layers": 1,
}


@dataclass
class TinyConfig(BasicTSModelConfig):
    input_len: int = field(default=None)
    output_len: int = field(default=None)
    num_features: int = field(default=None)
    bias: bool = field(default=True)


class Tiny(torch.nn.Module):
    """A linear map over time, the same for every node."""

    def __init__(self, config):
        super().__init__()
        self.linear = torch.nn.Linear(config.input_len, config.output_len, bias=config.bias)

    def forward(self, inputs, inputs_timestamps):
        return self.linear(inputs.transpose(1, 2)).transpose(1, 2)


@dataclass
class DivergingConfig(TinyConfig):
    nan_epoch: int = field(default=1)
    only_in_evaluation: bool = field(default=False)


class Diverging(Tiny):
    """A model whose weights become NaN at the last training step of an epoch, or that predicts NaN in evaluation."""

    def __init__(self, config):
        super().__init__(config)
        self.config = config

    def forward(self, inputs, inputs_timestamps, epoch=None):
        if self.training and not self.config.only_in_evaluation and epoch >= self.config.nan_epoch:
            with torch.no_grad():
                self.linear.bias.fill_(torch.nan)
        prediction = super().forward(inputs, inputs_timestamps)
        if self.config.only_in_evaluation and not self.training:
            prediction = prediction.masked_fill(torch.arange(STEPS)[:, None] == STEPS - 1, torch.inf)
        return prediction


class Recorder(BasicTSCallback):
    """Notes what a run does: its attributes are no parameters and stay out of BasicTS's configuration hash."""

    def __init__(self):
        self.losses, self.gradient_norms, self.tests, self.test_metrics, self.inputs = [], [], 0, [], []

    def on_step_start(self, runner, *args, **kwargs):
        self.model = runner.model

    def on_backward(self, runner, *args, loss, **kwargs):
        self.losses.append(loss.item())

    def on_optimizer_step(self, runner, *args, **kwargs):
        gradients = [parameter.grad.flatten() for parameter in runner.model.parameters()]
        self.gradient_norms.append(torch.cat(gradients).norm().item())

    def on_test_start(self, runner, *args, **kwargs):
        self.tests += 1

    def on_test_end(self, runner, *args, **kwargs):
        self.test_metrics.append({step: runner.meter_pool.get_value(f"test/MAE@h{step}") for step in (3, 6, 12)})


class Interrupt(BasicTSCallback):
    """Stops a run at the start of an epoch, as a user would, while `at` is set."""

    at = None

    def on_epoch_start(self, runner, *args, epoch, **kwargs):
        if epoch == Interrupt.at:
            raise KeyboardInterrupt


def series(part, zeros=True):
    """Values [rows, nodes] of a part, float32; zeros: a quarter, more at later nodes and rows."""
    rows = WINDOWS[part] + 2 * STEPS - 1
    generator = np.random.default_rng(PARTS.index(part))
    time = np.arange(rows)[:, None]
    values = 200 + 100 * np.sin(time / 9 + np.arange(NODES)) + generator.uniform(-30, 30, (rows, NODES))
    if zeros:
        share = np.linspace(0.17, 0.36, NODES) * np.linspace(0.8, 1.2, rows)[:, None]
        values[generator.random((rows, NODES)) < share] = 0
    return values.astype(np.float32)


def write_dataset(root, name=NAME, windows=None, zeros=True, steps_per_day=288):
    """The six arrays and meta.json of a dataset as BasicTS 1.1 ships them, under root/datasets/name."""
    folder = Path(root) / "datasets" / name
    folder.mkdir(parents=True)
    first = 0
    for part in PARTS:
        values = series(part, zeros)
        if windows:
            values = values[: windows[part] + 2 * STEPS - 1]
        index = first + np.arange(len(values))
        first += len(values)
        timestamps = np.stack([index % steps_per_day / steps_per_day, index // steps_per_day % 7 / 7], axis=1)
        np.save(folder / f"{part}_data.npy", values)
        np.save(folder / f"{part}_timestamps.npy", timestamps.astype(np.float32))
    content = {
        "name": name,
        "domain": "traffic flow",
        "frequency (minutes)": 24 * 60 // steps_per_day,
        "shape": [first, NODES],
        "timestamps_shape": [first, 2],
        "timestamps_description": ["time of day", "day of week"],
        "num_time_steps": first,
        "num_vars": NODES,
        "has_graph": False,
        "start": FACTS.start,
        "regular_settings": {
            "train_val_test_ratio": [0.6, 0.2, 0.2],
            "norm_each_channel": False,
            "rescale": True,
            "metrics": ["MAE", "RMSE", "MAPE"],
            "null_val": 0.0,
        },
    }
    (folder / "meta.json").write_text(json.dumps(content))
    return folder


def rewrite_meta(root, **changes):
    """Change or add keys of Tiny's meta.json."""
    file = Path(root) / "datasets" / NAME / "meta.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def ours(model=Tiny, model_config=None, **differences):
    """A run by the benchmark's recipe, of one epoch unless told otherwise."""
    return benchmark_config(model, model_config or TinyConfig(), NAME, **{"num_epochs": 1, **differences})


def bare(model=Tiny, model_config=None, **differences):
    """The same by BasicTS alone; each channel has its own deviation because one for all is a TypeError there."""
    fields = {
        "model_config": model_config or TinyConfig(num_features=NODES),
        "dataset_name": NAME,
        "input_len": STEPS,
        "output_len": STEPS,
        "use_timestamps": True,
        "null_val": 0.0,
        "rescale": True,
        "metrics": ["MAE", "RMSE", "MAPE"],
        "eval_horizons": [3, 6, 12],
        "optimizer_params": {"lr": 1e-3, "weight_decay": 3e-4},
        "num_epochs": 1,
        "train_batch_size": 16,
    }
    return BasicTSForecastingConfig(model=model, **{**fields, **differences})


def settings(config):
    """The values of a configuration that can be compared, apart from later changes of it."""
    plain = {name: value for name, value in config.items() if name not in ("callbacks", "taskflow", "null_val")}
    return copy.deepcopy(plain)


def raw_windows(part="test"):
    """Inputs and targets [windows, steps, nodes] of a part, float64, from its file, one window at a time."""
    values = np.load(Path("datasets") / NAME / f"{part}_data.npy").astype(np.float64)
    starts = range(len(values) - 2 * STEPS + 1)
    inputs = np.stack([values[start : start + STEPS] for start in starts])
    targets = np.stack([values[start + STEPS : start + 2 * STEPS] for start in starts])
    return inputs, targets


def metrics(folder):
    return json.loads((Path(folder) / "test_metrics.json").read_text())


def record(folder):
    return json.loads((Path(folder) / "run.json").read_text())


def weights(checkpoint):
    return torch.load(checkpoint, weights_only=True)["model_state_dict"]


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder to run in, with the dataset Tiny known to the catalogue but not yet there."""
    monkeypatch.setitem(CATALOG, NAME, FACTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Interrupt, "at", None)
    set_device_type("cpu")
    forget_loggers()
    yield tmp_path
    forget_loggers()


@pytest.fixture
def tiny(workplace):
    """The workplace with the dataset Tiny in it."""
    write_dataset(workplace)
    return workplace


def forget_loggers():
    """As in a new process: BasicTS keeps its loggers, with their files, by name."""
    for name in [name for name in logger_initialized if name.startswith("BasicTS")]:
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
        logger_initialized.discard(name)

"""An architecture of BasicTS 0.5 as a model of BasicTS 1.1.

Letters: B batch, T steps, N nodes, C channels.
"""

import contextlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import torch
from basicts.configs import BasicTSModelConfig
from torch import nn

from ..data.catalog import dataset_facts
from ..env_vars import ROOT_VARIABLE
from ..errors import UserError, one_line
from ..training.launch.failures import is_out_of_memory
from .loss import CHANNELS, RETURNED, own_loss
from .reader import Reading, Source, check_dataset, legacy_root, reading
from .runners import Batch, call_of

_NUM_CHANNELS = 3


class Checkout:
    """Where the checkout of BasicTS 0.5 is. It may be moved: the folder stays out of the run's hash.

    BasicTS writes down of an object what is named after an argument of its class, and `_folder` is not.
    """

    def __init__(self, folder: Optional[Path] = None):
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Of a configuration that was read back from what BasicTS wrote down, the one that the environment names."""
        folder = self._folder or legacy_root()
        if folder is None:
            raise UserError(f"model_config.checkout is not known; expected {ROOT_VARIABLE} to name it")
        return folder


@dataclass
class LegacyConfig(BasicTSModelConfig):
    """Names alone, so that every process of a run, now or later, builds the same architecture from them."""

    checkout: Checkout = field(default=None, metadata={"help": "Of BasicTS 0.5."})
    baseline: str = field(default=None, metadata={"help": "Folder in its baselines."})
    file: str = field(default=None, metadata={"help": "Configuration in that folder, without .py."})
    sha256: str = field(default=None, metadata={"help": "Of what the configuration imports from the checkout."})
    graph: str = field(default=None, metadata={"help": "SHA-256 of the graph that it reads, if any."})
    dataset_name: str = field(default=None, metadata={"help": "Dataset, from the run."})
    input_len: int = field(default=None, metadata={"help": "Steps of the history, from the run."})
    output_len: int = field(default=None, metadata={"help": "Steps to forecast, from the run."})
    num_features: int = field(default=None, metadata={"help": "Number of nodes."})


class LegacyModel(nn.Module):
    """The architecture of a BasicTS 0.5 configuration, called as its runner calls it."""

    def __init__(self, config: LegacyConfig):
        super().__init__()
        self.input_len, self.output_len, self.num_features = config.input_len, config.output_len, config.num_features
        source = Source(config.checkout.folder, config.baseline, config.file)
        with reading(source, config.dataset_name) as found:
            _check(found, config)
            model = found.cfg["MODEL"]
            self.features = model.get("FORWARD_FEATURES") or list(range(_NUM_CHANNELS))
            self.loss, self.call = own_loss(found.cfg), call_of(found.cfg)
            self.architecture = model["ARCH"](**model["PARAM"])
            if model.get("SETUP_GRAPH"):
                self._create_parameters(config.dataset_name)
        self._keep_constants()

    def forward(
        self,
        inputs: torch.Tensor,
        inputs_timestamps: torch.Tensor,
        targets_timestamps: torch.Tensor,
        future: Optional[torch.Tensor] = None,
        step: Optional[int] = None,
        epoch: Optional[int] = None,
        train: bool = False,
    ) -> Any:
        """Feed forward.

        Args:
            inputs: scaled history [B, T, N].
            inputs_timestamps, targets_timestamps: time of day and day of week [B, T, 2].
            future: scaled targets [B, T, N] in training; elsewhere zeros take their place.
            step: number of the training step, from 1.
            epoch: number of the epoch, from 1.
            train: whether this is a training step.
        Returns: the prediction [B, T, N], scaled; with it what else there is, see `loss`.
        """
        if future is None:
            future = inputs.new_zeros(len(inputs), self.output_len, self.num_features)
        history, future = self._channels(inputs, inputs_timestamps), self._channels(future, targets_timestamps)
        seen = (step - 1, epoch) if train else (None, None)
        returned = self.call(self.architecture, Batch(history, future, *seen, train))
        rest = returned if isinstance(returned, dict) else {"prediction": returned}
        if "target" in rest:
            raise UserError(
                f"{type(self.architecture).__name__} returns a target of its own, which is not honoured here; expected "
                "a prediction of the values to come"
            )
        prediction = rest.pop("prediction")
        expected = (len(inputs), self.output_len, self.num_features)
        if tuple(prediction.shape[:3]) != expected or prediction.ndim != 4 or (not train and prediction.shape[3] != 1):
            raise ValueError(
                f"{type(self.architecture).__name__} predicts {list(prediction.shape)}; expected {[*expected, 1]}: "
                "batch, steps, nodes, and one channel when it is evaluated"
            )
        extra = {CHANNELS: prediction[..., 1:]} if prediction.shape[3] > 1 else {}
        extra |= {RETURNED: rest} if rest else {}
        return {"prediction": prediction[..., 0], **extra} if extra else prediction[..., 0]

    def _channels(self, values: torch.Tensor, timestamps: torch.Tensor) -> torch.Tensor:
        """[B, T, N, C] of the features that the configuration asks for."""
        times = timestamps[:, :, None, :2].expand(*values.shape, 2)
        return torch.cat([values.unsqueeze(-1), times.to(values.dtype)], dim=-1)[..., self.features]

    def _create_parameters(self, dataset: str) -> None:
        """Of architectures that create them in their first training step."""
        values = torch.zeros(1, self.input_len, self.num_features)
        times = torch.zeros(1, max(self.input_len, self.output_len), 2)
        history = self._channels(values, times[:, : self.input_len])
        future = self._channels(values.new_zeros(1, self.output_len, self.num_features), times[:, : self.output_len])
        # they print how many there are
        try:
            with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
                self.call(self.architecture, Batch(history, future, 0, 1, True))
        except RuntimeError as error:
            whole = dataset_facts(dataset).part_of
            if is_out_of_memory(error) or not whole:
                raise
            raise ValueError(
                f"its first step fails on a part of {whole} ({one_line(error)}); GTS, for one, is made for the length "
                "of a whole series and cannot run on a part"
            ) from error

    def _keep_constants(self) -> None:
        """Tensors that are mere attributes of the architecture become buffers.

        So they move to the device once, and are the same in every process and in the checkpoint: eigenvectors (STWave)
        are not the same when they are computed again. The largest are left out of the latter, which they would make
        more than twice as large. Tensors in lists (the graphs of DCRNN, GWNet and D2STGNN) are no attributes: they are
        made anew at every start, from a graph that is the same by its hash, `LegacyConfig.graph`.
        """
        left = sum(parameter.numel() for parameter in self.architecture.parameters())
        constants = [
            (value.numel(), prefix, module, name)
            for prefix, module in self.named_modules()
            for name, value in vars(module).items()
            if isinstance(value, torch.Tensor)
        ]
        for size, _, module, name in sorted(constants, key=lambda constant: constant[0]):
            value = getattr(module, name)
            left -= size
            delattr(module, name)
            module.register_buffer(name, value, persistent=left >= 0)
        # DDP would send them to every process in every step; ParallelRunner does, once
        self._ddp_params_and_buffers_to_ignore = [f"{prefix}.{name}" for _, prefix, _, name in constants]


def _check(found: Reading, config: LegacyConfig) -> None:
    """What the architecture was made for must be what the run is about, and its files what they were."""
    check_dataset(found, config.dataset_name)
    if found.sha256 != config.sha256:
        raise ValueError(f"the checkout has changed since {found.source.name} was read: start again")
    if found.graph != config.graph:
        raise ValueError(
            f"the graph of {config.dataset_name} is not the one that {found.source.name} was read with: start again "
            f"with -c legacy/{config.baseline}/{config.dataset_name}"
        )
    parameters = found.cfg["DATASET"]["PARAM"]
    for name in ("input_len", "output_len"):
        if parameters[name] != config[name]:
            raise ValueError(f"{name}={config[name]}: {found.source.name} is made for {parameters[name]} steps")

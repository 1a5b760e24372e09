"""The architecture of a legacy model, as a model of BasicTS 1.1.

Letters: B batch, T steps, N nodes, C channels.
"""

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import torch
from basicts.configs import BasicTSModelConfig
from torch import nn

from ..errors import UserError, one_line
from ..training.launch.failures import is_out_of_memory
from .checkout import CHECKOUT, HOW_TO_NAME, Source, legacy_root
from .dataset import Dataset, KnownDataset, current_dataset
from .loss import CHANNELS, RETURNED, own_loss
from .reader import Reading, reading
from .runners import Batch, forward_of

_NUM_CHANNELS = 3

# the attribute that holds the architecture, and the prefix that torch.compile gives to names
_ARCHITECTURE, _COMPILED = "architecture.", "_orig_mod."


class Checkout:
    """Where the checkout of BasicTS 0.5 is, and the dataset that was opened to read a configuration in it.

    Neither is part of the run's hash: the user may move them. BasicTS serialises only attributes that are named after
    arguments of the class; these are not.
    """

    def __init__(self, folder: Optional[Path] = None, dataset: Optional[KnownDataset] = None):
        self._folder = folder
        self._dataset = dataset if isinstance(dataset, Dataset) else None

    @property
    def folder(self) -> Path:
        """The checkout; after BasicTS has read the configuration from JSON, the one that the environment names."""
        folder = self._folder or legacy_root()
        if folder is None:
            raise UserError("model_config.checkout", "no folder", CHECKOUT, HOW_TO_NAME)
        return folder

    def dataset(self, name: str) -> KnownDataset:
        """The dataset of that name, opened only if it is not the one that was opened before."""
        return current_dataset(name, self._dataset)


@dataclass
class LegacyConfig(BasicTSModelConfig):
    """Where the architecture comes from. Every process of a run builds the same architecture from these names."""

    checkout: Checkout = field(default=None, metadata={"help": "Checkout of BasicTS 0.5."})
    legacy_model: str = field(default=None, metadata={"help": "Folder of the model in its baselines."})
    file: str = field(default=None, metadata={"help": "Configuration in that folder, without .py."})
    sha256: str = field(default=None, metadata={"help": "SHA-256 of the files that the configuration imports."})
    graph: str = field(default=None, metadata={"help": "SHA-256 of the graph that it reads, if any."})
    dataset_name: str = field(default=None, metadata={"help": "Dataset, from the run."})
    input_len: int = field(default=None, metadata={"help": "Steps of the history, from the run."})
    output_len: int = field(default=None, metadata={"help": "Steps to forecast, from the run."})
    num_features: int = field(default=None, metadata={"help": "Number of nodes."})


class LegacyModel(nn.Module):
    """The architecture of a legacy configuration, called as its own runner would call it.

    Attributes:
        supports_compile: False; torch cannot compile these architectures.
    Raises: UserError and ValueError if the checkout, the graph or the sizes do not match the config.
    """

    supports_compile = False

    def __init__(self, config: LegacyConfig):
        super().__init__()
        self.input_len, self.output_len, self.num_features = config.input_len, config.output_len, config.num_features
        for name in (config.legacy_model, config.file):
            # a configuration that came from elsewhere must not lead out of the checkout
            if Path(name).name != name or name == "..":
                raise UserError("model_config", repr(name), f"the name of a folder or file in {CHECKOUT}")
        source = Source(config.checkout.folder, config.legacy_model, config.file)
        with reading(source, config.checkout.dataset(config.dataset_name)) as found:
            _check(found, config)
            model = found.cfg["MODEL"]
            self.features = model.get("FORWARD_FEATURES") or list(range(_NUM_CHANNELS))
            self.loss, self.pass_on = own_loss(found.cfg), forward_of(found.cfg)
            self.architecture = model["ARCH"](**model["PARAM"])
            if model.get("SETUP_GRAPH"):
                self._create_parameters(found.dataset)
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
            future: scaled targets [B, T, N] in training; zeros take their place elsewhere.
            step: number of the training step, from 1.
            epoch: number of the epoch, from 1.
            train: whether this is a training step.
        Returns: the scaled prediction [B, T, N]; a dictionary with it if the architecture returns more, see `loss`.
        Raises: UserError for an architecture that returns a target, ValueError for a prediction of another shape.
        """
        if future is None:
            future = inputs.new_zeros(len(inputs), self.output_len, self.num_features)
        history, future = self._channels(inputs, inputs_timestamps), self._channels(future, targets_timestamps)
        seen = (step - 1, epoch) if train else (None, None)
        returned = self.pass_on(self.architecture, Batch(history, future, *seen, train))
        rest = returned if isinstance(returned, dict) else {"prediction": returned}
        if "target" in rest:
            raise UserError(type(self.architecture).__name__, "a target of its own", "a forecast of the run's targets")
        prediction = rest.pop("prediction")
        expected = (len(inputs), self.output_len, self.num_features)
        if tuple(prediction.shape[:3]) != expected or prediction.ndim != 4 or (not train and prediction.shape[3] != 1):
            raise ValueError(
                f"prediction of {type(self.architecture).__name__}: shape {list(prediction.shape)}; expected "
                f"{[*expected, 1]}, [batch, steps, nodes, channels], with one channel in evaluation"
            )
        extra = {CHANNELS: prediction[..., 1:]} if prediction.shape[3] > 1 else {}
        extra |= {RETURNED: rest} if rest else {}
        return {"prediction": prediction[..., 0], **extra} if extra else prediction[..., 0]

    def own_state(self, state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The state in a checkpoint, under the names of this model.

        BasicTS 0.5 stores the architecture alone, without the constants that it keeps outside of the state_dict.
        """
        if any(name.startswith(_ARCHITECTURE) for name in state):
            return dict(state)
        constants = {name: value for name, value in self.state_dict().items() if name in self._constants}
        return constants | {_ARCHITECTURE + name.removeprefix(_COMPILED): value for name, value in state.items()}

    def load_state_dict(self, state_dict: Mapping[str, torch.Tensor], *args: Any, **kwargs: Any) -> Any:
        """As in torch, also for the state of a checkpoint of BasicTS 0.5."""
        return super().load_state_dict(self.own_state(state_dict), *args, **kwargs)

    def _channels(self, values: torch.Tensor, timestamps: torch.Tensor) -> torch.Tensor:
        """The features that the configuration selects, [B, T, N, C]."""
        times = timestamps[:, :, None, :2].expand(*values.shape, 2)
        return torch.cat([values.unsqueeze(-1), times.to(values.dtype)], dim=-1)[..., self.features]

    def _create_parameters(self, dataset: KnownDataset) -> None:
        """Run a first training step, for architectures that create parameters in it."""
        values = torch.zeros(1, self.input_len, self.num_features)
        times = torch.zeros(1, max(self.input_len, self.output_len), 2)
        history = self._channels(values, times[:, : self.input_len])
        future = self._channels(values.new_zeros(1, self.output_len, self.num_features), times[:, : self.output_len])
        # these architectures print the number of their parameters
        try:
            with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
                self.pass_on(self.architecture, Batch(history, future, 0, 1, True))
        except RuntimeError as error:
            if is_out_of_memory(error) or not dataset.part_of:
                raise
            # GTS has a layer of the length of the whole series
            found = f"{dataset.name}, on which the first step fails ({one_line(error)})"
            raise UserError("dataset", found, f"all rows of {dataset.part_of}") from error

    def _keep_constants(self) -> None:
        """Register tensors that are plain attributes of the architecture as buffers.

        Buffers move to the device once, and are the same in every process and in the checkpoint. Eigenvectors (STWave)
        would differ if computed again. The largest tensors are left out of the checkpoint if they would more than
        double its size. Tensors in lists (the graphs of DCRNN, GWNet and D2STGNN) are not attributes: every start
        computes them from the graph, which is the same by its hash, `LegacyConfig.graph`.
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
        self._constants = [f"{prefix}.{name}" for _, prefix, _, name in constants]
        # DDP would send buffers to every process in every step; ParallelRunner sends them once
        self._ddp_params_and_buffers_to_ignore = self._constants


def _check(found: Reading, config: LegacyConfig) -> None:
    """The run must have the lengths of the configuration, and the files must not have changed."""
    again = f"start again with -c legacy/{config.legacy_model}/{config.dataset_name}"
    if found.sha256 != config.sha256:
        raise UserError("model_config.sha256", config.sha256, f"{found.sha256}, that of {found.source} now", again)
    if found.graph != config.graph:
        expected = f"{found.graph}, that of {config.dataset_name} now"
        raise UserError("model_config.graph", config.graph, expected, again)
    parameters = found.cfg["DATASET"]["PARAM"]
    for name in ("input_len", "output_len"):
        if parameters[name] != config[name]:
            raise UserError(name, config[name], f"{parameters[name]}, as in {found.source}")

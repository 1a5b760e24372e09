"""A model with its scaling: original units in and out. B batch, L steps in, O steps ahead, N sensors."""

import inspect
from collections.abc import Mapping
from typing import Optional

import torch
from torch import Tensor, nn

from ..errors import UserError
from ..training.protocol.missing_inputs import is_measured, scaled_without_gaps

# the statistics of a scaler: what is subtracted, and what is divided by
_STATISTICS = (("mean", "std"), ("min", "max-min"))


class ScaledNetwork(nn.Module):
    """A model of BasicTS between its scaling and the way back.

    Args:
        model: called like a model of BasicTS.
        statistics: of the scaler, from the checkpoint; {} if values are not scaled.
        missing_inputs: what the model sees in place of a missing input, see `training.protocol.missing_inputs`.
        null_val: the marker of a missing value. In the inputs, NaN is missing too.
        null_to_num: what stands for the mean after scaling.
    Raises: UserError for statistics of an unknown scaler.
    """

    def __init__(
        self,
        model: nn.Module,
        statistics: Mapping[str, Tensor],
        missing_inputs: str,
        null_val: float,
        null_to_num: float = 0.0,
    ):
        super().__init__()
        self.model, self.missing_inputs = model, missing_inputs
        self.null_val, self.null_to_num = null_val, null_to_num
        offset, factor = _affine(statistics)
        self.register_buffer("offset", offset)
        self.register_buffer("factor", factor)
        self._arguments = set(inspect.signature(model.forward).parameters)

    def forward(self, inputs: Tensor, inputs_timestamps: Tensor, targets_timestamps: Tensor) -> Tensor:
        """Forecasts in original units.

        Args:
            inputs: measured values [B, L, N], in original units; NaN where missing.
            inputs_timestamps: time of day and day of week [B, L, 2], both in [0, 1).
            targets_timestamps: the same of the steps ahead [B, O, 2].
        Returns: float32 [B, O, N].
        """
        values = inputs
        if self.null_val == self.null_val:  # not NaN
            values = torch.where(values.isnan(), self.null_val, values)
        scaled = scaled_without_gaps(
            values,
            is_measured(values, self.null_val),
            lambda given: (given - self.offset) / self.factor,
            rule=self.missing_inputs,
            null_val=self.null_val,
            null_to_num=self.null_to_num,
        )
        # Some models of BasicTS ask for the targets, whose shape they read.
        targets = scaled.new_zeros(scaled.shape[0], targets_timestamps.shape[1], scaled.shape[2])
        data = {"inputs_timestamps": inputs_timestamps, "targets_timestamps": targets_timestamps, "targets": targets}
        output = self.model(scaled, **{name: tensor for name, tensor in data.items() if name in self._arguments})
        prediction = output if isinstance(output, Tensor) else output["prediction"]
        return prediction.float() * self.factor + self.offset


def _affine(statistics: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """What is subtracted from a value, and what it is then divided by."""
    if not statistics:
        return torch.tensor(0.0), torch.tensor(1.0)
    for names in _STATISTICS:
        if {*names} == {*statistics}:
            offset, factor = (statistics[name].detach().float() for name in names)
            return offset, factor
    known = " or ".join(", ".join(names) for names in _STATISTICS)
    raise UserError("scaler", f"statistics {', '.join(sorted(statistics))}", known, "train with a scaler of BasicTS")


def evaluating(network: ScaledNetwork) -> ScaledNetwork:
    """The network, ready for forecasts: without dropout and gradients."""
    return network.eval().requires_grad_(False)


def device_of(network: nn.Module) -> Optional[torch.device]:
    """Where the parameters are; None of a model without any."""
    return next((parameter.device for parameter in network.parameters()), None)

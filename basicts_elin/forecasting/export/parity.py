"""Whether an exported file forecasts what its forecaster does."""

from dataclasses import dataclass

import torch

from ...errors import FailedRunError, UserError
from ..facts import Facts
from ..network import ScaledNetwork
from .loaded import Runner
from .windows import random_windows

LARGEST = 1e-5
OTHERWISE = "export another model, or use Forecaster.save"
BATCHES = (1, 3)
# others than those of the export
_SEED = 1


@dataclass(frozen=True)
class Parity:
    """The largest difference of two forecasts of the same windows.

    Attributes:
        difference: in the unit of the data; infinite where only one of them is a number.
        scale: the largest forecast, without its sign.
    """

    difference: float
    scale: float

    @property
    def relative(self) -> float:
        return self.difference / self.scale if self.scale else self.difference


def check_repeatable(network: ScaledNetwork, facts: Facts) -> None:
    """Raises: UserError for a model that gives two forecasts of the same windows, because no file can equal it."""
    windows = random_windows(network, facts, BATCHES[-1], _SEED)
    with torch.inference_mode():
        first, second = network(*windows), network(*windows)
    # bit for bit is too much to ask of several threads
    if not torch.allclose(first, second, rtol=LARGEST, atol=LARGEST * first.abs().max().item(), equal_nan=True):
        found = "cannot be exported: it draws random numbers, so that its forecasts of the same input differ"
        raise UserError(f"model {facts.model}", found, fix=OTHERWISE)


def parity(run: Runner, network: ScaledNetwork, facts: Facts) -> Parity:
    """The largest difference between `run` and the network, on random windows in batches of 1 and of 3."""
    difference, scale = 0.0, 0.0
    for batch in BATCHES:
        windows = random_windows(network, facts, batch, _SEED)
        with torch.inference_mode():
            expected = network(*windows).cpu()
        found = run(*(tensor.cpu() for tensor in windows)).cpu()
        if found.shape != expected.shape:
            raise FailedRunError(f"the export forecasts {[*found.shape]} in place of {[*expected.shape]}")
        gap = (found.double() - expected.double()).abs()
        gap[expected.isnan() & found.isnan()] = 0
        difference = max(difference, gap.nan_to_num(nan=torch.inf).max().item())
        scale = max(scale, expected.double().abs().nan_to_num(nan=0.0).max().item())
    return Parity(difference, scale)


def check_parity(found: Parity, model: str, file_format: str) -> None:
    """Raises: FailedRunError if the difference is above `LARGEST`."""
    if not found.relative <= LARGEST:
        raise FailedRunError(
            f"model {model}: the {file_format} file forecasts something else: the largest difference is "
            f"{found.relative:.1e} of the largest forecast ({found.difference:.3g} of {found.scale:.3g}), above "
            f"{LARGEST:g}; nothing was written"
        )

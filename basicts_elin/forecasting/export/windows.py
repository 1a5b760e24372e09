"""Random windows that a model could meet, to compare an export with its forecaster.

B windows, L steps in, O steps ahead, N sensors.
"""

import numpy as np
import torch
from torch import Tensor

from ...data.catalog import DAYS_PER_WEEK, MINUTES_PER_DAY
from ..facts import Facts
from ..network import ScaledNetwork, device_of

# of the values
_MISSING = 0.1


def random_windows(network: ScaledNetwork, facts: Facts, batch: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """The arguments of `ScaledNetwork.forward` for `batch` windows.

    The values lie where the scaler says that the training's were. A tenth is missing, half of it as the marker if there
    is one; the first sensor of the first window has no value.
    """
    generator = np.random.default_rng(seed)
    shape = (batch, facts.input_len, facts.num_nodes)
    offset, factor = (network.get_buffer(name).cpu().numpy() for name in ("offset", "factor"))
    values = offset + factor * generator.uniform(-0.5, 1.5, shape)
    if facts.non_negative:
        values = np.abs(values)
    missing = generator.random(shape) < _MISSING
    missing[0, :, 0] = True
    values[missing] = np.nan
    if facts.null_val is not None:
        values[missing & (generator.random(shape) < 0.5)] = facts.null_val
    steps = np.arange(facts.input_len + facts.output_len)
    week = DAYS_PER_WEEK * MINUTES_PER_DAY
    first = facts.minute_of_week + facts.interval_minutes * generator.integers(week, size=(batch, 1))
    days, minutes = np.divmod((first + facts.interval_minutes * steps) % week, MINUTES_PER_DAY)
    stamps = np.stack([minutes / MINUTES_PER_DAY, days / DAYS_PER_WEEK], axis=-1)
    arrays = (values, stamps[:, : facts.input_len], stamps[:, facts.input_len :])
    device = device_of(network)
    first_part, *others = (torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(device) for array in arrays)
    return first_part, others[0], others[1]

"""In which dtype to compute. Sums over tokens run in at least float32: half precision overflows at 65,504."""

import contextlib
from typing import Any

import torch
from torch import Tensor

HALF = (torch.float16, torch.bfloat16)


def widened(tensor: Tensor) -> Tensor:
    """In at least float32."""
    return tensor.float() if tensor.dtype in HALF else tensor


def compute_dtype(states: Tensor) -> torch.dtype:
    """The dtype of autocast where that is on, else that of the tensor."""
    return torch.get_autocast_dtype(states.device.type) if _under_autocast(states) else states.dtype


def without_autocast(states: Tensor) -> contextlib.AbstractContextManager[Any]:
    if _under_autocast(states):
        return torch.autocast(states.device.type, enabled=False)
    return contextlib.nullcontext()


def _under_autocast(states: Tensor) -> bool:
    return torch.is_autocast_enabled(states.device.type)

"""The devices of a run: those that the user chooses, and those that this process may use."""

import os
from typing import Optional

import torch
from basicts.configs import BasicTSForecastingConfig
from easytorch.device import set_device_type
from easytorch.utils import set_visible_devices

from ...errors import UserError

# As it was when the process started: `choose_devices` changes it.
_VISIBLE_DEVICES = os.environ.get("CUDA_VISIBLE_DEVICES")


def default_gpus() -> str:
    """The first GPU if there is one, else "cpu"."""
    # not is_available: it may start CUDA, which then ignores the choice of devices
    return "0" if torch.cuda.device_count() else "cpu"


def parse_gpus(gpus: str, *, elsewhere: bool = False) -> Optional[str]:
    """BasicTS's field `gpus` for the option --gpus: "cpu" -> None, "0,1" -> "0,1".

    elsewhere: whether devices that this machine lacks are accepted, for a plan.
    Raises: UserError for devices that do not exist.
    """
    if gpus == "cpu":
        return None
    numbers = gpus.split(",")
    if not all(number.isdigit() for number in numbers) or len(set(numbers)) != len(numbers):
        raise UserError("--gpus", repr(gpus), "device numbers such as 0 or 0,1, or cpu")
    count = torch.cuda.device_count()
    if elsewhere:
        return gpus
    if count == 0:
        raise UserError("--gpus", gpus, f"cpu: torch {torch.__version__} finds no GPU")
    if max(map(int, numbers)) >= count:
        raise UserError("--gpus", gpus, f"numbers from 0 to {count - 1}, or cpu")
    return gpus


def choose_devices(config: BasicTSForecastingConfig) -> None:
    """Have torch and easy-torch use the devices of the configuration."""
    set_device_type("gpu" if config.gpus else "cpu")
    if config.gpus:
        # The numbers count the devices that this process may see, such as those that a cluster has assigned to it.
        visible = _VISIBLE_DEVICES.split(",") if _VISIBLE_DEVICES else None
        numbers = config.gpus.split(",")
        set_visible_devices(",".join(visible[int(number)] for number in numbers) if visible else config.gpus)

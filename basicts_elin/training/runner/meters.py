"""BasicTS's meters, fed with tensors whose values are fetched when a meter is read."""

from typing import Any, Union

import torch
from basicts.utils import MeterPool

Number = Union[float, torch.Tensor]


class DeferredMeters(MeterPool):
    """The same numbers as BasicTS's, without waiting for the device.

    BasicTS defect 18: BasicTS waits for every value of every meter, 2 + 2 x metrics times in a training step.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[tuple[str, torch.Tensor, torch.Tensor]] = []

    def update(self, name: str, value: Number, n: Number = 1) -> None:
        """Add a value with its weight. Tensors without dimensions stay on their device until a meter is read."""
        if isinstance(value, torch.Tensor):
            self._waiting.append((name, value.detach(), torch.as_tensor(n, device=value.device)))
        else:
            super().update(name, value, n)

    def get_value(self, name: str) -> float:
        self._read()
        return super().get_value(name)

    def print_meters(self, *args: Any, **kwargs: Any) -> None:
        self._read()
        super().print_meters(*args, **kwargs)

    def plt_meters(self, *args: Any, **kwargs: Any) -> None:
        self._read()
        super().plt_meters(*args, **kwargs)

    def reset(self) -> None:
        self._waiting.clear()
        super().reset()

    def _read(self) -> None:
        """Fetch all values at once."""
        if self._waiting:
            numbers = torch.stack([number.double() for _, *pair in self._waiting for number in pair]).tolist()
            for (name, *_), value, n in zip(self._waiting, numbers[::2], numbers[1::2], strict=True):
                super().update(name, value, n)
            self._waiting.clear()

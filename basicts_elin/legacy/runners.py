"""How the runners of BasicTS 0.5 pass a batch to an architecture, for the runners that are supported.

Letters: B batch, T steps, N nodes, C channels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional

import torch
from torch import nn

from ..errors import UserError
from .shim import runners


@dataclass(frozen=True)
class Batch:
    """History and future [B, T, N, C]; the number of batches before this one, and the epoch; None outside training."""

    history: torch.Tensor
    future: torch.Tensor
    seen: Optional[int]
    epoch: Optional[int]
    train: bool


# returns the architecture's output
Forward = Callable[[nn.Module, Batch], Any]


def plain(architecture: nn.Module, batch: Batch) -> Any:
    """As in SimpleTimeSeriesForecastingRunner."""
    return architecture(
        history_data=batch.history,
        future_data=batch.future,
        batch_seen=batch.seen,
        epoch=batch.epoch,
        train=batch.train,
    )


def himnet(architecture: nn.Module, batch: Batch) -> Any:
    """As in HimNetRunner: days of the week from 0 to 6, and targets only in training. The seed is the run's instead."""
    history, future = (
        torch.cat([data[..., :2], (data[..., 2:] * 7).round()], dim=-1) for data in (batch.history, batch.future)
    )
    if not batch.train:
        return architecture(history, future[..., 1:])
    return architecture(history, future[..., 1:], future[..., :1], batch.seen + 1)


class MTGNN:
    """As in MTGNNRunner: training permutes the nodes anew every `step_size` batches of an epoch."""

    def __init__(self, step_size: int, num_nodes: int):
        self.step_size, self.num_nodes = step_size, num_nodes
        self._epoch, self._batches, self._order = None, 0, None

    def __call__(self, architecture: nn.Module, batch: Batch) -> Any:
        seen = {"batch_seen": batch.seen, "epoch": batch.epoch}
        if not batch.train:
            return architecture(history_data=batch.history, idx=None, **seen)
        order = self._next_order(batch.epoch).to(batch.history.device)
        returned = architecture(history_data=batch.history[:, :, order], idx=order, **seen)
        return returned[:, :, order.argsort()]

    def _next_order(self, epoch: Optional[int]) -> torch.Tensor:
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, 0
        if self._batches % self.step_size == 0:
            self._order = torch.randperm(self.num_nodes)
        self._batches += 1
        return self._order


# The members that each supported custom runner adds to the plain one. A runner of the same name with other members does
# something else.
_SUPPORTED = {
    "HimNetRunner": {"__init__", "seed_everything", "forward"},
    "MTGNNRunner": {"__init__", "forward", "train_iters"},
}
# members of every class
_OF_PYTHON = {"__module__", "__qualname__", "__doc__", "__annotations__", "__firstlineno__", "__static_attributes__"}


def check_runner(runner: type) -> None:
    """Raise UserError for a runner that is not supported."""
    plain_runner = runners.SimpleTimeSeriesForecastingRunner
    if runner is plain_runner:
        return
    supported = _SUPPORTED.get(runner.__name__)
    defined = vars(runner).keys() - _OF_PYTHON
    inherits = runner.__bases__ == (plain_runner,)
    if supported is None or defined != supported or not inherits:
        found = f"{runner.__module__}.{runner.__name__}"
        found += "" if supported is None else f", which defines {', '.join(sorted(defined)) or 'nothing'}"
        found += "" if inherits else f", of {' and '.join(base.__name__ for base in runner.__bases__)}"
        expected = f"one of {', '.join([plain_runner.__name__, *_SUPPORTED])} as in BasicTS 0.5.8"
        raise UserError("CFG.RUNNER", found, expected)


def forward_of(cfg: dict[str, Any]) -> Forward:
    """How the runner of a checked configuration passes a batch to its architecture."""
    name = cfg["RUNNER"].__name__
    if name == "MTGNNRunner":
        custom = cfg["TRAIN"]["CUSTOM"]
        return MTGNN(custom["STEP_SIZE"], custom["NUM_NODES"])
    return himnet if name == "HimNetRunner" else plain

"""How the runners of BasicTS 0.5 call an architecture; those of which that is known, by name.

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
    """What a runner has at hand: history and future [B, T, N, C]; batches seen and epoch, None outside training."""

    history: torch.Tensor
    future: torch.Tensor
    seen: Optional[int]
    epoch: Optional[int]
    train: bool


# -> what the architecture returns
Call = Callable[[nn.Module, Batch], Any]


def plain(architecture: nn.Module, batch: Batch) -> Any:
    """As SimpleTimeSeriesForecastingRunner does."""
    return architecture(
        history_data=batch.history,
        future_data=batch.future,
        batch_seen=batch.seen,
        epoch=batch.epoch,
        train=batch.train,
    )


def himnet(architecture: nn.Module, batch: Batch) -> Any:
    """As HimNetRunner does, but for its seed, which is the run's: whole days of the week, targets in training alone."""
    history, future = (
        torch.cat([data[..., :2], (data[..., 2:] * 7).round()], dim=-1) for data in (batch.history, batch.future)
    )
    if not batch.train:
        return architecture(history, future[..., 1:])
    return architecture(history, future[..., 1:], future[..., :1], batch.seen + 1)


class MTGNN:
    """As MTGNNRunner does: in training the nodes in another order, for `step_size` batches of an epoch each."""

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


# what each custom runner that is known adds to the plain one, so that one of the same name that does something else is
# noticed
_KNOWN = {
    "HimNetRunner": {"__init__", "seed_everything", "forward"},
    "MTGNNRunner": {"__init__", "forward", "train_iters"},
}
# what every class has
_OF_PYTHON = {"__module__", "__qualname__", "__doc__", "__annotations__", "__firstlineno__", "__static_attributes__"}


def check_runner(runner: type) -> None:
    """Raise UserError for a runner of which is not known what it does."""
    plain_one = runners.SimpleTimeSeriesForecastingRunner
    if runner is plain_one:
        return
    known = _KNOWN.get(runner.__name__)
    defined = vars(runner).keys() - _OF_PYTHON
    inherits = runner.__bases__ == (plain_one,)
    if known is None or defined != known or not inherits:
        what = "" if known is None else f", which defines {', '.join(sorted(defined)) or 'nothing'}"
        what += "" if inherits else f", of {' and '.join(base.__name__ for base in runner.__bases__)}"
        raise UserError(
            f"CFG.RUNNER={runner.__module__}.{runner.__name__}{what}: what it does is not known here; expected one of "
            f"{', '.join([plain_one.__name__, *_KNOWN])} as BasicTS 0.5.8 has them"
        )


def call_of(cfg: dict[str, Any]) -> Call:
    """How the runner of a configuration that was checked calls its architecture."""
    name = cfg["RUNNER"].__name__
    if name == "MTGNNRunner":
        custom = cfg["TRAIN"]["CUSTOM"]
        return MTGNN(custom["STEP_SIZE"], custom["NUM_NODES"])
    return himnet if name == "HimNetRunner" else plain

"""Buffers of a model that are computed from the dataset."""

from collections.abc import Callable, Mapping
from typing import Any, Optional

import numpy as np
import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.runners.callback import BasicTSCallback

from ...data.dataset import Dataset, dataset_of

Prepare = Callable[[Dataset, Any], Mapping[str, np.ndarray]]


class PreparedBuffers(BasicTSCallback):
    """Fills buffers of a new model with what is computed from the training part and the graph.

    This is computed once, by `prepare_buffers`, before the processes of a run start. A run that continues from a
    checkpoint takes the buffers from it, and so does an evaluation.

    Args:
        prepare: (dataset, configuration of the model) -> name of a buffer -> its content. A module-level
            function, because its name is part of the hash of the run.
    """

    def __init__(self, prepare: Prepare):
        self.prepare = prepare
        # Attributes that are not parameters of __init__ stay out of the configuration's hash.
        self._arrays: Optional[dict[str, np.ndarray]] = None

    def compute(self, config: BasicTSForecastingConfig) -> None:
        """Compute the buffers of a run's model. Raises: UserError for a dataset that the model cannot use."""
        self._arrays = dict(self.prepare(dataset_of(config), config.model_config))

    def forget(self) -> None:
        """Discard computed buffers, because the configuration may have been used for another run before."""
        self._arrays = None

    def on_train_start(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        found = [self._arrays]
        if torch.distributed.is_initialized():
            # of the processes that torchrun starts, only the first has computed them
            torch.distributed.broadcast_object_list(found, src=0)
        (arrays,) = found
        if arrays is None:
            return
        model = getattr(runner.model, "module", runner.model)
        left = model.load_state_dict({name: torch.as_tensor(array) for name, array in arrays.items()}, strict=False)
        if left.unexpected_keys:
            raise ValueError(f"{type(model).__name__} has no buffers {', '.join(left.unexpected_keys)}")


def prepare_buffers(config: BasicTSForecastingConfig, *, resumes: bool = False) -> None:
    """Compute the buffers of a model that starts anew; any other model has them from its checkpoint.

    Raises: UserError for a dataset that the model cannot use.
    """
    is_new = not resumes and config.get("init_from") is None and config.finetune_from is None
    for callback in config.callbacks:
        if isinstance(callback, PreparedBuffers):
            if is_new:
                callback.compute(config)
            else:
                callback.forget()

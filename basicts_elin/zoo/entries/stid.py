"""STID of BasicTS 1.1 by the recipe of BasicTS 0.5's configurations: one for the six datasets, and one for LargeST.

It is not the model of the published figures, which is `legacy/STID`: see docs/generations.md.
"""

from typing import Any

from ..registry import ModelEntry, register


def _load() -> tuple[type, type]:
    from basicts.models.STID import STID, STIDConfig

    return STID, STIDConfig


def _callbacks() -> list[Any]:
    from basicts.runners.callback import GradientClipping

    return [GradientClipping(5.0)]


_LARGEST = {"lr_scheduler_params": {"milestones": [1, 30, 60, 80], "gamma": 0.5}}
_LARGEST_NODES = {"SD": 64, "GBA": 128, "GLA": 128, "CA": 128}

register(
    ModelEntry(
        "STID",
        _load,
        model_fields={"num_layers": 3, "if_time_in_day": True, "if_day_in_week": True},
        run_fields={
            "optimizer_params": {"lr": 2e-3, "weight_decay": 1e-4},
            "lr_scheduler_params": {"milestones": [1, 50, 80], "gamma": 0.5},
            "train_batch_size": 64,
        },
        dataset_fields={name: _LARGEST for name in _LARGEST_NODES} | {"SD": {**_LARGEST, "train_batch_size": 32}},
        dataset_model_fields={
            name: {"num_layers": 4, "spatial_hidden_size": size} for name, size in _LARGEST_NODES.items()
        },
        callbacks=_callbacks,
        title="STID (BasicTS 1.1)",
    )
)

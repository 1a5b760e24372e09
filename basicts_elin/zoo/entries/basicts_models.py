"""BasicTS's own models, found by rule, and the settings that some of them need besides the benchmark's recipe."""

import importlib
import importlib.util
import pkgutil
from functools import partial
from pathlib import Path
from typing import Any

from ..registry import ModelEntry, register

_PACKAGE = "basicts.models"

# besides the nodes, iTransformer takes time of day and day of week as tokens
_ITRANSFORMER_TIMESTAMPS = 2


def _auxiliary_loss() -> list[Any]:
    from ...training.protocol.callbacks import AuxiliaryLoss

    return [AuxiliaryLoss()]


def _benchmark_loss() -> list[Any]:
    from ...training.protocol.callbacks import BenchmarkLoss

    return [BenchmarkLoss()]


def _no_training() -> list[Any]:
    from basicts.runners.callback import NoBP

    return [NoBP()]


def _window(**fields: Any) -> dict[str, Any]:
    """Fields whose defaults, made for windows of 96 to 720 steps, do not fit the benchmark's 12."""
    return {"model_fields": fields}


def _unfit(reason: str) -> dict[str, Any]:
    """What BasicTS 1.1.0 ships but cannot run, or not completely."""
    return {"unfit": reason}


# the loss does not depend on some of the parameters
_UNUSED = {"ddp_find_unused_parameters": True}
# softmax attention that is called like ours, and can be replaced
_ATTENTION = {"attention": "matmul"}

_NEEDS: dict[str, dict[str, Any]] = {
    "Autoformer": _window(label_len=6),
    "Crossformer": {**_window(patch_len=6), **_ATTENTION},
    "DUET": {"callbacks": _auxiliary_loss, "run_fields": _UNUSED},
    "FITS": {**_window(cut_freq=6), "callbacks": _benchmark_loss},
    "HI": {"callbacks": _no_training},
    "Informer": _unfit(
        "in BasicTS 1.1.0 it reads the targets that it is to forecast, and uninitialised memory when evaluated"
    ),
    "iTransformer": {
        **_ATTENTION,
        "num_tokens": lambda name, config: config.num_features + _ITRANSFORMER_TIMESTAMPS,
        "compared": ("matmul", "sdpa", "linformer", "linear", "gaussian"),
    },
    "Koopa": _unfit(
        "its spectrum mask is set on an event that BasicTS 1.1.0 never fires and is not kept in the checkpoint, so "
        "that half of the model would forecast zero"
    ),
    "Leddam": _ATTENTION,
    "LightTS": _window(chunk_size=4),
    "NonstationaryTransformer": _window(label_len=6),
    "PatchTST": {**_window(patch_len=3, patch_stride=3), **_ATTENTION},
    "SegRNN": _window(seg_len=3),
    "SOFTS": _unfit("BasicTS 1.1.0 calls its STAR layer with an argument that the layer does not have"),
    "SparseTSF": _window(period_len=3),
    # the recipe of BasicTS 0.5's StemGNN configurations, the same for all six datasets
    "StemGNN": {
        "run_fields": {
            "optimizer_params": {"lr": 4e-4, "weight_decay": 3e-4},
            "lr_scheduler_params": {"milestones": [1, 50], "gamma": 0.5},
            **_UNUSED,
        }
    },
    "TiDE": _window(num_timestamps=2),
    "TimeKAN": {**_window(down_sampling_layers=2), "run_fields": _UNUSED},
    "TimeMixer": _window(down_sampling_layers=2),
    "Timer": _unfit("BasicTS 1.1.0 builds its attention mask for a single node"),
    "TimeXer": {**_window(patch_len=3), **_ATTENTION},
}


def basicts_names() -> list[str]:
    """The models that the installed BasicTS ships, in alphabetical order; none where it is not installed."""
    # not of basicts.models, which would import BasicTS and torch
    found = importlib.util.find_spec("basicts")
    folders = [str(Path(folder, "models")) for folder in found.submodule_search_locations or ()] if found else []
    return sorted((info.name for info in pkgutil.iter_modules(folders)), key=str.lower)


def _classes(name: str) -> tuple[type, type]:
    """The forecasting model and its configuration in BasicTS's package of that name."""
    from basicts.configs import BasicTSModelConfig
    from torch import nn

    package = importlib.import_module(f"{_PACKAGE}.{name}")
    found = [value for value in vars(package).values() if isinstance(value, type)]
    models = {value.__name__: value for value in found if issubclass(value, nn.Module)}
    (config_type,) = (value for value in found if issubclass(value, BasicTSModelConfig))
    return models.get(name) or models[f"{name}ForForecasting"], config_type


# STID has a file of its own
for _name in basicts_names():
    if _name != "STID":
        register(ModelEntry(_name, partial(_classes, _name), **_NEEDS.get(_name, {})))

"""BasicTS's own models, found by rule, and the settings that some of them need besides the benchmark's recipe."""

import importlib
import importlib.util
import pkgutil
from functools import partial
from pathlib import Path
from typing import Any

from .. import window_fields
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


def _unfit(reason: str) -> dict[str, Any]:
    """What BasicTS 1.1.0 ships but cannot run, or not completely."""
    return {"unfit": reason}


def _longer_output(input_len: int, output_len: int) -> str:
    return "it repeats the input, so output_len must be at most input_len" if output_len > input_len else ""


def _different_lengths(input_len: int, output_len: int) -> str:
    reason = "BasicTS 1.1.0 takes the timestamps of wrong steps for the forecast unless input_len = output_len"
    return reason if input_len != output_len else ""


def _odd_input(input_len: int, output_len: int) -> str:
    return "its spectrum needs an even input_len" if input_len % 2 else ""


# the loss does not depend on some of the parameters
_UNUSED = {"ddp_find_unused_parameters": True}
# softmax attention that is called like ours, and can be replaced
_ATTENTION = {"attention": "matmul"}

_NEEDS: dict[str, dict[str, Any]] = {
    "Autoformer": {"window_fields": window_fields.half_as_label},
    "Crossformer": {"window_fields": window_fields.patches, **_ATTENTION},
    "DUET": {"callbacks": _auxiliary_loss, "run_fields": _UNUSED},
    "FITS": {"window_fields": window_fields.frequencies, "callbacks": _benchmark_loss},
    "HI": {"callbacks": _no_training, "unfit_window": _longer_output},
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
    "LightTS": {"window_fields": window_fields.chunks},
    "MTSMixer": {"window_fields": window_fields.halves},
    "NonstationaryTransformer": {"window_fields": window_fields.half_as_label},
    "PatchTST": {"window_fields": window_fields.overlapping_patches, **_ATTENTION},
    "SegRNN": {"window_fields": window_fields.segments},
    "SOFTS": _unfit("BasicTS 1.1.0 calls its STAR layer with an argument that the layer does not have"),
    "SparseTSF": {"window_fields": window_fields.periods},
    # the recipe of BasicTS 0.5's StemGNN configurations, the same for all six datasets
    "StemGNN": {
        "run_fields": {
            "optimizer_params": {"lr": 4e-4, "weight_decay": 3e-4},
            "lr_scheduler_params": {"milestones": [1, 50], "gamma": 0.5},
            **_UNUSED,
        }
    },
    "TiDE": {"model_fields": {"num_timestamps": 2}, "unfit_window": _different_lengths},
    "TimeKAN": {"window_fields": window_fields.coarser_scales, "unfit_window": _odd_input, "run_fields": _UNUSED},
    "TimeMixer": {"window_fields": window_fields.coarser_scales},
    "Timer": _unfit("BasicTS 1.1.0 builds its attention mask for a single node"),
    "TimeXer": {"window_fields": window_fields.whole_patches, **_ATTENTION},
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

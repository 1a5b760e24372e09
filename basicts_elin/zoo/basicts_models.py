"""BasicTS's own models on the benchmark's datasets, found by name: one recipe, and what a model needs besides."""

import copy
import importlib
import pkgutil
from dataclasses import fields
from typing import Any

import basicts.models
from basicts.configs import BasicTSForecastingConfig, BasicTSModelConfig
from basicts.runners.callback import NoBP
from torch import nn

from ..data.catalog import DAYS_PER_WEEK, dataset_facts
from ..errors import UserError
from ..training.protocol.callbacks import AuxiliaryLoss, BenchmarkLoss
from ..training.protocol.recipe import benchmark_config, stid_config

# Model fields whose defaults, made for windows of 96 to 720 steps, do not fit the benchmark's 12.
WINDOW_FIELDS: dict[str, dict[str, Any]] = {
    "Autoformer": {"label_len": 6},
    "Crossformer": {"patch_len": 6},
    "FITS": {"cut_freq": 6},
    "LightTS": {"chunk_size": 4},
    "NonstationaryTransformer": {"label_len": 6},
    "PatchTST": {"patch_len": 3, "patch_stride": 3},
    "SegRNN": {"seg_len": 3},
    "SparseTSF": {"period_len": 3},
    "TiDE": {"num_timestamps": 2},
    "TimeKAN": {"down_sampling_layers": 2},
    "TimeMixer": {"down_sampling_layers": 2},
    "TimeXer": {"patch_len": 3},
}

# of models with parameters that the loss does not depend on
_UNUSED = {"ddp_find_unused_parameters": True}

_RUN_FIELDS: dict[str, dict[str, Any]] = {
    "DUET": {"callbacks": [AuxiliaryLoss()], **_UNUSED},
    "FITS": {"callbacks": [BenchmarkLoss()]},
    "HI": {"callbacks": [NoBP()]},
    # the recipe of BasicTS 0.5's StemGNN configurations, the same for all six datasets
    "StemGNN": {
        "optimizer_params": {"lr": 4e-4, "weight_decay": 3e-4},
        "lr_scheduler_params": {"milestones": [1, 50], "gamma": 0.5},
        **_UNUSED,
    },
    "TimeKAN": _UNUSED,
}

# What BasicTS 1.1.0 ships but cannot run, or not whole.
UNFIT: dict[str, str] = {
    "Informer": "in BasicTS 1.1.0 it reads the targets that it is to forecast, and uninitialised memory when evaluated",
    "Koopa": "its spectrum mask is set on an event that BasicTS 1.1.0 never fires and is not kept in the checkpoint, "
    "so that half of the model would forecast zero",
    "SOFTS": "BasicTS 1.1.0 calls its STAR layer with an argument that the layer does not have",
    "Timer": "BasicTS 1.1.0 builds its attention mask for a single node",
}


def rival_names() -> list[str]:
    """BasicTS's models, those of `UNFIT` too."""
    return sorted((info.name for info in pkgutil.iter_modules(basicts.models.__path__)), key=str.lower)


def rival_config(model: str, dataset: str, **differences: Any) -> BasicTSForecastingConfig:
    """The run of one of BasicTS's models by the benchmark's protocol, with the model's own defaults.

    Args:
        model: a name of `rival_names`, such as "iTransformer".
        dataset: a name of the catalogue.
        differences: see `benchmark_config`.
    Raises: UserError for a model that BasicTS does not have, or cannot run.
    """
    if model not in rival_names():
        raise UserError(f"model: BasicTS has no {model!r}; it has {', '.join(rival_names())}")
    if model in UNFIT:
        raise UserError(f"model: {model} cannot be compared: {UNFIT[model]}")
    if model == "STID":
        return stid_config(dataset, **differences)
    model_type, config_type = _classes(model)
    facts = dataset_facts(dataset)
    offered = {
        "input_len": 12,
        "output_len": 12,
        "num_features": facts.num_nodes,
        "timestamp_sizes": [facts.steps_per_day, DAYS_PER_WEEK],
        **WINDOW_FIELDS.get(model, {}),
    }
    known = {field.name for field in fields(config_type)}
    model_config = config_type(**{name: value for name, value in offered.items() if name in known})
    needed = copy.deepcopy(_RUN_FIELDS.get(model, {}))
    callbacks = [*needed.pop("callbacks", []), *differences.pop("callbacks", [])]
    return benchmark_config(model_type, model_config, dataset, callbacks=callbacks, **{**needed, **differences})


def _classes(model: str) -> tuple[type, type]:
    """The forecasting model and its configuration in BasicTS's package of that name."""
    package = importlib.import_module(f"basicts.models.{model}")
    found = [value for value in vars(package).values() if isinstance(value, type)]
    models = {value.__name__: value for value in found if issubclass(value, nn.Module)}
    (config_type,) = (value for value in found if issubclass(value, BasicTSModelConfig))
    return models.get(model) or models[f"{model}ForForecasting"], config_type

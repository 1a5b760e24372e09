"""Checks of a run's model, optimizer and schedule before it starts."""

import copy
import inspect
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from basicts.configs import BasicTSForecastingConfig

from ...errors import UserError, one_line
from .checkpoint_checks import check_checkpoint
from .failures import is_out_of_memory

# A larger number is a typing error, and would build layers until the memory is full.
_MOST_LAYERS = 1000
_LARGEST = 10**6


def check_model(config: BasicTSForecastingConfig) -> None:
    """Check that model, optimizer and schedule can be built, and the checkpoint to start from, if any.

    Raises: UserError. MemoryError if this machine is too small for the model at the moment.
    """
    _check_sizes(config)
    _check_timestamps(config)
    with _refusals(config):
        model = _sketch(config)
    _check_memory(config, model)
    if any(weights.is_meta for weights in model.parameters()):
        # The sketch also allocates constants: those of GTS on PEMS07 take 5 GiB. Free it before the model is built.
        del model
        with _refusals(config):
            model = config.model(config.model_config)
    _check_optimizer(config, model)
    if config.finetune_from is not None:
        check_checkpoint(config.finetune_from, config)


def _check_sizes(config: BasicTSForecastingConfig) -> None:
    for field, value in config.model_config.items():
        most = _MOST_LAYERS if field.endswith("layers") else _LARGEST
        if isinstance(value, int) and value > most:
            raise UserError(f"model_config.{field}", value, f"{most} or less")


def _check_timestamps(config: BasicTSForecastingConfig) -> None:
    stamps = inspect.signature(config.model.forward).parameters.get("inputs_timestamps")
    if stamps is not None and stamps.default is stamps.empty and not config.dataset_params.get("use_timestamps"):
        raise UserError("use_timestamps", False, f"True: {config.model.__name__} needs time of day and day of week")


@contextmanager
def _refusals(config: BasicTSForecastingConfig) -> Iterator[None]:
    """Turn whatever a model raises for its configuration into a UserError.

    Raises: UserError. MemoryError, which says nothing about the configuration.
    """
    try:
        yield
    except Exception as error:
        # models refuse by assertions, missing keys, or errors of their layers
        if is_out_of_memory(error):
            raise MemoryError(one_line(error)) from error
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        name = config.model.__name__
        raise UserError("model_config", f"{kind}{one_line(error)}", fix=f"set values that {name} accepts") from error


def _sketch(config: BasicTSForecastingConfig) -> torch.nn.Module:
    """The model without memory for its weights. If its construction computes with them, they have memory."""
    try:
        with torch.device("meta"):
            return config.model(copy.deepcopy(config.model_config))
    except (RuntimeError, TypeError, ValueError):
        # torch, numpy and models raise these for tensors without values; a refusal of the configuration is raised again
        pass
    # Not in the clause above: its traceback holds the model that failed.
    return config.model(copy.deepcopy(config.model_config))


def _check_memory(config: BasicTSForecastingConfig, model: torch.nn.Module) -> None:
    """The weights must fit, or the system would kill the process."""
    needed = sum(weights.nbytes for weights in model.state_dict().values())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else math.inf
    if needed > memory:
        raise UserError(
            "model_config",
            f"{config.model.__name__} with {needed / 1e9:.1f} GB of weights",
            f"less than this machine's {memory / 1e9:.1f} GB of memory",
            "choose smaller sizes",
        )


def _check_optimizer(config: BasicTSForecastingConfig, model: torch.nn.Module) -> None:
    """Optimizer and schedule must accept their arguments, and must step without arguments."""
    first = model.parameters()
    for field in ("optimizer", "lr_scheduler"):
        kind, arguments = config[field], config[f"{field}_params"] or {}
        if kind is None:
            continue
        try:
            # names first: their message is clearer
            inspect.signature(kind).bind(first, **arguments)
            first = kind(first, **arguments)
        except Exception as error:
            # torch raises ValueError, TypeError and assertions, or fails in arithmetic
            raise UserError(
                f"{field}_params",
                dict(arguments),
                f"arguments that {kind.__name__} accepts ({one_line(error)})",
                f"use --set {field}_params.NAME=VALUE",
            ) from error
        try:
            inspect.signature(first.step).bind()
        except TypeError as error:
            expected = f"one whose step() needs no arguments: BasicTS passes none ({one_line(error)})"
            raise UserError(field, kind.__name__, expected) from error

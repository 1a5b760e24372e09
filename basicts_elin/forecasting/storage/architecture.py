"""The model that a run's configuration describes, built again without its dataset."""

import importlib
import sys
from collections.abc import Mapping
from typing import Any

from easydict import EasyDict
from torch import nn

from ...errors import UserError, one_line

_OWN, _TRUSTED = "basicts_elin", ("basicts_elin", "basicts")


def build_model(description: Mapping[str, Any], source: object, *, is_own_run: bool) -> nn.Module:
    """A model with new parameters.

    Args:
        description: `model` and `model_config` of a run's `cfg.json`.
        source: the file that it comes from, for messages.
        is_own_run: whether the description was written by a run on this machine. Another one may name any module. It
            is then imported only if it is of BasicTS, of this package, or has been imported before.
    Raises: UserError if the class cannot be imported or is no model.
    """
    try:
        names = description["model"]["module"], description["model"]["name"]
        fields = dict(description["model_config"])
    except (KeyError, TypeError) as error:
        raise UserError(
            source, "no model with its configuration", "cfg.json of a run", "train the run again"
        ) from error
    kind = _imported(*names, source, is_own_run=is_own_run)
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        raise UserError(source, f"{'.'.join(names)}, which is no torch module", "the class of a model")
    config = EasyDict({name: _restored(value, source) for name, value in fields.items()})
    try:
        return kind(config)
    except UserError:
        raise
    except Exception as error:
        # a model may raise anything for a configuration that is not its own
        found = f"a configuration that {names[1]} cannot be built with ({one_line(error)})"
        raise UserError(source, found, "that of the run", "train the run again") from error


def _imported(module: str, name: str, source: object, *, is_own_run: bool) -> Any:
    if not is_own_run and module.partition(".")[0] not in _TRUSTED and module not in sys.modules:
        fix = f"import {module} first, if you trust it"
        raise UserError(source, f"a model of the module {module}", f"one of {', '.join(_TRUSTED)}", fix)
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        expected = "a class that can be imported"
        raise UserError(source, f"model {module}.{name}: {one_line(error)}", expected, "install its package") from error


def _restored(value: Any, source: object) -> Any:
    """A field of the model's configuration. An object in it is built again only if its class is of this package.

    It is built without arguments: those in a file that came from elsewhere may name a folder with code.
    """
    if not (isinstance(value, Mapping) and {"name", "module"} <= value.keys()):
        return value
    module, name = str(value["module"]), str(value["name"])
    kind = getattr(importlib.import_module(module), name, None) if module.partition(".")[0] == _OWN else None
    if not isinstance(kind, type) or kind.__module__ != module or value.get("params"):
        raise UserError(source, f"an object of {module}.{name}", "plain values")
    return kind()

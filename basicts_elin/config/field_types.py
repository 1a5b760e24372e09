"""Checks that the values of a configuration have the types that BasicTS declares, which it does not check itself."""

import dataclasses
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin

from basicts.configs import BasicTSForecastingConfig

from ..errors import UserError
from .overrides import CLASSES

# fields that BasicTS accepts None for, without declaring it
_MAY_BE_NONE = {"seed", "ckpt_save_strategy"}


def check_types(config: BasicTSForecastingConfig) -> None:
    """Raise UserError if a field has another type."""
    for field in dataclasses.fields(config):
        if field.name.startswith("_"):
            continue
        value = config[field.name]
        if value is None and (field.default is None or field.name in _MAY_BE_NONE):
            continue
        if not _fits(value, field.type):
            name = str(field.type).replace("typing.", "")
            expected = name if get_args(field.type) else getattr(field.type, "__name__", name)
            raise UserError(field.name, repr(value), expected)
        needed = CLASSES.get(field.name)
        if needed and not issubclass(value, needed):
            raise UserError(field.name, value.__name__, f"a subclass of {needed.__name__}")


def _fits(value: Any, declared: Any) -> bool:
    kind, inner = get_origin(declared) or declared, get_args(declared)
    if kind is Union:
        return any(_fits(value, other) for other in inner)
    if kind is Literal:
        return value in inner
    if kind is Callable:
        return callable(value)
    if kind is list:
        return isinstance(value, (list, tuple)) and all(_fits(item, inner[0]) for item in value)
    # the elements of a tuple are not checked
    return not isinstance(kind, type) or isinstance(value, (int, float) if kind is float else kind)

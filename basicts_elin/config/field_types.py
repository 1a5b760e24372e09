"""Whether the values of a configuration have the types that BasicTS declares; it does not look itself."""

import dataclasses
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin

from basicts.configs import BasicTSForecastingConfig

from ..errors import UserError
from .overrides import CLASSES

# which BasicTS takes without declaring it
_MAY_BE_NONE = {"seed", "ckpt_save_strategy"}


def check_types(config: BasicTSForecastingConfig) -> None:
    """Raise UserError for a field of another type."""
    for field in dataclasses.fields(config):
        if field.name.startswith("_"):
            continue
        value = config[field.name]
        if value is None and (field.default is None or field.name in _MAY_BE_NONE):
            continue
        if not _fits(value, field.type):
            expected = str(field.type).replace("typing.", "") if get_args(field.type) else field.type.__name__
            raise UserError(f"{field.name}={value!r} in the configuration; expected {expected}")
        needed = CLASSES.get(field.name)
        if needed and not issubclass(value, needed):
            raise UserError(f"{field.name}={value.__name__} in the configuration; expected a {needed.__name__}")


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
    # what a tuple consists of matters to nobody but BasicTS
    return not isinstance(kind, type) or isinstance(value, (int, float) if kind is float else kind)

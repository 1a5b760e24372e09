"""A resolved configuration as text: one field per line."""

import ast
import inspect
from typing import Any

from basicts.configs import BasicTSForecastingConfig

from ..version import __version__

CONFIG_TEXT = "config.txt"

# shortcuts, whose values are stored in other fields, and what follows from gpus
_DERIVED = {"lr", "batch_size", "memmap", "gpu_num"}


def describe(config: BasicTSForecastingConfig) -> str:
    """Lines field=value, as `--set` takes them. Objects, which only a configuration file can set, are comments."""
    lines = [
        f"# {config.model.__name__} on {config.dataset_name}, basicts-elin {__version__}",
        "# --set takes each line; --gpus and --seed set those two; objects are set in a configuration file",
    ]
    for name, value in config.items():
        if name.startswith("_") or name in _DERIVED:
            continue
        if isinstance(value, dict):
            # BasicTS copies these from the field of the same name, which is shown instead
            shown = {other for other in config if other not in _DERIVED and config[other] is not None}
            lines += [_line(f"{name}.{inner}", value[inner]) for inner in value if inner not in shown]
        else:
            lines.append(_line(name, value))
    return "\n".join(lines) + "\n"


def _line(name: str, value: Any) -> str:
    comment = "# " if name in ("gpus", "seed") or is_object(value) else ""
    return f"{comment}{name}={_text(value)}"


def is_object(value: Any) -> bool:
    """True for a value that no text can set, and for a list that holds one."""
    if isinstance(value, (list, tuple)):
        return any(map(is_object, value))
    return not isinstance(value, (bool, int, float, str, type, type(None)))


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_text(item) if is_object(item) else repr(item) for item in value) + "]"
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, str):
        return repr(value) if _is_literal(value) else value
    if inspect.isroutine(value):
        return f"{value.__module__}.{value.__qualname__}"
    if is_object(value):
        names = inspect.signature(type(value).__init__).parameters
        arguments = ", ".join(f"{name}={vars(value)[name]!r}" for name in names if name in vars(value))
        return f"{type(value).__name__}({arguments})"
    return repr(value)


def _is_literal(text: str) -> bool:
    """True for a string that `--set` would read as another type, such as "0"."""
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return True

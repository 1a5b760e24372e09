"""New values for fields of a configuration, by name, with the type of each checked."""

import copy
import dataclasses
import importlib
import inspect
from collections.abc import Collection
from typing import Any, Literal, Optional, Union, get_args, get_origin

from basicts.configs import BasicTSForecastingConfig
from basicts.scaler import BasicTSScaler
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import Dataset

from ..errors import UserError, nearest, one_line
from .describe import is_object
from .lengths import is_count, usual_horizons
from .own_fields import OWN_FIELDS, remove_defaults

# groups of arguments, each with the field that holds the class; a group may have any argument of its class
_ARGUMENTS_OF = {"optimizer_params": "optimizer", "lr_scheduler_params": "lr_scheduler"}
CLASSES = {
    "model": nn.Module,
    "optimizer": Optimizer,
    "lr_scheduler": LRScheduler,
    "scaler": BasicTSScaler,
    "dataset_type": Dataset,
}

_PLAIN = (bool, int, float, str, list, tuple)


def with_overrides(config: BasicTSForecastingConfig, overrides: dict[str, Any]) -> BasicTSForecastingConfig:
    """A new configuration with other values for some fields; `config` is not changed.

    A new one is built because BasicTS derives parts of it (folder, optimizer parameters, hash) on construction.

    Args:
        overrides: field name to value. A dotted name reaches into `model_config`, `optimizer_params` and the like. A
            plain name that only the model's configuration has reaches into that. Classes are given by their dotted
            path. With a new optimizer or schedule, arguments that it does not take are removed.
    Raises: UserError for an unknown field, with the nearest known ones, and for a value of another type than the
        field's.
    """
    # every field keeps its place, because BasicTS's hash depends on the order
    fields = copy.deepcopy({name: value for name, value in config.items() if not name.startswith("_")})
    if fields["ckpt_save_dir"] == _default_folder(fields):
        fields["ckpt_save_dir"] = None
    # their values are also in optimizer_params and in the three batch sizes, and would win over overrides of those
    fields["lr"] = fields["batch_size"] = None
    for name in OWN_FIELDS:
        fields.setdefault(name, None)
    before = fields["output_len"]
    # classes first, because their arguments depend on them
    for name in sorted(overrides, key=lambda name: name not in _ARGUMENTS_OF.values()):
        _override(fields, _types(config), name, overrides[name])
    remove_defaults(fields)
    _adapt_horizons(fields, before, overrides)
    try:
        changed = type(config)(**fields)
    except Exception as error:
        # BasicTS inspects the parameters of the classes
        found = one_line(error)
        raise UserError(f"--set {' '.join(overrides)}", found, "values that BasicTS accepts", "omit it") from error

    if config.get("_dataset") is not None:
        changed["_dataset"] = config["_dataset"]
    return changed


def _adapt_horizons(fields: dict[str, Any], before: Any, overrides: dict[str, Any]) -> None:
    """Other steps out have their own usual horizons. Horizons that the user chose stay."""
    now = fields["output_len"]
    if "eval_horizons" in overrides or now == before or not (is_count(before) and is_count(now)):
        return
    if fields["eval_horizons"] is not None and list(fields["eval_horizons"]) == usual_horizons(before):
        fields["eval_horizons"] = usual_horizons(now)


def _override(fields: dict[str, Any], types: dict[str, Any], name: str, value: Any) -> None:
    group, dot, last = name.rpartition(".")
    option = f"--set {name}"
    if isinstance(fields.get(group), dict) and fields.get(last) is not None:
        raise UserError(option, group, f"the field {last}, which BasicTS copies into it", f"--set {last}={value}")
    if not dot and last not in fields and last in fields["model_config"]:
        group = "model_config"
    holder: dict[str, Any] = fields
    known: Collection[str] = {*fields, *fields["model_config"]}
    if dot or group:
        holder, known = _group(fields, group, option)
        types = _types(holder)
    if last not in known:
        _refuse_unknown(option, group, last, known)
    current = holder.get(last)
    if isinstance(current, dict):
        example = next(iter(current), "name")
        raise UserError(option, "a group of fields", "a field", f"set one of them, such as {name}.{example}")
    # A loss that is an object can be replaced by the name of one.
    if is_object(current) and not (last == "loss" and isinstance(value, str)):
        raise UserError(option, "objects, which have no text", "a plain value", "set it in a configuration file")
    holder[last] = _of_type(name, current, value, types.get(last))
    for arguments, of in _ARGUMENTS_OF.items():
        if not group and last == of and fields[last] is not None:
            taken = _parameters(fields[last])
            fields[arguments] = {key: kept for key, kept in (fields[arguments] or {}).items() if key in taken}


def _refuse_unknown(option: str, group: str, last: str, known: Collection[str]) -> None:
    like = nearest(last, known)
    if group:
        raise UserError(option, f"no field {last!r} in {group}", f"one of {_listed(known)}{like}")
    # too many to list
    raise UserError(option, f"no field {last!r}", f"a field of the configuration{like}", "--print-config prints them")


def _group(fields: dict[str, Any], group: str, option: str) -> tuple[dict[str, Any], Collection[str]]:
    """A group of fields, and the names that it may have."""
    content = fields.get(group)
    if not isinstance(content, dict):
        groups = [other for other, inner in fields.items() if isinstance(inner, dict)]
        raise UserError(option, f"no group {group!r}", f"one of {_listed(groups)}{nearest(group, groups)}")
    arguments_of = fields.get(_ARGUMENTS_OF.get(group, ""))
    return content, {*content, *(_parameters(arguments_of) if arguments_of else ())}


def _parameters(arguments_of: type) -> set[str]:
    # BasicTS gives the first one: the model's parameters, or the optimizer
    return set(list(inspect.signature(arguments_of).parameters)[1:])


def _types(holder: Any) -> dict[str, Any]:
    """The declared type of each field."""
    return {field.name: field.type for field in dataclasses.fields(holder)} if dataclasses.is_dataclass(holder) else {}


def _of_type(name: str, current: Any, value: Any, declared: Any) -> Any:
    """`value`, as a float if one is expected. UserError unless it has the current value's or the declared type."""
    if get_origin(declared) is Literal:
        if value not in get_args(declared):
            raise UserError(f"--set {name}", repr(value), " or ".join(map(repr, get_args(declared))))
        return value
    several = get_origin(declared) is Union
    kinds = [get_origin(kind) or kind for kind in (get_args(declared) if several else [declared])]
    if value is None and (current is None or type(None) in kinds):
        return None
    if type in kinds:
        return _class(name, value)
    allowed = [kind for kind in kinds if kind in _PLAIN] if several or current is None else []
    if current is not None and type(current) not in allowed:
        allowed.append(type(current))
    if isinstance(current, (list, tuple)) and isinstance(value, (list, tuple)):
        # the elements of a list have the type of those that they replace
        like = {type(item): item for item in current}
        item = next(iter(like.values())) if len(like) == 1 else None
        return type(current)(value if item is None else (_of_type(name, item, new, None) for new in value))
    if not allowed or type(value) in allowed:
        return value
    if float in allowed and (number := _number(value)) is not None:
        return number
    expected = " or ".join(kind.__name__ for kind in allowed)
    example = "" if current is None else f", such as {current!r}"
    raise UserError(f"--set {name}", f"{value!r}, of type {type(value).__name__}", expected + example)


def _number(value: Any) -> Optional[float]:
    """A whole number, or a text such as nan or inf, as a float; None if it is neither."""
    if type(value) not in (int, str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _class(name: str, path: Any) -> type:
    """The class at a dotted path, of the kind that the field needs."""
    module, _, attribute = str(path).rpartition(".")
    needed = CLASSES.get(name, object)
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except (ImportError, TypeError, ValueError):
        # no such module; a relative path; an empty one
        found = None
    if not isinstance(found, type) or not issubclass(found, needed):
        kind = "class" if needed is object else f"{needed.__name__} class"
        raise UserError(f"--set {name}", repr(path), f"the dotted path of a {kind}, such as torch.optim.AdamW")
    return found


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(name for name in names if not name.startswith("_")))


def _default_folder(fields: dict[str, Any]) -> str:
    """BasicTS's own name for the checkpoint folder, which follows the fields unless the user chose another one."""
    lengths = "_".join(str(fields[name]) for name in ("num_epochs", "input_len", "output_len"))
    return f"checkpoints/{fields['model'].__name__}/{fields['dataset_name']}_{lengths}"

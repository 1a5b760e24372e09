"""Other values of some fields of a configuration, by name, with the type of each checked."""

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

# groups of arguments of a class, which may have any that the class takes: the field that holds the class
_ARGUMENTS_OF = {"optimizer_params": "optimizer", "lr_scheduler_params": "lr_scheduler"}
CLASSES = {
    "model": nn.Module,
    "optimizer": Optimizer,
    "lr_scheduler": LRScheduler,
    "scaler": BasicTSScaler,
    "dataset_type": Dataset,
}

_PLAIN = (bool, int, float, str, list, tuple)


def with_changes(config: BasicTSForecastingConfig, changes: dict[str, Any]) -> BasicTSForecastingConfig:
    """A new configuration with other values of some fields; `config` stays as it is.

    A new one is built because BasicTS derives parts of it (folder, optimizer parameters, hash) when it is made.

    Args:
        changes: field name to value; a dotted name reaches into `model_config`, `optimizer_params` and the like, and a
            plain one that only the model's configuration has, into that. Classes by their dotted path; arguments of an
            optimizer or scheduler that another one does not take go with it.
    Raises: UserError for an unknown field, with the nearest known ones, and for a value of another type than the
        field's.
    """
    # every field keeps its place, because BasicTS's hash depends on the order
    fields = copy.deepcopy({name: value for name, value in config.items() if not name.startswith("_")})
    if fields["ckpt_save_dir"] == _default_folder(fields):
        fields["ckpt_save_dir"] = None
    # these two are already in optimizer_params and the three batch sizes, and would win over changes of them
    fields["lr"] = fields["batch_size"] = None
    # a field that BasicTS does not have; without it a run has the hash that it always had
    fields.setdefault("precision", None)
    # classes first, because their arguments depend on them
    for name in sorted(changes, key=lambda name: name not in _ARGUMENTS_OF.values()):
        _change(fields, _types(config), name, changes[name])
    if fields["precision"] in (None, "fp32"):
        del fields["precision"]
    try:
        changed = type(config)(**fields)
    except Exception as error:
        # BasicTS looks at the parameters of the classes that were set
        raise UserError(f"--set {' '.join(changes)}: BasicTS refuses it ({one_line(error)}); change it back") from error

    if config.get("_dataset") is not None:
        changed["_dataset"] = config["_dataset"]
    return changed


def _change(fields: dict[str, Any], types: dict[str, Any], name: str, value: Any) -> None:
    group, dot, last = name.rpartition(".")
    if group in ("model_config", "dataset_params") and fields.get(last) is not None:
        raise UserError(f"--set {name}: BasicTS takes it from the field {last}; use --set {last}={value}")
    if not dot and last not in fields and last in fields["model_config"]:
        group = "model_config"
    holder, known = fields, {*fields, *fields["model_config"]}
    if dot or group:
        holder, known = _group(fields, group, name)
        types = _types(holder)
    if last not in known:
        others = f"it has {_listed(known)}" if group else "--print-config prints them"
        where = group or "configuration"
        raise UserError(f"--set {name}: the {where} has no field {last!r}{nearest(last, known)}; {others}")
    current = holder.get(last)
    if isinstance(current, dict):
        example = next(iter(current), "name")
        raise UserError(f"--set {name}: it is a group of fields; set one of them, such as {name}.{example}")
    if is_object(current):
        raise UserError(f"--set {name}: it holds objects, which have no text; change it in a configuration file")
    holder[last] = _of_type(name, current, value, types.get(last))
    for arguments, of in _ARGUMENTS_OF.items():
        if not group and last == of and fields[last] is not None:
            taken = _parameters(fields[last])
            fields[arguments] = {key: kept for key, kept in (fields[arguments] or {}).items() if key in taken}


def _group(fields: dict[str, Any], group: str, name: str) -> tuple[dict[str, Any], Collection[str]]:
    """A group of fields, and the names that it may have."""
    content = fields.get(group)
    if not isinstance(content, dict):
        groups = [other for other, inner in fields.items() if isinstance(inner, dict)]
        like = nearest(group, groups)
        raise UserError(f"--set {name}: {group!r} is no group of fields{like}; groups are {_listed(groups)}")
    arguments_of = fields.get(_ARGUMENTS_OF.get(group))
    return content, {*content, *(_parameters(arguments_of) if arguments_of else ())}


def _parameters(arguments_of: type) -> set[str]:
    # the first one is what BasicTS gives: the model's parameters, the optimizer
    return set(list(inspect.signature(arguments_of).parameters)[1:])


def _types(holder: Any) -> dict[str, Any]:
    """The declared type of each field."""
    return {field.name: field.type for field in dataclasses.fields(holder)} if dataclasses.is_dataclass(holder) else {}


def _of_type(name: str, current: Any, value: Any, declared: Any) -> Any:
    """`value`, a float where one is expected; UserError if it has not the type of the current value or declaration."""
    if get_origin(declared) is Literal:
        if value not in get_args(declared):
            raise UserError(f"--set {name}={value!r}: expected {' or '.join(map(repr, get_args(declared)))}")
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
        # a list is like the one that it replaces, element by element
        like = {type(item): item for item in current}
        item = next(iter(like.values())) if len(like) == 1 else None
        return type(current)(value if item is None else (_of_type(name, item, new, None) for new in value))
    if not allowed or type(value) in allowed:
        return value
    if float in allowed and (number := _number(value)) is not None:
        return number
    expected = " or ".join(kind.__name__ for kind in allowed)
    example = "" if current is None else f", as in {current!r}"
    raise UserError(f"--set {name}={value!r}: {type(value).__name__} given, {expected} expected{example}")


def _number(value: Any) -> Optional[float]:
    """A whole number, or a text such as nan or inf, as a float."""
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
        raise UserError(f"--set {name}={path!r}: no such {kind}; expected a dotted path such as torch.optim.AdamW")
    return found


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(name for name in names if not name.startswith("_")))


def _default_folder(fields: dict[str, Any]) -> str:
    """BasicTS's own name of the checkpoint folder, which follows the fields unless the user chose another."""
    lengths = "_".join(str(fields[name]) for name in ("num_epochs", "input_len", "output_len"))
    return f"checkpoints/{fields['model'].__name__}/{fields['dataset_name']}_{lengths}"

"""Other values of some fields of a configuration, by name, with the type of each checked."""

import copy
import dataclasses
import importlib
import inspect
from collections.abc import Collection
from typing import Any, Literal, Union, get_args, get_origin

from basicts.configs import BasicTSForecastingConfig

from ..errors import UserError, nearest
from .describe import is_object

# groups of arguments of a class, which may have any that the class has: the field that holds the class
_ARGUMENTS_OF = {"optimizer_params": "optimizer", "lr_scheduler_params": "lr_scheduler"}

_PLAIN = (bool, int, float, str, list, tuple)


def with_changes(config: BasicTSForecastingConfig, changes: dict[str, Any]) -> BasicTSForecastingConfig:
    """A new configuration with other values of some fields; `config` stays as it is.

    A new one is built because BasicTS derives parts of it (folder, optimizer parameters, hash) when it is made.

    Args:
        changes: field name to value; a dotted name reaches into `model_config`, `optimizer_params` and the like, and a
            plain one that only the model's configuration has, into that. Classes by their dotted path.
    Raises: UserError for an unknown field, with the nearest known ones, and for a value of another type than the
        field's.
    """
    # every field keeps its place, because BasicTS's hash depends on the order
    fields = copy.deepcopy({name: value for name, value in config.items() if not name.startswith("_")})
    if fields["ckpt_save_dir"] == _default_folder(fields):
        fields["ckpt_save_dir"] = None
    # these two are already in optimizer_params and the three batch sizes, and would win over changes of them
    fields["lr"] = fields["batch_size"] = None
    for name, value in changes.items():
        _change(fields, _types(config), name, value)
    return type(config)(**fields)


def _types(holder: Any) -> dict[str, Any]:
    """The declared type of each field."""
    return {field.name: field.type for field in dataclasses.fields(holder)} if dataclasses.is_dataclass(holder) else {}


def _change(fields: dict[str, Any], types: dict[str, Any], name: str, value: Any) -> None:
    *parents, last = name.split(".")
    if parents and fields.get(last) is not None:
        raise UserError(f"--set {name}: BasicTS takes it from the field {last}; use --set {last}={value}")
    holder, where, known = fields, "configuration", {*fields, *fields["model_config"]}
    for parent in parents:
        if not isinstance(holder.get(parent), dict):
            groups = [group for group, content in holder.items() if isinstance(content, dict)]
            like = nearest(parent, groups)
            raise UserError(f"--set {name}: {parent!r} is no group of fields{like}; groups are {_listed(groups)}")
        known = _known(holder, parent)
        holder, where = holder[parent], parent
        types = _types(holder)
    if not parents and last not in holder and last in fields["model_config"]:
        holder = fields["model_config"]
        types = _types(holder)
    if last not in known:
        names = "--print-config prints them" if not parents else f"it has {_listed(known)}"
        raise UserError(f"--set {name}: the {where} has no field {last!r}{nearest(last, known)}; {names}")
    if is_object(holder.get(last)):
        raise UserError(f"--set {name}: it holds objects, which have no text; change it in a configuration file")
    holder[last] = _of_type(name, holder.get(last), value, types.get(last))


def _known(holder: dict[str, Any], group: str) -> Collection[str]:
    """The fields of a group; for the arguments of a class, all that the class takes."""
    arguments_of = holder.get(_ARGUMENTS_OF.get(group))
    taken = inspect.signature(arguments_of).parameters if arguments_of else {}
    return {*holder[group], *taken} - {"params", "optimizer"}


def _of_type(name: str, current: Any, value: Any, declared: Any) -> Any:
    """`value`, a float where one is expected; UserError if it has not the type of the current value or declaration."""
    if get_origin(declared) is Literal:
        if value not in get_args(declared):
            raise UserError(f"--set {name}={value!r}: expected {' or '.join(map(repr, get_args(declared)))}")
        return value
    kinds = [get_origin(kind) or kind for kind in (get_args(declared) if get_origin(declared) is Union else [declared])]
    if type in kinds and isinstance(value, str):
        return _class(name, value)
    allowed = [type(current)] if current is not None else [kind for kind in kinds if kind in _PLAIN]
    if value is None or not allowed or type(value) in allowed:
        return value
    if float in allowed and type(value) is int:
        return float(value)
    if isinstance(current, (list, tuple)) and isinstance(value, (list, tuple)):
        return type(current)(value)
    expected = " or ".join(kind.__name__ for kind in allowed)
    example = "" if current is None else f", as in {current!r}"
    raise UserError(f"--set {name}={value!r}: {type(value).__name__} given, {expected} expected{example}")


def _class(name: str, path: str) -> type:
    module, _, attribute = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute, None) if module else None
    except ImportError:
        found = None
    if not isinstance(found, type):
        raise UserError(f"--set {name}={path!r}: no such class; expected a dotted path such as torch.optim.AdamW")
    return found


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(name for name in names if not name.startswith("_")))


def _default_folder(fields: dict[str, Any]) -> str:
    """BasicTS's own name of the checkpoint folder, which follows the fields unless the user chose another."""
    lengths = "_".join(str(fields[name]) for name in ("num_epochs", "input_len", "output_len"))
    return f"checkpoints/{fields['model'].__name__}/{fields['dataset_name']}_{lengths}"

"""Configurations as files: loading `CFG` by path, and changing fields of it before a run."""

import copy
import dataclasses
import importlib.util
from pathlib import Path
from typing import Any, get_args

from basicts.configs import BasicTSForecastingConfig

from ..errors import UserError


def load_config(path: str) -> BasicTSForecastingConfig:
    """The `CFG` of a Python file.

    Raises: UserError where there is no such file, or no BasicTS forecasting configuration named CFG in it.
    """
    file = Path(path)
    if not file.is_file():
        raise UserError(f"config file {path} is missing or no file; expected a file with CFG = benchmark_config()")
    spec = importlib.util.spec_from_file_location(f"basicts_elin_config_{file.stem}", file)
    if spec is None:
        raise UserError(f"config file {path} is not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise UserError(f"config file {path} has a syntax error in line {error.lineno}: {error.msg}") from error
    except ImportError as error:
        raise UserError(f"config file {path} imports something that is not there: {error}") from error
    except UserError:
        raise
    except Exception as error:
        # whatever the user's code raises, such as a TypeError for a misspelt field
        raise UserError(f"config file {path} fails with {type(error).__name__}: {error}") from error
    config = getattr(module, "CFG", None)
    if not isinstance(config, BasicTSForecastingConfig):
        found = "nothing named CFG" if config is None else f"CFG of type {type(config).__name__}"
        raise UserError(f"config file {path} holds {found}; expected CFG = benchmark_config(...)")
    return config


def with_changes(config: BasicTSForecastingConfig, changes: dict[str, Any]) -> BasicTSForecastingConfig:
    """A new configuration with other values of some fields; `config` stays as it is.

    A new one is built because BasicTS derives parts of it (folder, optimizer parameters, hash) when it is made.

    Args:
        changes: field name to value; a dotted name reaches into `model_config`, `optimizer_params` and the like, and a
            plain one that only the model's configuration has, into that.
    Raises: UserError for an unknown field and for a value of another type than the field's.
    """
    # every field keeps its place, because BasicTS's hash depends on the order
    fields = copy.deepcopy({name: value for name, value in config.items() if not name.startswith("_")})
    if fields["ckpt_save_dir"] == _default_folder(fields):
        fields["ckpt_save_dir"] = None
    # these two are already in optimizer_params and the three batch sizes, and would win over changes of them
    fields["lr"] = fields["batch_size"] = None
    types = {field.name: field.type for field in dataclasses.fields(config)}
    for name, value in changes.items():
        _change(fields, types, name, value)
    return type(config)(**fields)


def _change(fields: dict[str, Any], types: dict[str, Any], name: str, value: Any) -> None:
    *parents, last = name.split(".")
    if parents and fields.get(last) is not None:
        raise UserError(f"--set {name}: BasicTS takes it from the field {last}; use --set {last}={value}")
    holder, where = fields, "configuration"
    for parent in parents:
        if not isinstance(holder.get(parent), dict):
            raise UserError(f"--set {name}: {parent!r} is no group of fields; groups are {_listed(_groups(holder))}")
        holder, where = holder[parent], parent
    if not parents and last not in holder and last in fields["model_config"]:
        holder = fields["model_config"]
    if last not in holder:
        raise UserError(f"--set {name}: the {where} has no field {last!r}; it has {_listed(holder)}")
    holder[last] = _of_type(name, holder[last], value, types.get(name))


def _of_type(name: str, current: Any, value: Any, declared: Any) -> Any:
    """`value`, a float where one is expected; UserError if it has not the type of the current value or declaration."""
    declared = [kind for kind in (get_args(declared) or (declared,)) if kind in (bool, int, float, str)]
    allowed = declared if current is None else [type(current)]
    if value is None or not allowed or type(value) in allowed:
        return value
    if float in allowed and type(value) is int:
        return float(value)
    if isinstance(current, (list, tuple)) and isinstance(value, (list, tuple)):
        return type(current)(value)
    expected = " or ".join(kind.__name__ for kind in allowed)
    example = "" if current is None else f", as in {current!r}"
    raise UserError(f"--set {name}={value!r}: {type(value).__name__} given, {expected} expected{example}")


def _groups(fields: dict[str, Any]) -> list[str]:
    return [name for name, value in fields.items() if isinstance(value, dict)]


def _listed(names: Any) -> str:
    return ", ".join(sorted(name for name in names if not name.startswith("_")))


def _default_folder(fields: dict[str, Any]) -> str:
    """BasicTS's own name of the checkpoint folder, which follows the fields unless the user chose another."""
    lengths = "_".join(str(fields[name]) for name in ("num_epochs", "input_len", "output_len"))
    return f"checkpoints/{fields['model'].__name__}/{fields['dataset_name']}_{lengths}"

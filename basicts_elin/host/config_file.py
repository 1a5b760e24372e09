"""Configurations as files: loading `CFG` by path, and changing fields of it before a run."""

import copy
import importlib.util
from pathlib import Path
from typing import Any

from basicts.configs import BasicTSForecastingConfig

from ..errors import UserError


def load_config(path: str) -> BasicTSForecastingConfig:
    """The `CFG` of a Python file.

    Raises: UserError where there is no such file, or no BasicTS forecasting configuration named CFG in it.
    """
    file = Path(path)
    if not file.is_file():
        raise UserError(f"config file {path} is missing; expected a Python file with CFG = benchmark_config(...)")
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
    config = getattr(module, "CFG", None)
    if not isinstance(config, BasicTSForecastingConfig):
        found = "nothing named CFG" if config is None else f"CFG of type {type(config).__name__}"
        raise UserError(f"config file {path} holds {found}; expected CFG = benchmark_config(...)")
    return config


def with_changes(config: BasicTSForecastingConfig, changes: dict[str, Any]) -> BasicTSForecastingConfig:
    """A new configuration with other values of some fields; `config` stays as it is.

    A new one is built because BasicTS derives parts of it (folder, optimizer parameters, hash) when it is made.

    Args:
        changes: field name to value; a dotted name reaches into `model_config`, `optimizer_params` and the like.
    Raises: UserError for an unknown field.
    """
    fields = copy.deepcopy({name: value for name, value in config.items() if not name.startswith("_")})
    derived = _default_folder(fields)
    keep_folder = fields.pop("ckpt_save_dir") != derived
    if keep_folder:
        fields["ckpt_save_dir"] = config.ckpt_save_dir
    for name, value in changes.items():
        _change(fields, name, value)
        # the shortcut of an earlier build would win over the new value
        shortcut = name.rpartition(".")[2]
        if "." in name and fields.get(shortcut) is not None:
            fields[shortcut] = None
    fields.pop("gpu_num")
    return type(config)(**fields)


def _change(fields: dict[str, Any], name: str, value: Any) -> None:
    *parents, last = name.split(".")
    holder, where = fields, "configuration"
    for parent in parents:
        if not isinstance(holder.get(parent), dict):
            raise UserError(f"--set {name}: {parent!r} is no group of fields; groups are {_listed(_groups(holder))}")
        holder, where = holder[parent], parent
    if not parents and last not in holder and last in fields["model_config"]:
        holder = fields["model_config"]
    if last not in holder:
        raise UserError(f"--set {name}: the {where} has no field {last!r}; it has {_listed(holder)}")
    holder[last] = _of_type(name, holder[last], value)


def _of_type(name: str, current: Any, value: Any) -> Any:
    """`value`, as a float where one is expected; UserError where it is of another type than the current value."""
    if current is None or value is None or type(value) is type(current):
        return value
    if isinstance(current, float) and type(value) is int:
        return float(value)
    if isinstance(current, (list, tuple)) and isinstance(value, (list, tuple)):
        return type(current)(value)
    expected = type(current).__name__
    raise UserError(f"--set {name}={value!r}: {type(value).__name__} given, {expected} expected, as in {current!r}")


def _groups(fields: dict[str, Any]) -> list[str]:
    return [name for name, value in fields.items() if isinstance(value, dict)]


def _listed(names: Any) -> str:
    return ", ".join(sorted(name for name in names if not name.startswith("_")))


def _default_folder(fields: dict[str, Any]) -> str:
    """BasicTS's own name of the checkpoint folder, which follows the fields unless the user chose another."""
    lengths = "_".join(str(fields[name]) for name in ("num_epochs", "input_len", "output_len"))
    return f"checkpoints/{fields['model'].__name__}/{fields['dataset_name']}_{lengths}"

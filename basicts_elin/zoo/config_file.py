"""Reads configurations from files, or finds them by the names of a model and a dataset."""

import importlib.util
from pathlib import Path
from typing import Optional

from basicts.configs import BasicTSForecastingConfig

from ..config.field_types import check_types
from ..errors import UserError, one_line
from ..legacy.checkout import source_of_path
from ..legacy.translation import legacy_config
from .registry import LEGACY, config_for, find, suggestion

FOLDER = "baselines_cfg"
_EXPECTED = "a file with CFG = benchmark_config(...), or MODEL/DATASET with a model that `basicts-elin list` offers"


def load_config(path: str, **lengths: int) -> BasicTSForecastingConfig:
    """The configuration that the user names.

    Args:
        path: a Python file with `CFG`, or one of a BasicTS 0.5 checkout; or `<Model>/<Dataset>` or
            `legacy/<Model>/<Dataset>`, also written as `baselines_cfg/<Model>/<Dataset>.py`. A file of that path in the
            working folder takes precedence over the registry.
        lengths: `input_len` and `output_len` that a model by name is built for, in place of the recipe's.
    Raises: UserError if there is neither such a file nor such a model, and for a file without a configuration.
    """
    file = config_file(path)
    if file is None:
        return _by_name(path, lengths)
    source = source_of_path(file)
    return legacy_config(source) if source else _of_file(file)


def config_file(path: str) -> Optional[Path]:
    """The file that `path` stands for; None where it is a name of the registry."""
    if Path(path).exists():
        return Path(path)
    names = _names(path)
    file = Path(FOLDER, f"{names}.py")
    return file if names and file.is_file() else None


def config_name(path: str) -> str:
    """The origin of a configuration, for the record of a run: the file, or the names."""
    file = config_file(path)
    if file:
        return str(file.resolve())
    model, _, dataset = _names(path).rpartition("/")
    found = find(model)
    return f"{found.name}/{dataset}" if found else path


def _names(path: str) -> str:
    """`<Model>/<Dataset>` or `legacy/<Model>/<Dataset>`; "" for the path of a file elsewhere."""
    file = Path(path)
    folders, dataset = file.parts[:-1], file.name.removesuffix(".py")
    if FOLDER in folders:
        # the last match, because the path to the repository may contain any names
        folders = folders[len(folders) - folders[::-1].index(FOLDER) :]
    is_name = len(folders) == 1 or (len(folders) == 2 and f"{folders[0]}/" == LEGACY)
    return "/".join((*folders, dataset)) if is_name else ""


def _by_name(path: str, lengths: dict[str, int]) -> BasicTSForecastingConfig:
    model, _, dataset = _names(path).rpartition("/")
    if not model or find(model) is None:
        like = suggestion(model, f"/{dataset}") if model else ""
        raise UserError(f"config file {path}", "missing", _EXPECTED + like)
    # a legacy model has the lengths of its own configuration
    return config_for(model, dataset, **({} if model.startswith(LEGACY) else lengths))


def _of_file(file: Path) -> BasicTSForecastingConfig:
    """The `CFG` of a Python file."""
    field = f"config file {file}"
    if not file.is_file():
        raise UserError(field, "a folder", _EXPECTED)
    spec = importlib.util.spec_from_file_location(f"basicts_elin_config_{file.stem}", file)
    if spec is None:
        raise UserError(field, f"suffix {file.suffix!r}", "a Python file", "rename it to end in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise UserError(field, f"a syntax error in line {error.lineno}: {error.msg}", "valid Python") from error
    except ImportError as error:
        fix = "correct the import, or install the package"
        raise UserError(field, one_line(error), "imports that exist", fix) from error
    except (UserError, OSError):
        # an OSError names its own file, which may be one of the dataset's
        raise
    except (Exception, SystemExit) as error:
        # whatever the user's code raises, such as a TypeError for a misspelt field
        found = f"{type(error).__name__}: {one_line(error)}"
        raise UserError(field, found, "a file that runs without an error") from error
    config = getattr(module, "CFG", None)
    if not isinstance(config, BasicTSForecastingConfig):
        found = "no CFG" if config is None else f"CFG of type {type(config).__name__}"
        raise UserError(field, found, "CFG = benchmark_config(...)")
    check_types(config)
    return config

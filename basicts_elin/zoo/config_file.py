"""Configurations as files: loading `CFG` by path, or by model and dataset name where a rule says it all."""

import importlib.util
from pathlib import Path

from basicts.configs import BasicTSForecastingConfig

from ..config.field_types import check_types
from ..data.catalog import CATALOG
from ..errors import UserError, nearest, one_line
from ..legacy import legacy_config, named_source, source_of_path
from .attention_methods import METHODS
from .basicts_models import UNFIT, rival_config, rival_names

FOLDER = "baselines_cfg"
LEGACY = "legacy"

# models whose configurations are files alone
OURS = ("ELinFormer", "STAEformer")
_SMALL = "_small"


def load_config(path: str) -> BasicTSForecastingConfig:
    """The `CFG` of a Python file, the generic recipe for one of BasicTS's own models, or an attention method's.

    path: a file, one of BasicTS 0.5's too, in its folder `baselines`; or `<Model>/<Dataset>`, also as the
        `baselines_cfg/<Model>/<Dataset>.py` that it would be; or `legacy/<Model>/<Dataset>`, which is that of the
        BasicTS 0.5 that the environment names.
    Raises: UserError where there is no such file, or no BasicTS forecasting configuration named CFG in it.
    """
    file = Path(path)
    if not file.exists():
        return legacy_config(*named_source(*_names(file))) if is_legacy_name(file) else _by_name(file)
    if not file.is_file():
        raise UserError(f"config file {path} is no file; expected a file with CFG = benchmark_config()")
    legacy = source_of_path(file)
    if legacy:
        return legacy_config(legacy)
    spec = importlib.util.spec_from_file_location(f"basicts_elin_config_{file.stem}", file)
    if spec is None:
        raise UserError(f"config file {path} is not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise UserError(f"config file {path} has a syntax error in line {error.lineno}: {error.msg}") from error
    except ImportError as error:
        raise UserError(f"config file {path} imports something that is not there: {one_line(error)}") from error
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        # whatever the user's code raises, such as a TypeError for a misspelt field
        raise UserError(f"config file {path} fails with {type(error).__name__}: {one_line(error)}") from error
    config = getattr(module, "CFG", None)
    if not isinstance(config, BasicTSForecastingConfig):
        found = "nothing named CFG" if config is None else f"CFG of type {type(config).__name__}"
        raise UserError(f"config file {path} holds {found}; expected CFG = benchmark_config(...)")
    check_types(config)
    return config


def config_name(path: str) -> str:
    """What a run notes down of where its configuration came from: the file, or the names that take its place."""
    file = Path(path)
    if file.exists():
        return str(file.resolve())
    return "/".join([LEGACY, *_names(file)] if is_legacy_name(file) else _names(file))


def is_legacy_name(file: Path) -> bool:
    """Whether a missing file is named after a baseline of BasicTS 0.5 and a dataset."""
    folders = file.parts[:-2]
    return folders[-1:] == (LEGACY,) and (len(folders) == 1 or folders[-2] == FOLDER)


def _names(file: Path) -> tuple[str, str]:
    return file.parent.name, file.name.removesuffix(".py")


def _by_name(file: Path) -> BasicTSForecastingConfig:
    """The recipe for the model, or attention method, and the dataset that a missing file is named after."""
    folder, (model, dataset) = file.parent.parent.name, _names(file)
    # elsewhere it is a file of the user's own that is missing
    is_name = folder == FOLDER or len(file.parts) == 2
    if is_name and model in rival_names():
        return rival_config(model, dataset)
    name = model.removesuffix(_SMALL)
    if is_name and name in METHODS:
        method, place = METHODS[name], file.parents[1] if folder == FOLDER else Path(FOLDER)
        return method.applied_to(load_config(str(place / model.replace(name, method.base, 1) / f"{dataset}.py")))
    known = [*METHODS, *(name for name in rival_names() if name not in UNFIT)] if is_name and dataset in CATALOG else []
    like = "" if name in OURS else nearest(model, known, suffix=f"/{dataset}")
    example = f"{FOLDER}/{OURS[0]}/{dataset if dataset in CATALOG else 'PEMS08'}.py"
    raise UserError(
        f"config file {file} is missing{like}; expected a file with CFG = benchmark_config(), such as {example} in the "
        "repository, or <Model>/<Dataset> with a model of BasicTS (`basicts-elin list`)"
    )

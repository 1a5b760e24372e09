"""Checks of a checkpoint before a run starts from it or evaluates it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import torch
from basicts.configs import BasicTSForecastingConfig

from ...config.describe import CONFIG_TEXT
from ...errors import UserError
from ...files import read_json
from ...record import CONFIG_FILE
from ..runner.checkpoints import DamagedCheckpointError, read_checkpoint

_EXPECTED = "a .pt file of a run"


def check_checkpoint(
    path: str,
    config: BasicTSForecastingConfig,
    check_more: Optional[Callable[[dict[str, Any]], None]] = None,
) -> dict[str, Any]:
    """The content of a checkpoint, which must be of the configuration's model.

    check_more: called with the content before the parameters are compared, for refusals that say why they differ.
    Raises: UserError for a file that is missing, damaged, or of another model.
    """
    content = checked_content(path)
    _check_model_name(path, config.model.__name__)
    if check_more is not None:
        check_more(content)
    check_parameters(path, content["model_state_dict"], config.model(config.model_config), config.model.__name__)
    return content


def checked_content(path: str) -> dict[str, Any]:
    """The content of a checkpoint. Raises: UserError for a file that is missing, damaged, or no checkpoint of a run."""
    if not Path(path).is_file():
        raise UserError(path, "missing", f"{_EXPECTED}, which prints where its checkpoints are")
    try:
        content = read_checkpoint(path)
    except DamagedCheckpointError as error:
        raise UserError(path, error.reason, _EXPECTED) from error
    state = content.get("model_state_dict") if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise UserError(path, "no model_state_dict", _EXPECTED)
    return content


def _check_model_name(path: str, expected: str) -> None:
    """Models with the same layers have the same parameters, so the name beside the checkpoint is checked, too."""
    file = Path(path).parent / CONFIG_FILE
    if not file.is_file():
        return
    model = read_json(file, "remove it, or use the checkpoint of another run").get("model")
    found = model.get("name", expected) if isinstance(model, dict) else expected
    if found != expected:
        fix = f"give the configuration of that run, with the --set options that {CONFIG_TEXT} beside it lists"
        raise UserError(path, f"of model {found}", f"of model {expected}, as in the configuration", fix)


def check_parameters(path: str, state: dict[str, torch.Tensor], model: torch.nn.Module, name: str) -> None:
    """Raises: UserError unless the state in the file `path` has the parameters of the model of that name."""
    expected = model.state_dict()
    # a legacy model also reads the checkpoints of BasicTS 0.5
    state = model.own_state(state) if hasattr(model, "own_state") else state
    missing, extra = expected.keys() - state.keys(), state.keys() - expected.keys()
    different = [name for name in expected.keys() & state.keys() if expected[name].shape != state[name].shape]
    if not (missing or extra or different):
        return
    example = sorted(missing or extra or different)[0]
    if example in different:
        example += f", {list(state[example].shape)} instead of {list(expected[example].shape)}"
    raise UserError(
        path,
        f"{len(missing)} parameters missing, {len(extra)} unknown, {len(different)} of another shape (such as "
        f"{example})",
        f"the parameters of {name}, as in the configuration",
    )

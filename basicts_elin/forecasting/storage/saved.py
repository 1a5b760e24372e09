"""A forecaster in a folder: weights as safetensors, everything else as JSON. Nothing in it is executed.

forecaster.json         facts, configuration of the model, metrics, versions
weights.safetensors     the model's parameters and buffers, and its scaling
intervals.safetensors   if there are intervals
"""

import json
from pathlib import Path
from typing import Any, Optional

from ...errors import UserError, one_line
from ...files import made_folder, read_json, write_atomically
from ...training.launch.checkpoint_checks import check_parameters
from ...version import __version__
from ..facts import Facts
from ..intervals import Intervals
from ..intervals.stored import INTERVALS_FILE, restore
from ..intervals.stored import save as save_intervals
from ..network import ScaledNetwork, evaluating
from .architecture import build_model
from .runs import Parts

FORECASTER_FILE, WEIGHTS_FILE = "forecaster.json", "weights.safetensors"
_FORMAT = 1
_AGAIN = "save the forecaster again"
# in the weights, too: a process that ends between the files leaves those of two forecasters
_SHA256 = "checkpoint_sha256"
_MODEL = "model."
_STATISTICS = "scaler."


def is_saved(path: Path) -> bool:
    """Whether a folder holds a saved forecaster."""
    return (path / FORECASTER_FILE).is_file()


def write_saved(folder: Path, parts: Parts, intervals: Optional[Intervals]) -> Path:
    """Write a forecaster, whole files only. Returns the folder.

    Raises: UserError if the folder holds other files, which it would not overwrite.
    """
    from safetensors.torch import save

    if folder.exists() and not folder.is_dir():
        raise UserError("folder", f"{folder} is a file", "a new folder", "name another folder")
    others = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
    if others and FORECASTER_FILE not in others:
        found = f"{folder} holds other files, such as {min(others)}"
        raise UserError("folder", found, "a new folder, or an earlier forecaster", "name another folder")
    state = {_MODEL + name: tensor for name, tensor in parts.network.model.state_dict().items()}
    state |= {_STATISTICS + name: tensor for name, tensor in parts.statistics.items()}
    # safetensors refuses tensors that share their memory
    state = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    content = {
        "format": _FORMAT,
        "basicts_elin": __version__,
        "facts": parts.facts.json(),
        **parts.description,
        "metrics": parts.metrics,
        _SHA256: parts.sha256,
    }
    with made_folder(folder):
        write_atomically(folder / WEIGHTS_FILE, save(state, {_SHA256: parts.sha256}))
        if intervals is None:
            (folder / INTERVALS_FILE).unlink(missing_ok=True)
        else:
            save_intervals(folder, intervals, parts.source)
        write_atomically(folder / FORECASTER_FILE, json.dumps(content, indent=4, ensure_ascii=False).encode())
    return folder


def read_saved(folder: Path) -> tuple[Parts, Optional[Intervals]]:
    """The parts of a forecaster that `write_saved` wrote, and its intervals.

    Raises: UserError if a file is missing, damaged, or of a newer format.
    """
    file = folder / FORECASTER_FILE
    content = read_json(file, _AGAIN)
    if content.get("format") != _FORMAT:
        fix = "install a newer basicts-elin" if isinstance(content.get("format"), int) else _AGAIN
        raise UserError(file, f"format {content.get('format')!r}", _FORMAT, fix)
    try:
        facts, sha256 = Facts.of(content["facts"]), str(content[_SHA256])
        description = {name: content[name] for name in ("model", "model_config")}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(file, f"facts that cannot be read ({one_line(error)})", fix=_AGAIN) from error
    state = _tensors(folder / WEIGHTS_FILE, sha256)
    model = build_model(description, file, is_own_run=False)
    own = {name.removeprefix(_MODEL): tensor for name, tensor in state.items() if name.startswith(_MODEL)}
    statistics = {name.removeprefix(_STATISTICS): one for name, one in state.items() if name.startswith(_STATISTICS)}
    check_parameters(str(folder / WEIGHTS_FILE), own, model, type(model).__name__)
    model.load_state_dict(own)
    null_val = float("nan") if facts.null_val is None else facts.null_val
    network = evaluating(ScaledNetwork(model, statistics, facts.missing_inputs, null_val, facts.null_to_num))
    metrics: dict[str, Any] = content.get("metrics") or {}
    parts = Parts(facts, network, description, statistics, metrics, sha256)
    return parts, restore(folder, parts.source)


def _tensors(path: Path, sha256: str) -> dict[str, Any]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise UserError(path, "missing", "the weights of the forecaster", _AGAIN)
    try:
        with safe_open(path, framework="pt") as file:
            found = (file.metadata() or {}).get(_SHA256)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, not a dict
    except (SafetensorError, ValueError) as error:
        raise UserError(path, f"cannot be read ({one_line(error)})", "an undamaged file", "copy it again") from error
    if found != sha256:
        raise UserError(path, "the weights of another forecaster", f"those of {FORECASTER_FILE}", _AGAIN)
    return tensors

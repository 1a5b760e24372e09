"""Reads the tensors in a file of published weights. No code in the file is run."""

import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np
import torch

from ...errors import UserError, one_line
from ...training.runner.checkpoints import DamagedCheckpointError, read_checkpoint

_EXPECTED = "the state_dict that was published, a .pt file, or an .npz file of the same arrays"
# of the entries of an .npz file that are tensors of the model
_PREFIX = "state/"
_SCALING = "mean_std"


@dataclass(frozen=True)
class Weights:
    """What is in a file of weights.

    Attributes:
        tensors: by their published names.
        scaling: mean and deviation that the values are scaled by, if the file names them.
    """

    tensors: dict[str, torch.Tensor]
    scaling: Optional[tuple[float, float]] = None


def read_weights(path: Path) -> Weights:
    """The weights in a .pt file, or in an .npz file with entries `state/<name>` and, maybe, `mean_std`.

    Raises: UserError for a file that is missing, damaged, of another kind, or without tensors.
    """
    if not path.is_file():
        raise UserError(path, "missing", _EXPECTED)
    found = _of_npz(path) if path.suffix == ".npz" else Weights(_of_pt(path))
    if not found.tensors:
        raise UserError(path, "no tensors", _EXPECTED)
    for name, tensor in found.tensors.items():
        if not tensor.is_floating_point() or not tensor.isfinite().all():
            raise UserError(path, f"{name}: values that are not finite numbers", _EXPECTED)
    return found


def _of_pt(path: Path) -> dict[str, torch.Tensor]:
    try:
        if zipfile.is_zipfile(path):
            content = read_checkpoint(path)
        else:
            # the format of torch before 1.6, which has no checksums
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                content = torch.load(path, map_location="cpu", weights_only=True)
    except DamagedCheckpointError as error:
        raise UserError(path, error.reason, _EXPECTED) from error
    except OSError:
        raise
    except Exception as error:
        # torch.load raises a dozen types for files that are not checkpoints
        raise UserError(path, f"unreadable ({type(error).__name__})", _EXPECTED) from error
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise UserError(path, "no state_dict", _EXPECTED)
    return dict(content)


def _of_npz(path: Path) -> Weights:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files if name.startswith(_PREFIX) or name == _SCALING}
    except OSError:
        raise
    except Exception as error:
        # zipfile and numpy raise several types for damaged files
        raise UserError(path, f"unreadable ({one_line(error)})", _EXPECTED) from error
    scaling = arrays.pop(_SCALING, None)
    if scaling is not None and (scaling.shape != (2,) or not np.isfinite(scaling).all() or scaling[1] <= 0):
        raise UserError(path, f"{_SCALING} of shape {list(scaling.shape)}", "a mean and a deviation above 0")
    tensors = {name.removeprefix(_PREFIX): torch.from_numpy(array) for name, array in arrays.items()}
    return Weights(tensors, None if scaling is None else (float(scaling[0]), float(scaling[1])))

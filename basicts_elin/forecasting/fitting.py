"""From a table to a trained run, through the same code as `prepare` and `train`."""

import contextlib
import inspect
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Optional

from ..data.dataset import DATASETS, open_dataset
from ..data.prepare.own import prepare_own
from ..errors import UserError, nearest
from ..training.launch.devices import default_gpus, parse_gpus
from ..training.launch.launcher import launch_training
from ..zoo.changes import with_changes
from ..zoo.config_file import config_name, load_config

if TYPE_CHECKING:
    import pandas as pd

# arguments of `prepare_own` that a user may give
_OPTIONS = [one for one in inspect.signature(prepare_own).parameters if one not in ("file", "name", "out", "append")]


def train_on_frame(
    frame: "pd.DataFrame",
    model: str,
    *,
    name: str,
    input_len: int,
    output_len: int,
    gpus: Optional[str],
    prepare: dict[str, Any],
    fields: dict[str, Any],
) -> Path:
    """Write the dataset `datasets/<name>`, train on it, and return the run's folder, see `Forecaster.fit`."""
    _write_dataset(frame, name, prepare)
    names, lengths = f"{model}/{name}", {"input_len": input_len, "output_len": output_len}
    device = parse_gpus(default_gpus() if gpus is None else str(gpus))
    config = with_changes(load_config(names, **lengths), {"gpus": device, **lengths, **fields})
    config["_config_file"] = config_name(names)
    return launch_training(config)


def _write_dataset(frame: "pd.DataFrame", name: str, options: dict[str, Any]) -> None:
    """The dataset stays as it is if it has the same content already, so that an interrupted run can resume."""
    for option in options:
        if option not in _OPTIONS:
            expected = f"an argument of prepare_own such as times{nearest(option, _OPTIONS)}"
            raise UserError("prepare", repr(option), expected, f"one of {', '.join(_OPTIONS)}")
    folder = DATASETS / name
    if not folder.is_dir() or options.get("force"):
        prepare_own(frame, name, out=DATASETS, **options)
        return
    # what is in the table has been printed when the dataset was written
    with TemporaryDirectory() as place, contextlib.redirect_stdout(io.StringIO()):
        new = open_dataset(prepare_own(frame, name, out=Path(place), **options))
        if new.fingerprint != open_dataset(folder).fingerprint:
            fix = "give another name, or prepare={'force': True} to replace it"
            raise UserError("name", f"{folder} exists, with other data", "a new name", fix)

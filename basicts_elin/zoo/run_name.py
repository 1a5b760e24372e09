"""The name that commands use for the model of a run, and the run that such a name means."""

from pathlib import Path
from typing import Optional

from ..errors import UserError
from ..files import read_json
from ..record import RECORD_FILE
from . import registry

# folders of the configurations of legacy models
CHECKPOINTS = Path("checkpoints")
_LEGACY_FOLDERS = ("baselines", "legacy")


def model_name(config: Optional[str], dataset: str) -> Optional[str]:
    """The name that commands use for the model of `<Model>/<Dataset>` or `.../<Model>/<Dataset>.py`; else None.

    config: as `run.json` has it.
    """
    if not config or Path(config).name.removesuffix(".py") != dataset:
        return None
    folder = Path(config).parent
    if folder.parent.name not in _LEGACY_FOLDERS:
        return folder.name or None
    entry = registry.resolve(registry.LEGACY + folder.name).entry
    return entry.paper_name or entry.name


def named_run(text: Path) -> Path:
    """The folder of the newest run of `<Model>/<Dataset>` below `checkpoints`; any other path is returned unchanged.

    Raises: UserError if there is no such path and no such run.
    """
    if text.exists() or len(text.parts) not in (2, 3):
        return text
    name = text.as_posix()
    records = CHECKPOINTS.glob(f"*/*/*/{RECORD_FILE}")
    found = [record for record in records if _is_of(record, name)]
    if not found:
        expected = "the folder of a run, as train prints it, or MODEL/DATASET of one below checkpoints/"
        raise UserError("run", f"{name} is neither a folder nor a trained model", expected, f"train -c {name}")
    newest = max(found, key=lambda record: record.stat().st_mtime)
    return newest.parent


def _is_of(record: Path, name: str) -> bool:
    """Whether a run was started by `-c <Model>/<Dataset>`, or by the configuration file of that name."""
    if not any(record.parent.glob("*_best_val_*.pt")):
        return False
    content = read_json(record, "remove that file")
    config, dataset = content.get("config"), content.get("dataset")
    if not isinstance(config, str) or not isinstance(dataset, str):
        return False
    return config == name or f"{model_name(config, dataset)}/{dataset}" == name

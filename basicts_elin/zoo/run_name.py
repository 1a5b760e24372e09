"""The name that commands use for the model of a run."""

from pathlib import Path
from typing import Optional

from . import registry

# folders of the configurations of legacy models
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

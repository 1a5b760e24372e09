"""The checkpoints of a run. Each is written atomically and checked before it is loaded. The last two epochs are kept.

Names and contents are those of BasicTS. A checkpoint is the zip archive that torch writes. The checksum (CRC-32) of
each entry shows damage. torch itself does not look at the checksums.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

import torch

from ...files import write_atomically

# BasicTS's spare copy of a checkpoint. It remains if BasicTS dies between renaming one and writing the next.
_SPARE = ".bak"


class DamagedCheckpointError(RuntimeError):
    """A checkpoint that cannot be read, or whose content has changed since it was written."""

    def __init__(self, path: Path, reason: str):
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint, whole or not at all (BasicTS defect 13)."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The state in a checkpoint, on the CPU. Code in it is never run (BasicTS defect 14).

    Raises: DamagedCheckpointError.
    """
    try:
        content = Path(path).read_bytes()
        damaged = _damaged_entry(content)
        if damaged is None:
            with warnings.catch_warnings():
                # torch warns about archives from other programs, and then refuses them
                warnings.simplefilter("ignore")
                return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:
        # zipfile and torch.load raise a dozen types for files that are not checkpoints
        raise DamagedCheckpointError(path, f"unreadable ({type(error).__name__})") from error
    raise DamagedCheckpointError(path, f"damaged (in {damaged})")


def _damaged_entry(content: bytes) -> Optional[str]:
    """The first damaged entry of an archive, None if all are intact."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # No checksum covers the attributes. torch sets none. It skips an entry that is marked as a folder.
        marked = (entry.filename for entry in archive.infolist() if entry.external_attr)
        return archive.testzip() or next(marked, None)


def best_checkpoint_file(folder: Path, model: str, metric: str) -> Path:
    """The checkpoint with the best `metric`, a meter's name such as "val/MAE"."""
    return Path(folder) / f"{model}_best_{metric.replace('/', '_')}.pt"


def epoch_checkpoints(folder: Path, model: str) -> list[tuple[int, Path]]:
    """Epoch and file of the checkpoints that a run can resume from, newest first."""
    pattern = re.compile(rf"{re.escape(model)}_(\d+)\.pt({re.escape(_SPARE)})?")
    matches = ((pattern.fullmatch(file.name), file) for file in Path(folder).glob(f"{model}_*.pt*"))
    found = [(int(match[1]), file) for match, file in matches if match]
    # within an epoch, the checkpoint before its spare copy
    return sorted(found, key=lambda pair: (-pair[0], pair[1].name))


def newest_intact(checkpoints: Iterable[tuple[int, Path]]) -> tuple[Optional[dict[str, Any]], list[str]]:
    """The state to resume from, or None, and what is wrong with the newer checkpoints."""
    damages = []
    for _, path in checkpoints:
        try:
            return read_checkpoint(path), damages
        except DamagedCheckpointError as error:
            damages.append(str(error))
    return None, damages

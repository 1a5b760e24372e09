"""The checkpoints of a run: written whole, with a checksum; the last two epochs are kept.

The names and the contents are BasicTS's. The checksum is the comment of the zip archive that torch writes, so that a
checkpoint stays a single file that torch and BasicTS read.
"""

import hashlib
import io
import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

import torch

from ...files import write_atomically

# BasicTS's spare copy of a checkpoint, left where it died between renaming one and writing the next
_SPARE = ".bak"
_MARK = b"sha256:"
_COMMENT = len(_MARK) + 64


class DamagedCheckpointError(RuntimeError):
    """A checkpoint that cannot be read, or whose content is not what was written."""


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, _sealed(buffer.getvalue()))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The state in a checkpoint, of BasicTS's own too, which have no checksum. Code in it is never run.

    Raises: DamagedCheckpointError.
    """
    try:
        content = Path(path).read_bytes()
        if not _is_intact(content):
            raise DamagedCheckpointError(f"{path} is damaged: its checksum is not that of its content")
        with warnings.catch_warnings():
            # of files that torch has not written it says so, and refuses them
            warnings.simplefilter("ignore")
            return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except DamagedCheckpointError:
        raise
    except Exception as error:
        # torch.load raises half a dozen types for files that are no checkpoints
        raise DamagedCheckpointError(f"{path} cannot be read ({type(error).__name__})") from error


def epoch_checkpoints(folder: Path, model: str) -> list[tuple[int, Path]]:
    """Epoch and file of the checkpoints that a run can go on from, the newest first."""
    pattern = re.compile(rf"{re.escape(model)}_(\d+)\.pt({re.escape(_SPARE)})?")
    matches = ((pattern.fullmatch(file.name), file) for file in Path(folder).glob(f"{model}_*.pt*"))
    found = [(int(match[1]), file) for match, file in matches if match]
    # of the same epoch, the checkpoint before its spare copy
    return sorted(found, key=lambda pair: (-pair[0], pair[1].name))


def newest_intact(checkpoints: Iterable[tuple[int, Path]]) -> tuple[Optional[dict[str, Any]], list[str]]:
    """The state to go on from, None where there is none, and what is wrong with the newer ones."""
    damages = []
    for _, path in checkpoints:
        try:
            return read_checkpoint(path), damages
        except DamagedCheckpointError as error:
            damages.append(str(error))
    return None, damages


def _sealed(archive: bytes) -> bytes:
    """The zip archive with its checksum as comment: the last two bytes of an archive are the comment's length."""
    comment = _comment(archive)
    return archive[:-2] + len(comment).to_bytes(2, "little") + comment


def _is_intact(content: bytes) -> bool:
    comment = content[-_COMMENT:]
    if not comment.startswith(_MARK):
        return True
    return comment == _comment(content[: -_COMMENT - 2] + b"\0\0")


def _comment(archive: bytes) -> bytes:
    return _MARK + hashlib.sha256(archive).hexdigest().encode()

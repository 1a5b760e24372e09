"""Pictures and pages replace earlier ones of the same kind, and nothing else."""

from pathlib import Path

from ..errors import UserError
from ..files import check_place


def check_ours(path: Path, mark: str, option: str) -> None:
    """Raises: UserError if `path` holds something without the mark that every file of its kind has.

    option: that gives the path.
    """
    path = Path(path)
    check_place(path, option)
    if path.exists() and mark.encode() not in path.read_bytes():
        found = f"{path}, which this command has not made"
        raise UserError(option, found, f'a new file, or one with "{mark}" in it', "give another name, or remove it")

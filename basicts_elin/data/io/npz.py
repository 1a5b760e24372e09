"""The original `.npz` files."""

from pathlib import Path

from ...errors import UserError
from .arrays.series import npz_headers, read_npz_series
from .options import ReadOptions
from .raw import RawSeries

_KEY = "data"


def read_npz(path: Path) -> RawSeries:
    """The first channel of array `data` [T, N, C] or [T, N] in an original `.npz` file.

    Raises: UserError if the file is damaged, has no `data`, or `data` has an unsupported shape or type.
    """
    names = list(npz_headers(path))
    if _KEY not in names:
        found = f"{path} with the arrays {', '.join(names) or '(none)'}"
        raise UserError("file", found, f"the array {_KEY!r}", "rename the array that holds the series")
    return RawSeries(read_npz_series(path, ReadOptions(key=_KEY)).values)

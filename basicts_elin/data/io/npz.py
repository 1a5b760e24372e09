"""The original `.npz` files."""

import zipfile
from pathlib import Path

import numpy as np

from ...errors import UserError, one_line
from .raw import RawSeries, to_float32

_KEY = "data"
_AGAIN = "download or copy it again"


def read_npz(path: Path) -> RawSeries:
    """The first channel of array `data` [T, N, C] or [T, N] in an original `.npz` file.

    Raises: UserError if the file is damaged, has no `data`, or `data` has an unsupported shape or type.
    """
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise UserError("file", f"{path} is not a zip archive, or only the start of one", "an .npz file", _AGAIN)
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = archive.files
            data = np.asarray(archive[_KEY]) if _KEY in names else None
    except Exception as error:
        # A damaged archive can fail in any way, from zlib.error to MemoryError.
        raise UserError("file", f"{path} cannot be read ({one_line(error)})", "an .npz file", _AGAIN) from error
    if data is None:
        found = f"{path} with the arrays {', '.join(names) or '(none)'}"
        raise UserError("file", found, f"the array {_KEY!r}", "rename the array that holds the series")
    where, fix = f"{_KEY!r} in {path}", "save the series as such an array"
    if data.dtype.kind not in "iuf":
        raise UserError("file", f"{where} of type {data.dtype}", "integers or floats", fix)
    if data.ndim not in (2, 3) or data.size == 0:
        expected = "[rows, nodes] or [rows, nodes, channels]"
        raise UserError("file", f"{where} of shape {list(data.shape)}", expected, fix)
    return RawSeries(to_float32(data if data.ndim == 2 else data[..., 0]))

"""The matrix in an `.npy` or `.npz` file."""

import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Optional

import numpy as np

from ...errors import UserError, one_line
from ..io.arrays.stream import Header, read_channels, read_header
from .ids import SAME_SENSORS
from .sparse import is_sparse, to_dense

_MAGIC = b"\x93NUMPY"


def read_array(path: Path, field: str) -> np.ndarray:
    """The array in an `.npy` file; a square one as float32, read in parts, because a large one is a matrix.

    Raises: UserError if the file is damaged, or holds objects or a pickle, which is not executed.
    """
    try:
        with path.open("rb") as file:
            if file.peek(len(_MAGIC)).startswith(_MAGIC):
                header = read_header(file)
                if len(header.shape) == 2 and header.shape[0] == header.shape[1] and header.fits_a_series:
                    return read_channels(file, header, [0])[..., 0]
        return np.load(path, allow_pickle=False)
    except Exception as error:
        # A damaged header can fail in any way, from EOFError to MemoryError.
        raise _unreadable(path, field, "an .npy array of numbers", error) from error


def read_archive(path: Path, field: str, sizes: Collection[int], key: Optional[str] = None) -> np.ndarray:
    """The matrix in an `.npz` file: a sparse one of scipy, or the only square array that fits.

    Args:
        path: the file.
        field: the argument that named the file, for the message.
        sizes: the numbers of sensors that the matrix may have.
        key: the array to take.
    Raises: UserError if the file is damaged, holds objects, or does not hold exactly one such matrix.
    """
    expected = f"an .npz file with one square array [{max(sizes)}, {max(sizes)}], or a sparse matrix of scipy"
    chosen: list[str] = []
    try:
        headers = _headers(path)
        with np.load(path, allow_pickle=False) as file:
            if key is None and is_sparse(headers):
                size = [int(length) for length in file["shape"]]
                if len(size) == 2 and size[0] == size[1] and size[0] in sizes:
                    return to_dense(file)
                found = f"a sparse matrix {size}"
            else:
                chosen = _choose(headers, sizes, key)
                if len(chosen) == 1:
                    return file[chosen[0]]
                found = ", ".join(
                    f"{name!r} {headers[name].kind} {list(headers[name].shape)}" for name in chosen or headers
                )
    except Exception as error:
        # As for `.npy`; a plain array or a pickle under this name is no archive.
        raise _unreadable(path, field, expected, error) from error
    if key is not None:
        raise UserError("graph_key", f"{key!r}, not in {path}", f"one of {', '.join(headers)}", "correct --graph-key")
    choice = f"choose one by --graph-key {chosen[0]}" if len(chosen) > 1 else SAME_SENSORS
    raise UserError(field, f"{found or 'no array'} in {path}", expected, choice)


def _headers(path: Path) -> dict[str, Header]:
    """Type and shape of each array, without reading it."""
    headers = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".npy"):
                with archive.open(name) as member:
                    headers[name.removesuffix(".npy")] = read_header(member)
    return headers


def _choose(headers: dict[str, Header], sizes: Collection[int], key: Optional[str]) -> list[str]:
    """The array that was asked for, or else the square ones, of the fitting sizes if there are any."""
    if key is not None:
        return [key] if key in headers else []
    shapes = {name: header.shape for name, header in headers.items()}
    square = [name for name, shape in shapes.items() if len(shape) == 2 and shape[0] == shape[1]]
    return [name for name in square if shapes[name][0] in sizes] or square


def _unreadable(path: Path, field: str, expected: str, error: Exception) -> UserError:
    reason = one_line(error)
    if "Object arrays" in reason:
        found = f"{path} holds Python objects, which are not read"
        return UserError(field, found, expected, "save numbers: array.astype(float)")
    if "pickled" in reason:
        return UserError(
            field, f"{path} holds a pickle, or is damaged", expected, "name a pickle .pkl, or save it again"
        )
    return UserError(field, f"{path} cannot be read ({reason})", expected, "save it again")

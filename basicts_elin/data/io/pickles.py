"""Pickles of strings, numbers, lists, dicts and numpy arrays, and of nothing else: no other is executed."""

import io
import pickle
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ...errors import UserError, one_line


def load_arrays(path: Path, field: str) -> Any:
    """The content of a pickle, also of one written by Python 2.

    Args:
        field: the argument that named the file, for the message.
    Raises: UserError where the file asks for anything but plain data and arrays, or is damaged.
    """
    try:
        return _plain(_PlainData(io.BytesIO(path.read_bytes()), encoding="latin1").load())
    except UserError as error:
        raise UserError(f"{field}: {path} {error}") from error
    except Exception as error:
        # a damaged pickle may fail in any way, from EOFError to MemoryError
        reason = one_line(error)
        raise UserError(f"{field}: {path} cannot be read as a pickle ({reason}); download or copy it again") from error


class _Type:
    """What a pickle says of a numpy type."""

    def __init__(self, text: str, *_: Any):
        self.text, self.byte_order = text, "="

    def __setstate__(self, state: tuple) -> None:
        self.byte_order = state[1]

    def dtype(self) -> np.dtype:
        found = np.dtype(self.text)
        if found.kind not in "biufcSU":
            raise UserError(f"holds values of the type {self.text}; expected numbers or text")
        return found.newbyteorder(self.byte_order)


class _Array:
    """An array made of type, shape and bytes: numpy's own unpickling takes a file's word for what its bytes are."""

    def __init__(self, *_: Any):
        self.value = np.empty(0)

    def __setstate__(self, state: tuple) -> None:
        _, shape, kind, is_fortran, content = state
        # as text where Python 2 wrote it
        content = content.encode("latin1") if isinstance(content, str) else content
        self.value = np.frombuffer(content, kind.dtype()).reshape(shape, order="F" if is_fortran else "C")


def _from_buffer(content: bytes, kind: _Type, shape: tuple, order: str, axes: Optional[tuple] = None) -> _Array:
    """numpy's other way to write an array; with order "K", the shape is that of the transposed one."""
    array = _Array()
    array.__setstate__((1, shape, kind, order == "F", content))
    if order == "K" and axes is not None:
        array.value = array.value.transpose(axes)
    return array


def _encode(text: str, encoding: str) -> bytes:
    """What numpy needs of `_codecs.encode`, for arrays that Python 3 wrote for Python 2."""
    if encoding != "latin1":
        raise UserError(f"encodes by {encoding!r}; expected arrays and plain data only")
    return text.encode("latin1")


def _plain(content: Any) -> Any:
    """The content with numpy's arrays for ours."""
    if isinstance(content, _Array):
        return content.value
    if isinstance(content, _Type):
        raise UserError("holds a type and no array; expected arrays and plain data")
    if isinstance(content, (list, tuple)):
        return type(content)(map(_plain, content))
    return {key: _plain(value) for key, value in content.items()} if isinstance(content, dict) else content


_ALLOWED = {
    ("numpy", "ndarray"): None,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encode,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
}


class _PlainData(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise UserError(
                f"asks for {' '.join(f'{module}.{name}'.split())}, which a graph does not need; expected arrays, "
                "lists, dicts and strings: nothing of it was run; save the matrix as .npy"
            ) from None

"""Pickles of strings, numbers, lists, dicts and numpy arrays. Any other pickle is refused and not executed."""

import io
import pickle
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ...errors import UserError, one_line

_EXPECTED = "arrays, lists, dicts, strings and numbers only"
_FIX = "save the matrix as .npy"


class _RefusedContentError(ValueError):
    """A pickle holds, or asks for, something that is not plain data."""


def load_arrays(path: Path, field: str) -> Any:
    """The content of a pickle file, also of one written by Python 2.

    Args:
        path: the file.
        field: the argument that named the file, for the message.
    Raises: UserError if the file asks for something other than plain data and arrays, or is damaged.
    """
    return parse_arrays(path.read_bytes(), path, field)


def parse_arrays(content: bytes, path: Path, field: str) -> Any:
    """`load_arrays` of a file that has been read."""
    try:
        return _plain(_PlainData(io.BytesIO(content), encoding="latin1").load())
    except _RefusedContentError as error:
        raise UserError(field, f"{path} {error}", _EXPECTED, f"{_FIX}; nothing in the file was executed") from error
    except Exception as error:
        # A damaged pickle can fail in any way, from EOFError to MemoryError.
        found = f"{path} cannot be read ({one_line(error)})"
        raise UserError(field, found, "a pickle", "download or copy it again") from error


class _Type:
    """A numpy type as a pickle describes it."""

    def __init__(self, text: str, *_: Any):
        self.text = text
        # one of the letters that `newbyteorder` knows
        self.byte_order: Any = "="

    def __setstate__(self, state: tuple) -> None:
        self.byte_order = state[1]

    def dtype(self) -> np.dtype:
        found = np.dtype(self.text)
        if found.kind not in "biufcSU":
            raise _RefusedContentError(f"holds values of type {self.text}")
        return found.newbyteorder(self.byte_order)


class _Array:
    """An array built from type, shape and bytes. Numpy's own unpickling trusts the file: that can corrupt memory."""

    def __init__(self, *_: Any):
        self.value = np.empty(0)

    def __setstate__(self, state: tuple) -> None:
        _, shape, kind, is_fortran, content = state
        # Python 2 wrote the bytes as text.
        content = content.encode("latin1") if isinstance(content, str) else content
        self.value = np.frombuffer(content, kind.dtype()).reshape(shape, order="F" if is_fortran else "C")


def _from_buffer(content: bytes, kind: _Type, shape: tuple, order: str, axes: Optional[tuple] = None) -> _Array:
    """Numpy's other way to write an array. With order "K", the shape is that of the transposed array."""
    array = _Array()
    array.__setstate__((1, shape, kind, order == "F", content))
    if order == "K" and axes is not None:
        array.value = array.value.transpose(axes)
    return array


def _encode(text: str, encoding: str) -> bytes:
    """`_codecs.encode` as numpy uses it in arrays that Python 3 wrote for Python 2."""
    if encoding != "latin1":
        raise _RefusedContentError(f"encodes text as {encoding!r}")
    return text.encode("latin1")


def _plain(content: Any) -> Any:
    """The content with numpy arrays in place of `_Array`."""
    if isinstance(content, _Array):
        return content.value
    if isinstance(content, _Type):
        raise _RefusedContentError("holds a type without an array")
    if isinstance(content, (list, tuple)):
        return type(content)(map(_plain, content))
    return {key: _plain(value) for key, value in content.items()} if isinstance(content, dict) else content


_ALLOWED = {
    ("numpy", "ndarray"): None,
    # a matrix comes back as an array
    ("numpy", "matrix"): None,
    ("numpy.matrixlib.defmatrix", "matrix"): None,
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
            raise _RefusedContentError(f"asks for {' '.join(f'{module}.{name}'.split())}") from None

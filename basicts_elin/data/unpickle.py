"""Pickles of strings, numbers, lists, dicts and numpy arrays, and of nothing else: no other is executed."""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError


def load_arrays(path: Path, field: str) -> Any:
    """The content of a pickle, also of one written by Python 2.

    Args:
        field: the argument that named the file, for the message.
    Raises: UserError where the file asks for anything but plain data and arrays, or is damaged.
    """
    try:
        return _PlainData(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except UserError as error:
        raise UserError(f"{field}: {path} {error}") from error
    except Exception as error:
        # a damaged pickle may fail in any way, from EOFError to MemoryError
        reason = f"{type(error).__name__}: {error}"
        raise UserError(f"{field}: {path} cannot be read as a pickle ({reason}); download or copy it again") from error


def _encode(text: str, encoding: str) -> bytes:
    """What numpy needs of `_codecs.encode`, for arrays that Python 3 wrote for Python 2."""
    if encoding != "latin1":
        raise UserError(f"encodes by {encoding!r}; expected arrays and plain data only")
    return text.encode("latin1")


_reconstruct = np.ndarray(0).__reduce__()[0]
_frombuffer = np.arange(1).__reduce_ex__(5)[0]

_ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _encode,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _reconstruct for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _frombuffer for core in ("core", "_core")},
}


class _PlainData(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise UserError(
                f"asks for {module}.{name}, which a graph does not need; expected arrays, lists, dicts and strings: "
                "nothing of it was run; save the matrix as .npy"
            ) from None

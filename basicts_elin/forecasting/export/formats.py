"""What an exported file is, whatever its format."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from torch.export import ExportedProgram

from . import onnx_file, torch_file
from .loaded import Loaded


@dataclass(frozen=True)
class Format:
    """A format of exported files.

    Attributes:
        suffix: of the files.
        write: writes a program and the text that travels with it.
        load: a file that `write` wrote.
        metadata: the text that travels with a file; None if the file is no export of ours.
    """

    suffix: str
    write: Callable[[ExportedProgram, Path, str], None]
    load: Callable[[Path], Loaded]
    metadata: Callable[[Path], Optional[str]]


FORMATS = {
    "onnx": Format(".onnx", onnx_file.write, onnx_file.load, onnx_file.metadata),
    "torch": Format(".pt2", torch_file.write, torch_file.load, torch_file.metadata),
}

"""Exports as files of torch.export. They need torch, and no code of this package or of BasicTS."""

import zipfile
from pathlib import Path
from typing import Optional

import torch
from torch.export import ExportedProgram

from .loaded import METADATA, Loaded, TensorInfo
from .program import BATCH, INPUTS, OUTPUT


def write(program: ExportedProgram, path: Path, metadata: str) -> None:
    torch.export.save(program, path, extra_files={METADATA: metadata})


def load(path: Path) -> Loaded:
    program = torch.export.load(path)
    values = {node.name: node.meta["val"] for node in program.graph.nodes if "val" in node.meta}
    signature = program.graph_signature
    inputs = [_info(name, values[name]) for name in INPUTS]
    outputs = [_info(OUTPUT, values[name]) for name in signature.user_outputs]
    version = torch.__version__.partition("+")[0]
    return Loaded(program.module(), tuple(inputs), tuple(outputs), f"torch {version}", f"torch {version}")


def metadata(path: Path) -> Optional[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            # the folder has had several names in torch
            found = [name for name in archive.namelist() if name.rpartition("/")[2] == METADATA]
            return archive.read(found[0]).decode() if found else None
    except zipfile.BadZipFile:
        return None


def _info(name: str, value: torch.Tensor) -> TensorInfo:
    shape = (size if isinstance(size, int) else BATCH for size in value.shape)
    return TensorInfo(name, str(value.dtype).removeprefix("torch."), tuple(shape))

"""Exports as ONNX files, for onnxruntime and other engines."""

from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch
from torch import Tensor
from torch.export import ExportedProgram

from ...errors import UserError, one_line
from .loaded import METADATA, Loaded, TensorInfo
from .program import BATCH, INPUTS, OUTPUT, running_maximum

OPSET = 18
# a file of ONNX is a protocol buffer
_MOST_BYTES = 2**31
_DTYPES = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(int64)": "int64"}


def write(program: ExportedProgram, path: Path, metadata: str) -> None:
    size = sum(tensor.numel() * tensor.element_size() for tensor in program.state_dict.values())
    if size >= _MOST_BYTES:
        raise UserError("format", f"onnx, for {size / 2**30:.1f} GiB of weights", "less than 2 GiB", "--format torch")
    batch = torch.export.Dim(BATCH)
    exported = torch.onnx.export(
        program.run_decompositions({torch.ops.aten.cummax.default: running_maximum}),
        input_names=INPUTS,
        output_names=[OUTPUT],
        opset_version=OPSET,
        dynamic_shapes=tuple({0: batch} for _ in INPUTS),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    assert exported is not None, "dynamo returns the program"
    exported.model.metadata_props[METADATA] = metadata
    exported.save(path, external_data=False)


def load(path: Path) -> Loaded:
    runtime = _runtime()
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def run(*windows: Tensor) -> Tensor:
        arrays: list[np.ndarray] = [tensor.numpy() for tensor in windows]
        return torch.from_numpy(session.run([OUTPUT], dict(zip(INPUTS, arrays, strict=True)))[0])

    import onnx

    opset = next(one.version for one in onnx.load(path).opset_import if one.domain == "")
    inputs, outputs = (tuple(map(_info, found)) for found in (session.get_inputs(), session.get_outputs()))
    return Loaded(run, inputs, outputs, f"ONNX opset {opset}", f"onnxruntime {runtime.__version__}")


def metadata(path: Path) -> Optional[str]:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(path, load_external_data=False)
    except DecodeError:
        return None
    return next((one.value for one in model.metadata_props if one.key == METADATA), None)


def check_installed() -> None:
    """Raises: UserError if a package that ONNX files need is missing."""
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise _absent(error) from error
    _runtime()


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise _absent(error) from error
    return onnxruntime


def _absent(error: ImportError) -> UserError:
    return UserError("format", f"onnx, but {one_line(error)}", fix="pip install 'basicts-elin[onnx]'")


def _info(value: Any) -> TensorInfo:
    return TensorInfo(value.name, _DTYPES.get(value.type, value.type), tuple(value.shape))

"""An exported file, loaded again."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

# name of the text that travels with an exported file
METADATA = "basicts_elin.json"

Runner = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class TensorInfo:
    """An input or output. shape: numbers, and names of the sizes that are free."""

    name: str
    dtype: str
    shape: tuple[object, ...]

    def __str__(self) -> str:
        return f"{self.name:<18} {self.dtype} [{', '.join(map(str, self.shape))}]"


@dataclass(frozen=True)
class Loaded:
    """What a file says of itself.

    Attributes:
        run: forecasts, with the arguments of `ScaledNetwork.forward`.
        inputs, outputs: in the order of the arguments.
        written_for: such as "ONNX opset 18".
        by: what ran it, such as "onnxruntime 1.20".
    """

    run: Runner
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    written_for: str
    by: str

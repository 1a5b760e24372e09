from .entropy_equal import EntropyEqualAttention
from .inline import InLineAttention
from .linformer import LinformerAttention
from .multihead import EntropyEqualMultiheadAttention
from .softmax import SoftmaxAttention

__all__ = [
    "EntropyEqualAttention",
    "EntropyEqualMultiheadAttention",
    "InLineAttention",
    "LinformerAttention",
    "SoftmaxAttention",
]

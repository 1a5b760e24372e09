from .entropy_equal import EntropyEqualAttention
from .linformer import LinformerAttention
from .softmax import SoftmaxAttention

__all__ = ["EntropyEqualAttention", "LinformerAttention", "SoftmaxAttention"]

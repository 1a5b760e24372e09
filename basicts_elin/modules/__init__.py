from .entropy_equal import EntropyEqualAttention
from .linformer import LinformerAttention
from .multihead import EntropyEqualMultiheadAttention
from .softmax import SoftmaxAttention

__all__ = ["EntropyEqualAttention", "EntropyEqualMultiheadAttention", "LinformerAttention", "SoftmaxAttention"]

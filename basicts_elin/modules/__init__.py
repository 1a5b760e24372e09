from .entropy_equal import EntropyEqualAttention
from .softmax import SoftmaxAttention

__all__ = ["EntropyEqualAttention", "SoftmaxAttention"]

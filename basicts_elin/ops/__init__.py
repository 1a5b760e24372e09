from .attention import PATHS, attention_entropy, entropy_equal_attention, entropy_equal_weights
from .entropy import ESTIMATORS

__all__ = ["ESTIMATORS", "PATHS", "attention_entropy", "entropy_equal_attention", "entropy_equal_weights"]

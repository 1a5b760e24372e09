from .runner import MTGNNRunner

__all__ = ["MTGNNRunner"]

from .runner import HimNetRunner

__all__ = ["HimNetRunner"]

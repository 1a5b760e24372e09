from .arch import MiniGTS

__all__ = ["MiniGTS"]

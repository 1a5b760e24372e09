from .arch import MiniHimNet

__all__ = ["MiniHimNet"]

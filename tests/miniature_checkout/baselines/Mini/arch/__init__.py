from .mini import Mini

__all__ = ["Mini"]

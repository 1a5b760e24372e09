from .arch import MiniMTGNN

__all__ = ["MiniMTGNN"]

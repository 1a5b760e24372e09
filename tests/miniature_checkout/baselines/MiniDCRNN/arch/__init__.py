from .arch import MiniDCRNN

__all__ = ["MiniDCRNN"]

"""Intervals around forecasts, from the errors on the validation part."""

from .split import Intervals

__all__ = ["Intervals"]

"""Prediction intervals, calibrated on the validation part."""

from .split import Intervals

__all__ = ["Intervals"]

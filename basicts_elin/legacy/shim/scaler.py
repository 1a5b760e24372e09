"""`basicts.scaler` of BasicTS 0.5: a class that configurations name."""

from .refuse import refuse_others


class ZScoreScaler:
    """z-score of the values, zeros included. A run uses `BenchmarkZScoreScaler`, which computes the same."""


__getattr__ = refuse_others("scaler")

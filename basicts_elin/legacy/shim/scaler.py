"""`basicts.scaler` of BasicTS 0.5: names that a configuration mentions."""

from .refuse import refuse_others


class ZScoreScaler:
    """z-score of the values, zeros included; here `BenchmarkZScoreScaler`, which is the same."""


__getattr__ = refuse_others("scaler")
